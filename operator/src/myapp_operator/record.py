"""What is kept of one app and its children, as small as it gets: there may be ten thousand."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import orjson

from myapp_operator.grammar import Json
from myapp_operator.memory import Memory
from myapp_operator.names import Kind
from myapp_operator.observed import App, Child

_NOTHING: Json = {}
_LARGE = 16_000
"""Bytes from which on what is kept is packed: most of what is large repeats itself."""
_PACKED = b"x"
"""With this, and never with a bracket, begins what zlib has packed."""

_MOST_OWNERS = 16
"""Uids of owners that are remembered under one key."""


@dataclass(slots=True)
class Record:
    """All that is known under one key. Times are monotonic seconds."""

    identity: App | None = None
    """The MyApp without spec and status."""
    _content: bytes = b""
    """Its spec and status as JSON: a fifth of what they take as dicts. Packed where it is large."""
    children: dict[Kind, Child] = field(default_factory=dict)
    answered_at: dict[Kind, float] = field(default_factory=dict)
    gone_at: dict[Kind, int] = field(default_factory=dict)
    """The resourceVersion at which the last child of this kind was seen to be gone: older news of it is void."""
    had_children: frozenset[str] = frozenset()
    """Uids of the owners of the children that were seen here, of the last few: anybody may write others."""
    status_version: int = 0
    status_at: float = float("-inf")
    memory: Memory = field(default_factory=Memory)

    @property
    def app(self) -> App | None:
        """The MyApp, if there is one."""
        if self.identity is None:
            return None
        packed = self._content[:1] == _PACKED
        spec, status = orjson.loads(zlib.decompress(self._content) if packed else self._content)
        return replace(self.identity, spec=spec, status=status)

    def take_app(self, app: App) -> None:
        """Keeps this MyApp from now on."""
        self.identity = replace(app, spec=_NOTHING, status=_NOTHING)
        content = orjson.dumps((app.spec, app.status))
        large = len(content) > _LARGE
        self._content = zlib.compress(content, 1) if large else bytes(memoryview(content))  # it comes with room to grow

    @property
    def status_awaited(self) -> bool:
        """Whether the watch has not yet brought back our last status write."""
        return self.identity is not None and self.identity.resource_version < self.status_version

    def take_child(self, kind: Kind, child: Child) -> None:
        """Keeps this child from now on, with what is known of it from before and still holds."""
        self.children[kind] = child.after(self.children.get(kind))
        if child.owner is not None and child.owner.uid not in self.had_children:
            kept = self.had_children if len(self.had_children) < _MOST_OWNERS else self._own
            self.had_children = kept | {child.owner.uid}

    @property
    def _own(self) -> frozenset[str]:
        return self.had_children & {self.identity.uid if self.identity else ""}

    def unreturned(self, before: float, newest: int) -> Iterator[str]:
        """What of this app was written before this moment and not seen again; only what surely has our label.

        Where the watch has brought a MyApp as new as `newest`, an older status that did not come is no fault of it.
        """
        app = self.identity
        if app is None:
            return
        if self.status_awaited and self.status_at <= before and self.status_version >= newest:
            yield "the status"
        for kind, child in self.children.items():
            ours = child.applied and child.is_controlled_by(app)
            if child.awaited and ours and self.answered_at[kind] <= before:
                yield f"the {kind}"
