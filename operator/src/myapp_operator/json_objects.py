"""Reads the JSON of objects as the API server sends it. Pure.

Users and other controllers write much of it: what is not of the expected shape is absent.
"""

from __future__ import annotations

from collections.abc import Iterator

from myapp_operator.grammar import Json

_LONGEST_VERSION = 20
"""Digits of a number of 64 bits."""
_MOST_FINALIZERS = 3
_LONGEST_FINALIZER = 150


def mapping(value: object) -> Json:
    """The value itself if it is a JSON object, else an empty one: what cannot be read is absent."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> Iterator[Json]:
    """The JSON objects of a list; what is none of them is absent."""
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def metadata_of(raw: object) -> Json:
    """The metadata of any JSON that should be an object of the API server; empty where there is none."""
    return mapping(mapping(raw).get("metadata"))


def condition(status: Json, kind: str) -> Json:
    """The condition of this type; empty where the status has none."""
    return next((each for each in mappings(status.get("conditions")) if each.get("type") == kind), {})


def read_version(meta: Json) -> int:
    """The resourceVersion of an object or a list.

    Raises:
        ValueError: it has none that can be compared.
    """
    text = meta.get("resourceVersion")
    if not isinstance(text, str) or not text.isdecimal() or len(text) > _LONGEST_VERSION:
        raise ValueError("metadata.resourceVersion is no number")
    return int(text)


def counted_version(meta: Json) -> int:
    """The same, for sorting: 0 where there is none."""
    try:
        return read_version(meta)
    except ValueError:
        return 0


def required_text(meta: Json, field: str) -> str:
    """What a field of the metadata says.

    Raises:
        ValueError: it is missing, or no text.
    """
    text = meta.get(field)
    if not isinstance(text, str) or not text:
        raise ValueError(f"metadata.{field} is missing")
    return text


def annotations_of(meta: Json) -> dict[str, str]:
    """The annotations, which are text, as the API server sees to."""
    found = mapping(meta.get("annotations"))
    return found if all(isinstance(each, str) for each in found.values()) else {}


def counted(text: str) -> int:
    """The count that an annotation holds; 0 where it is none, or longer than any that is written in earnest: anybody
    may edit it."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def finalizers_of(meta: Json) -> tuple[str, ...]:
    """What keeps the object while it is being deleted; the first few, cut."""
    found = meta.get("finalizers")
    return tuple(str(each)[:_LONGEST_FINALIZER] for each in found[:_MOST_FINALIZERS]) if isinstance(found, list) else ()
