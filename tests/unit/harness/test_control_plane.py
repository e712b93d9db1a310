"""Control planes of tests' own, in the processes that pytest runs side by side."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api import conftest


def test_two_tests_never_have_a_control_plane_of_the_same_name_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those of a module are handed out to several processes, each of which makes the module's fixtures for itself."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    running: list[str] = []
    most: list[int] = []

    def up(_: str, *, name: str, **__: object) -> None:
        running.append(name)
        most.append(len(running))

    monkeypatch.setattr(conftest, "up", up)
    monkeypatch.setattr(conftest, "down", lambda _, *, name, **__: running.remove(name))

    def use(_: int) -> None:
        with conftest.control_plane("myapp-mine", tmp_path):
            time.sleep(0.05)  # time enough for another one to come in

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(use, range(3)))
    assert most == [1, 1, 1]
