"""Options that several commands take, and what can be none of their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from myapp_operator.allowance import EXPOSING, plain_host

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_LABEL = re.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(rf"{_LABEL.pattern}([.]{_LABEL.pattern})*")
_ANNOTATION = re.compile(rf"({_DOMAIN.pattern}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?|{_DOMAIN.pattern}/[*]")


def one_namespace(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    """Refuses what can be no namespace."""
    if given is not None and not _LABEL.fullmatch(given):
        raise click.BadParameter(f"{given!r} can be no namespace: at most 63 of a-z, 0-9 and -, which is not at an end")
    return given


def namespaces(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses what can be no namespace: to look after it would look like having nothing to do."""
    for name in given:
        one_namespace(context, option, name)
    return given


def _annotations(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses what is no key of an annotation, nor all keys of one prefix."""
    for key in given:
        if not _ANNOTATION.fullmatch(key):
            raise click.BadParameter(f"{key!r} is neither a key, such as example.com/name, nor example.com/*")
    return given


def _suffixes(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """The domains in the form in which names are compared. Refuses what can be none: it would allow nothing."""
    plain = tuple(map(plain_host, given))
    for name, text in zip(plain, given, strict=True):
        if not _DOMAIN.fullmatch(name):
            raise click.BadParameter(f"{text!r} is no domain, such as example.com")
    return plain


def namespace(words: str) -> Decorator:
    """`--namespace` for one namespace, explained in these words."""
    return click.option("--namespace", "-n", callback=one_namespace, help=words)


files: Decorator = click.argument(
    "sources", metavar="FILE...", type=click.File(encoding="utf-8"), nargs=-1, required=True
)
kubeconfig: Decorator = click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: KUBECONFIG, as for kubectl.",
)
context: Decorator = click.option("--context", help="A context of the kubeconfig. Default: its current one.")
output: Decorator = click.option("--output", "-o", type=click.Choice(["yaml", "json"]), help="Print it for programs.")

_service_type: Decorator = click.option(
    "--allow-service-type",
    "service_types",
    type=click.Choice(EXPOSING),
    multiple=True,
    help="Let MyApps have a Service of this type, which is reached from outside of the cluster; repeatable.",
)
_annotation: Decorator = click.option(
    "--allow-annotation",
    "annotations",
    multiple=True,
    metavar="KEY",
    callback=_annotations,
    help="Let MyApps set this annotation (prefix/* for all of a prefix) on Service, Ingress and pods; repeatable.",
)
_host_suffix: Decorator = click.option(
    "--allow-host-suffix",
    "host_suffixes",
    multiple=True,
    metavar="DOMAIN",
    callback=_suffixes,
    help="Let MyApps have hosts of Ingress and HTTPRoute within this domain only; repeatable. Default: any.",
)


def allowance(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the administrator of an installation allows, by the same options for all commands."""
    return _service_type(_annotation(_host_suffix(command)))
