"""`make generate` and its check."""

from pathlib import Path

import pytest

from dev import generate

FILES = ("crds/myapps.yaml", "docs/api.md")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the repository, with what `make generate` writes."""
    for file in FILES:
        (tmp_path / file).parent.mkdir()
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main([]) == 0
    return tmp_path


def test_what_was_generated_is_current(clone: Path) -> None:
    assert all((clone / file).stat().st_size for file in FILES)
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("file", FILES)
def test_the_check_names_the_stale_file_and_the_way_out(
    clone: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (clone / file).write_text("edited by hand")
    assert generate.main(["--check"]) == 1
    assert (
        capsys.readouterr().err
        == f"{file}: not as generated from the model; run `make generate` and commit the result.\n"
    )
    assert (clone / file).read_text() == "edited by hand"


def test_a_missing_file_is_stale(clone: Path) -> None:
    (clone / FILES[0]).unlink()
    assert generate.main(["--check"]) == 1


def test_generating_again_repairs(clone: Path) -> None:
    (clone / FILES[1]).write_text("edited by hand")
    generate.main([])
    assert generate.main(["--check"]) == 0
