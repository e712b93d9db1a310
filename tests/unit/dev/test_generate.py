"""`make generate` and its check."""

from pathlib import Path

import pytest

from dev import generate

WHOLE = ("crds/myapps.yaml", "docs/api.md", "docs/events.md")
GUARD = "deploy/components/guard"
IN_PART = {
    "deploy/operator/role.yaml": ("children",),
    "docs/children.md": ("children",),
    f"{GUARD}/writes.yaml": ("kinds",),
    f"{GUARD}/children.yaml": ("rules", "suffixes"),
}
FILES = (*WHOLE, *IN_PART)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the repository, with what `make generate` writes and nothing else."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    for file, parts in IN_PART.items():
        empty = "".join(f"# begin {part}\n# end {part}\n" for part in parts)
        (tmp_path / file).write_text(f"by hand\n{empty}by hand too\n")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main([]) == 0
    return tmp_path


def test_what_was_generated_is_current(clone: Path) -> None:
    assert all((clone / file).stat().st_size for file in FILES)
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("file", WHOLE)
def test_the_check_names_the_stale_file_and_the_way_out(
    clone: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (clone / file).write_text("edited by hand")
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == f"{file}: not as generated; run `make generate` and commit the result.\n"
    assert (clone / file).read_text() == "edited by hand"


@pytest.mark.parametrize("file", IN_PART)
def test_what_is_written_by_hand_around_it_stays(clone: Path, file: str) -> None:
    first, mark, *made, end, last = (clone / file).read_text().splitlines()
    parts = IN_PART[file]
    assert (first, mark, end, last) == ("by hand", f"# begin {parts[0]}", f"# end {parts[-1]}", "by hand too")
    assert any("services" in line or "Service" in line for line in made)


def test_an_edit_of_what_is_made_is_noticed(clone: Path) -> None:
    role = clone / "deploy/operator/role.yaml"
    role.write_text(role.read_text().replace("resources: [ingresses]", "resources: [secrets]"))
    assert generate.main(["--check"]) == 1


def test_a_missing_file_is_stale(clone: Path) -> None:
    (clone / FILES[0]).unlink()
    assert generate.main(["--check"]) == 1


def test_generating_again_repairs(clone: Path) -> None:
    (clone / FILES[1]).write_text("edited by hand")
    generate.main([])
    assert generate.main(["--check"]) == 0
