"""The commands that show and change nothing: render, diff, explain. Also as a kubectl plugin: `kubectl myapp`."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click
import yaml

from myapp_operator import desired, files, options, terminal
from myapp_operator.allowance import Allowance
from myapp_operator.errors import ApiError, InvalidMyAppError, OperatorError
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from myapp_operator.terminal import complain

EXIT_SAME, EXIT_DIFFERENT, EXIT_ERROR = 0, 1, 2
"""Of `diff`, as `kubectl diff` has them."""

EXIT_REFUSED = 1
"""Of `render`."""
EXIT_NOT_SHOWN = 1
"""Of `explain`."""

_MOST_COMPLAINTS = 200

T = TypeVar("T")


@click.group(cls=terminal.Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="myapp-operator")
def plugin() -> None:
    """Shows what MyApps would become and how they are doing."""


@click.command(short_help="Print the children of MyApps, without a cluster.")
@options.files
@options.namespace("Namespace of MyApps that name none themselves. Default: default.")
@click.option("--output", "-o", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def render(sources: tuple[TextIO, ...], namespace: str | None, output: str) -> None:
    """Print the children that the MyApps in each FILE (- for standard input) would get, without a cluster.

    The MyApps are judged by the schema and the rules of the CRD, as the API server would. Exit codes: 0 it would take
    all of them, 1 it would not; every mistake is then a line with file, document and field, and nothing is printed.
    """
    bodies, complaints = _rendered(sources, namespace)
    if complaints:
        _complain_of(complaints)
        sys.exit(EXIT_REFUSED)
    if output == "json":
        click.echo(terminal.as_text({"apiVersion": "v1", "kind": "List", "items": bodies}, output), nl=False)
    else:
        click.echo(yaml.safe_dump_all(bodies, sort_keys=False), nl=False)


def _rendered(sources: Sequence[TextIO], namespace: str | None) -> tuple[list[Json], list[str]]:
    """The children, and all that is wrong."""
    # The running operator is to carry neither CEL nor the schemas of Kubernetes, and it imports this module.
    from myapp_operator import crd, judging  # noqa: PLC0415

    schema = crd.schema_of_the_api()
    found, complaints = files.read(sources, namespace)
    bodies: list[Json] = []
    for each in found:
        mistakes = judging.mistakes(each.body, schema)
        complaints += [f"{each.place}: {mistake}" for mistake in mistakes]
        if mistakes:
            continue
        stored = judging.as_stored(each.body, schema)
        try:
            wanted = desired.build(files.unstored(stored), parse_spec(stored["spec"]))
        except InvalidMyAppError as error:  # what no rule of the CRD can say, and the operator rejects
            complaints.append(f"{each.place}: {error}")
        else:
            bodies += [want.body for want in wanted if want.body]
    return bodies, complaints


@click.command(short_help="Show what applying MyApps would change.")
@options.files
@options.namespace("Namespace of MyApps that name none themselves. Default: that of the context.")
@options.kubeconfig
@options.context
@options.output
@click.option("--server-side", is_flag=True, help="As for kubectl apply --server-side.")
@click.option("--force-conflicts", is_flag=True, help="With --server-side: take over the fields of other managers.")
@click.option("--field-manager", metavar="NAME", help="Whose fields they are. Default: that of kubectl apply.")
@options.allowance
def diff(  # noqa: PLR0913, PLR0917  one argument an option
    sources: tuple[TextIO, ...],
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    output: str | None,
    server_side: bool,
    force_conflicts: bool,
    field_manager: str | None,
    service_types: tuple[str, ...],
    annotations: tuple[str, ...],
    host_suffixes: tuple[str, ...],
) -> None:
    """Show what applying the MyApps in each FILE (- for standard input) would change in them and in their children.

    Nothing is written. What the operator refuses by its settings is refused here too: give the --allow options
    with which it runs. Exit codes: 0 nothing would change, 1 something would, 2 something cannot be told or would be
    refused.
    """
    from myapp_operator.showing import changes, difference  # noqa: PLC0415  render needs no client

    if force_conflicts and not server_side:
        raise click.UsageError("--force-conflicts goes with --server-side alone")
    way = changes.Way(server_side, force_conflicts, field_manager)
    allowance = Allowance(frozenset(service_types), annotations, host_suffixes)

    async def compare(kube: Any, default: str) -> tuple[list[difference.Change], list[str]]:
        found, complaints = files.read(sources, namespace, default)
        complaints += filter(None, map(files.not_addressable, found))
        if complaints:
            return [], complaints
        return [change for each in found for change in await changes.compare(kube, each.body, way, allowance)], []

    found, complaints = _ask(compare, kubeconfig, context, EXIT_ERROR)
    if complaints:
        _complain_of(complaints)
        sys.exit(EXIT_ERROR)
    if output:
        click.echo(terminal.as_text([difference.as_data(change) for change in found], output), nl=False)
    else:
        lines = [line for change in found for line in difference.unified(change)]
        paint = terminal.paint_change if terminal.is_colourful() else str
        click.echo("".join(f"{paint(line)}\n" for line in lines), nl=False)
    refused = [change for change in found if change.refused]
    for change in refused:
        complain(f"{change}: {change.refused}")
    sys.exit(EXIT_ERROR if refused else EXIT_DIFFERENT if found else EXIT_SAME)


@click.command(short_help="Show on one screen how a MyApp is doing.")
@click.argument("apps", metavar="[NAME]...", nargs=-1)
@options.namespace("Namespace of the MyApps. Default: that of the context.")
@click.option("--all-namespaces", "-A", is_flag=True, help="Look for the MyApps in all namespaces.")
@options.kubeconfig
@options.context
@options.output
def explain(  # noqa: PLR0913, PLR0917  one argument an option
    apps: tuple[str, ...],
    namespace: str | None,
    all_namespaces: bool,
    kubeconfig: Path | None,
    context: str | None,
    output: str | None,
) -> None:
    """Show on one screen how each MyApp NAME (or myapp/NAME) is doing; without a NAME, all that are not Ready.

    Conditions, children, pods, last events, and the last log lines of a failing container. What you may not read is
    said in one line. Exit codes: 0 shown, 1 there is no such MyApp or no API server.
    """
    from myapp_operator.showing import choosing, gathering, report, screen  # noqa: PLC0415  render needs no client

    if all_namespaces and namespace:
        raise click.UsageError("give --namespace or --all-namespaces, not both")
    try:
        asked = choosing.names_of(apps)
    except InvalidMyAppError as error:
        raise click.UsageError(str(error)) from error

    async def gather(kube: Any, default: str) -> tuple[list[report.Report], str]:
        chosen = await choosing.choose(kube, asked, None if all_namespaces else namespace or default)
        return [report.of(await gathering.gather(kube, key)) for key in chosen.keys], chosen.words

    found, words = _ask(gather, kubeconfig, context, EXIT_NOT_SHOWN)
    if output:
        data = [dataclasses.asdict(each) for each in found]
        click.echo(terminal.as_text(data[0] if len(asked) == 1 and not all_namespaces else data, output), nl=False)
        return
    paint = terminal.paint if terminal.is_colourful() else screen.plain
    screens = ["\n".join(screen.lay_out(each, datetime.now(UTC), paint)) for each in found]
    click.echo("\n\n".join([*screens, *([words] if words else [])]))


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
        complain(f"Error: {_sentence(error)}")
        sys.exit(failed)


def _sentence(error: OperatorError) -> str:
    if isinstance(error, ApiError) and error.status == 401:
        return f"the API server does not know you ({error}): log in again, or check the kubeconfig"
    return str(error)


def _complain_of(complaints: Sequence[str]) -> None:
    for each in complaints[:_MOST_COMPLAINTS]:
        complain(f"Error: {each}")
    if len(complaints) > _MOST_COMPLAINTS:
        complain(f"and {len(complaints) - _MOST_COMPLAINTS} more")


SHARED: tuple[click.Command, ...] = (render, diff, explain)
"""What both programs offer."""

for command in SHARED:
    plugin.add_command(command)
