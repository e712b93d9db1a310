"""What stands in files for people about each kind of child, made from the list of kinds: rights and a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from myapp_operator import desired
from myapp_operator.names import Kind


def rules() -> str:
    """The rules of the operator's role about its children. What an app may do without, it may also delete."""
    return "".join(_rule(kind) for kind in desired.BUILDERS)


def table() -> str:
    """What a MyApp becomes, a line each, as Markdown."""
    return "".join(["| Object | Kind | Is there | What it is |\n|---|---|---|---|\n", *_rows()])


def _rule(kind: Kind) -> str:
    group = kind.api_version.rpartition("/")[0] or '""'
    verbs = ["get", "list", "watch", "create", "patch", *(["delete"] if kind.part else [])]
    return f"  - apiGroups: [{group}]\n    resources: [{kind.plural}]\n    verbs: [{', '.join(verbs)}]\n"


def _rows() -> Iterator[str]:
    for kind, builder in desired.BUILDERS.items():
        what = (sys.modules[builder.__module__].__doc__ or "").partition("\n")[0]
        when = f"with `{kind.part}`" if kind.part else "always"
        yield f"| `{kind.name_for('X')}` | {kind} (`{kind.api_version}`) | {when} | {what} |\n"
