"""The command line: run and crd, and what `commands` adds."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from myapp_operator import commands, envelope, logs, options, stopping, terminal
from myapp_operator.allowance import Allowance
from myapp_operator.errors import StartError


@click.group(
    cls=terminal.Program,
    context_settings={"auto_envvar_prefix": "MYAPP_OPERATOR", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="myapp-operator")
def main() -> None:
    """Keeps the Deployment and Service of every MyApp as described."""


@main.command()
@click.option(
    "--namespace",
    "-n",
    "namespaces",
    multiple=True,
    callback=options.namespaces,
    help="Look after this namespace only; repeatable.",
)
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Default: the pod's own account, else KUBECONFIG.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--log-level", type=click.Choice(["debug", "info", "warning"]), default="info", show_default=True)
@options.allowance
@click.option(
    "--lease-namespace",
    help="Namespace of the Lease that lets one of several operators write; without it this one writes on its own.",
)
@click.option(
    "--max-object-kilobytes",
    type=click.IntRange(1, 1500),
    default=envelope.DEFAULT_KILOBYTES,
    show_default=True,
    help="Reject MyApps whose spec is larger, as JSON: each that is taken is kept in memory.",
)
@click.option("--probes-host", default="0.0.0.0", show_default=True, help="Address of /healthz and /readyz.")  # noqa: S104
@click.option("--probes-port", default=8080, show_default=True, help="Port of /healthz and /readyz.")
def run(
    namespaces: tuple[str, ...],
    kubeconfig: Path | None,
    log_format: str,
    log_level: str,
    service_types: tuple[str, ...],
    annotations: tuple[str, ...],
    host_suffixes: tuple[str, ...],
    lease_namespace: str | None,
    max_object_kilobytes: int,
    probes_host: str,
    probes_port: int,
) -> None:
    """Run the operator until SIGTERM.

    Exit codes: 2 settings are wrong, 3 the CRD is missing, 4 the API server could not be reached for a minute,
    5 rights are missing or credentials not accepted, 6 another operator leads: the Lease was lost.
    """
    stopping.exit_on_signal()
    from myapp_operator import run as running  # noqa: PLC0415  the other commands need no client and no kopf

    logs.configure(log_format, log_level)
    try:
        settings = running.Settings(
            namespaces,
            kubeconfig,
            probes_host,
            probes_port,
            Allowance(frozenset(service_types), annotations, host_suffixes),
            lease_namespace,
            max_object_kilobytes * envelope.KILOBYTE,
        )
        asyncio.run(running.run(settings))
    except StartError as error:
        click.echo(f"myapp-operator: {logs.one_line(str(error))}", err=True)
        sys.exit(error.exit_code)


@main.command(short_help="Print the CustomResourceDefinition of MyApp.")
def crd() -> None:
    """Print the CustomResourceDefinition of MyApp."""
    from myapp_operator import crd as generator  # noqa: PLC0415  only this command needs the schemas of Kubernetes

    click.echo(generator.render(), nl=False)


for command in commands.SHARED:
    main.add_command(command)
