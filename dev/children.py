"""What stands in files for people about each kind of child, made from the list of kinds: rights, policies, a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from myapp_operator import desired
from myapp_operator.names import Kind

_CORE = '""'
"""The group of the core API, as YAML."""


def rules() -> str:
    """The rules of the operator's role about its children. What an app may do without, it may also delete."""
    return "".join(_rule(kind) for kind in desired.BUILDERS)


def table() -> str:
    """What a MyApp becomes, a line each, as Markdown."""
    return "".join(["| Object | Kind | Is there | What it is |\n|---|---|---|---|\n", *_rows()])


def guarded_kinds() -> str:
    """The expression of the guard that is true for a write to a child (deploy/components/guard/writes.yaml)."""
    kinds = [f"'{_group(kind)}/{kind.plural}'" for kind in desired.BUILDERS]
    return _expression("variables.resource in [", kinds, "]")


def guarded_rules() -> str:
    """The rules by which the guard's policy on children matches their kinds (children.yaml there)."""
    return "".join(
        f"      - apiGroups: [{_group(kind) or _CORE}]\n"
        f"        apiVersions: [{kind.api_version.rpartition('/')[2]}]\n"
        f"        resources: [{kind.plural}]\n"
        "        operations: [CREATE, UPDATE, DELETE]\n"
        for kind in desired.BUILDERS
    )


def guarded_suffixes() -> str:
    """The expression of the guard that gives what follows the name of the MyApp in a child's name."""
    suffixes = [f"'{kind.plural}': '-{kind.suffix}'" for kind in desired.BUILDERS]
    return _expression("{", suffixes, "}[request.resource.resource]")


def _expression(begin: str, items: Sequence[str], end: str) -> str:
    """A CEL expression with one item a line."""
    lines = [begin, *(f"{item}," for item in items[:-1]), items[-1], end]
    return "      expression: >-\n" + "".join(f"        {line}\n" for line in lines)


def _group(kind: Kind) -> str:
    return kind.api_version.rpartition("/")[0]


def _rule(kind: Kind) -> str:
    group = _group(kind) or _CORE
    verbs = ["get", "list", "watch", "create", "patch", *(["delete"] if kind.part else [])]
    return f"  - apiGroups: [{group}]\n    resources: [{kind.plural}]\n    verbs: [{', '.join(verbs)}]\n"


def _rows() -> Iterator[str]:
    for kind, builder in desired.BUILDERS.items():
        what = (sys.modules[builder.__module__].__doc__ or "").partition("\n")[0]
        when = f"with `{kind.part}`" if kind.part else "always"
        yield f"| `{kind.name_for('X')}` | {kind} (`{kind.api_version}`) | {when} | {what} |\n"
