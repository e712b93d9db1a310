"""Generated parts of files that people write."""


def renew(text: str, name: str, part: str) -> str:
    """A file's text with what stands between `begin NAME` and `end NAME` replaced; both stand in lines of their own."""
    lines = text.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if f"begin {name}" in line)
    last = next(number for number, line in enumerate(lines) if f"end {name}" in line)
    return "".join([*lines[: first + 1], part, *lines[last:]])
