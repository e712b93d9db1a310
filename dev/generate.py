"""Writes what is generated from the model and the list of kinds: the CRD, the API reference, and what stands in other
files of the children: the operator's rights, the guard's kinds and a table for users. And the page on events, from
their reasons and what we say of them.

uv run python -m dev.generate            writes all (make generate)
uv run python -m dev.generate --check    changes nothing, fails if one of them is not current (make generate-check)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev import api_docs, children, events_page, marked
from myapp_operator import crd

ROOT = Path(__file__).parent.parent
GUARD = "deploy/components/guard"
WHOLE: Mapping[str, Callable[[], str]] = {
    "crds/myapps.yaml": crd.render,
    "docs/api.md": api_docs.render,
    "docs/events.md": events_page.render,
}
"""The generated files: file, what makes it."""
PARTS: Sequence[tuple[str, str, Callable[[], str]]] = (
    ("deploy/operator/role.yaml", "children", children.rules),
    ("docs/children.md", "children", children.table),
    (f"{GUARD}/writes.yaml", "kinds", children.guarded_kinds),
    (f"{GUARD}/children.yaml", "rules", children.guarded_rules),
    (f"{GUARD}/children.yaml", "suffixes", children.guarded_suffixes),
)
"""The generated parts of files that people write: file, name of the part, what makes it."""


def main(arguments: list[str]) -> int:
    """Write the generated files, or with `--check` say which are not current."""
    wanted = {ROOT / name: made() for name, made in WHOLE.items()}
    for name, part, made in PARTS:
        path = ROOT / name
        wanted[path] = marked.renew(wanted.get(path) or path.read_text(encoding="utf-8"), part, made())
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    names = " and ".join(str(path.relative_to(ROOT)) for path in stale)
    if "--check" in arguments:
        if stale:
            print(f"{names}: not as generated; run `make generate` and commit the result.", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    print(f"wrote {names}" if stale else "nothing to do: all generated files are current")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
