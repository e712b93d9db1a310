"""The commands that show and change nothing: render, diff, explain. Also as a kubectl plugin: `kubectl myapp`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click
import yaml

from myapp_operator import desired, files
from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.names import Key
from myapp_operator.printable import printable

EXIT_SAME, EXIT_DIFFERENT, EXIT_ERROR = 0, 1, 2
"""Of `diff`, as `kubectl diff` has them."""

EXIT_NOT_SHOWN = 1
"""Of `explain`."""

T = TypeVar("T")
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_TONES: Mapping[str, Mapping[str, Any]] = {"title": {"bold": True}, "good": {"fg": "green"}, "bad": {"fg": "red"}}

_files = click.argument("sources", metavar="FILE...", type=click.File(encoding="utf-8"), nargs=-1, required=True)
_namespace = click.option(
    "--namespace", "-n", help="Of what names none itself. Default: that of the kubeconfig's context."
)
_kubeconfig = click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: KUBECONFIG, as for kubectl.",
)
_context = click.option("--context", help="A context of the kubeconfig. Default: its current one.")
_output = click.option("--output", "-o", type=click.Choice(["yaml", "json"]), help="Print it for programs.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="myapp-operator")
def plugin() -> None:
    """Shows what MyApps would become and how they are doing."""


@click.command()
@_files
@click.option("--namespace", "-n", help="Of MyApps that name none themselves. Default: default.")
@click.option("--output", "-o", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def render(sources: tuple[TextIO, ...], namespace: str | None, output: str) -> None:
    """Print the children that the MyApps in each FILE (- for standard input) would get, without a cluster."""
    try:
        apps = [each for source in sources for each in files.myapps(source, namespace)]
        bodies = [want.body for app, spec in apps for want in desired.build(app, spec) if want.body]
    except OperatorError as error:
        raise click.ClickException(str(error)) from error
    if output == "json":
        click.echo(_as_text({"apiVersion": "v1", "kind": "List", "items": bodies}, output), nl=False)
    else:
        click.echo(yaml.safe_dump_all(bodies, sort_keys=False), nl=False)


@click.command()
@_files
@_namespace
@_kubeconfig
@_context
@_output
def diff(
    sources: tuple[TextIO, ...],
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    output: str | None,
) -> None:
    """Show what applying the MyApps in each FILE (- for standard input) would change in their children.

    Nothing is written. Exit codes: 0 nothing would change, 1 something would, 2 something cannot be told or would be
    refused.
    """
    from myapp_operator.showing import changes, difference  # noqa: PLC0415  render needs no client

    async def compare(kube: Any, default: str) -> list[difference.Change]:
        apps = [each for source in sources for each in files.objects(source, namespace, default)]
        return [change for app in apps for change in await changes.compare(kube, app)]

    found = _ask(compare, kubeconfig, context, EXIT_ERROR)
    if output:
        click.echo(_as_text([difference.as_data(change) for change in found], output), nl=False)
    else:
        lines = [line for change in found for line in difference.unified(change)]
        paint = _paint_change if _is_colourful() else str
        click.echo("".join(f"{paint(line)}\n" for line in lines), nl=False)
    refused = [change for change in found if change.refused]
    for change in refused:
        _complain(f"{change}: {change.refused}")
    sys.exit(EXIT_ERROR if refused else EXIT_DIFFERENT if found else EXIT_SAME)


@click.command()
@click.argument("name")
@_namespace
@_kubeconfig
@_context
@_output
def explain(name: str, namespace: str | None, kubeconfig: Path | None, context: str | None, output: str | None) -> None:
    """Show on one screen how the MyApp NAME is doing.

    Conditions, children, pods, last events, and the last log lines of a failing container. What you may not read is
    said in one line. Exit codes: 0 shown, 1 there is no such MyApp or no API server.
    """
    from myapp_operator.showing import gathering, report, screen  # noqa: PLC0415  render needs no client

    async def gather(kube: Any, default: str) -> report.Report:
        return report.of(await gathering.gather(kube, Key(namespace or default, name)))

    found = _ask(gather, kubeconfig, context, EXIT_NOT_SHOWN)
    if output:
        click.echo(_as_text(dataclasses.asdict(found), output), nl=False)
        return
    paint = _paint if _is_colourful() else screen.plain
    click.echo("\n".join(screen.lay_out(found, datetime.now(UTC), paint)))


def _ask(question: Callable[[Any, str], Awaitable[T]], kubeconfig: Path | None, context: str | None, failed: int) -> T:
    """Puts a question to the API server that kubectl would ask; it gets the connection and the namespace of the
    context. Whatever goes wrong is one sentence and the exit code `failed`."""
    from myapp_operator import connection, kube  # noqa: PLC0415  render needs no client

    async def ask() -> T:
        configuration, namespace = await connection.load_users_configuration(kubeconfig, context)
        async with connection.Connection(configuration) as connected:
            return await question(kube.Kube(connected), namespace)

    # Its warnings say in other words what is then an error with a sentence of its own.
    logging.getLogger("kubernetes").setLevel(logging.ERROR)
    try:
        return asyncio.run(ask())
    except OperatorError as error:
        _complain(f"Error: {_sentence(error)}")
        sys.exit(failed)


def _sentence(error: OperatorError) -> str:
    if isinstance(error, ApiError) and error.status == 401:
        return f"the API server does not know you ({error}): log in again, or check the kubeconfig"
    return str(error)


def _complain(words: str) -> None:
    """Says what is wrong, be it in the words of others."""
    for line in words.splitlines():
        click.echo(printable(line), err=True)


def _as_text(data: Any, output: str) -> str:
    if output == "json":
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _paint(text: str, tone: str) -> str:
    return click.style(text, **_TONES[tone])


def _paint_change(line: str) -> str:
    return click.style(line, fg=_COLOURS.get(line[:1]))


def _is_colourful() -> bool:
    """Only on a terminal, and only if its user does not say NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


SHARED: tuple[click.Command, ...] = (render, diff, explain)
"""What both programs offer."""

for command in SHARED:
    plugin.add_command(command)
