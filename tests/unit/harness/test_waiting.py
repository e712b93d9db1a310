"""How tests wait."""

import pytest

from tests.harness import never, wait_for, waiting


def test_a_wait_is_never_shorter_than_the_slowest_machine_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 10_000, 100))
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(waiting.time, "sleep", lambda _: None)
    seen = iter(["", "there"])
    assert wait_for("it comes in the second look, after 100 s", lambda: next(seen), seconds=5) == "there"


def test_what_comes_in_the_very_end_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that stands still for the whole time."""
    now = iter([0, 100, 200])
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(now))
    with pytest.raises(AssertionError, match="should never be: it comes"):
        never("it comes", lambda: True, seconds=5)
