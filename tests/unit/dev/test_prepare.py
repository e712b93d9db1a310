"""What `make test` says to whom."""

import os

import pytest

from dev import prepare


def test_without_root_it_says_which_tests_run_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert prepare.main() == 1
    (sentence,) = capsys.readouterr().out.splitlines()
    assert "needs root" in sentence
    assert "`make test-unit` and `make test-api`" in sentence
