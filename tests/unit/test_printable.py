"""What others wrote cannot steer the terminal of who reads it."""

import pytest

from myapp_operator.printable import printable


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param("\x1b[31mERROR\x1b[0m no", "ERROR no", id="colours"),
        pytest.param("a\x1b]0;title\x07b", "a�]0;title�b", id="the title of the window"),
        pytest.param("a\x1b[2Jb\x9b1Ab", "a�[2Jb�1Ab", id="the screen"),
        pytest.param("a\rb\x08c\nd", "a�b�c�d", id="the line"),
        pytest.param("a\u202eb", "a�b", id="the direction of writing"),
        pytest.param("ä 日\t→ …", "ä 日\t→ …", id="nothing"),
    ],
)
def test_what_steers_a_terminal_is_not_printed(line: str, shown: str) -> None:
    assert printable(line) == shown
