"""Whose turn it is: namespace by namespace, and who was asked for by an event before who is looked at anyway. Pure.

No key waits for the many keys of another namespace, for a sweep over all of them, or for long looks at keys of another
namespace. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from math import inf

from myapp_operator.names import Key

_PROMPT_IN_A_ROW = 7
"""Keys of the front lane that may pass before one of the other lane, so that a sweep ends however much happens."""

_MOST_WHILE_OTHERS_WAIT = 4
"""Active keys of one namespace while keys of another one wait that has fewer."""

_GIVEN_UP = 60.0
"""Seconds after which a turn that nobody has taken is lost."""

_MOST_UNTAKEN = 10
"""Namespaces that may have turns which are not taken before all others wait for them."""


class _Lane:
    """Keys in rounds: each round takes one key of every namespace, the one that has waited longest there."""

    def __init__(self) -> None:
        self._namespaces: OrderedDict[str, OrderedDict[Key, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._namespaces)

    def __contains__(self, key: Key) -> bool:
        return key in self._namespaces.get(key.namespace, ())

    def put(self, key: Key) -> None:
        """Lets a key wait behind the others of its namespace; one that waits already stays where it is."""
        self._namespaces.setdefault(key.namespace, OrderedDict())[key] = None

    def next(self, active: Mapping[str, int], most: float) -> str | None:
        """The next namespace that has fewer active keys than `most`; None if none waits.

        Those that are passed over keep their place. They are few: each has active keys.
        """
        return next((each for each in self._namespaces if active.get(each, 0) < most), None)

    def take(self, active: Mapping[str, int], most: float) -> Key | None:
        """Removes the next key of the next namespace; None if none waits."""
        namespace = self.next(active, most)
        if namespace is None:
            return None
        keys = self._namespaces[namespace]
        key, _ = keys.popitem(last=False)
        if keys:
            self._namespaces.move_to_end(namespace)
        else:
            del self._namespaces[namespace]
        return key

    def remove(self, key: Key) -> None:
        """Removes a key that waits here."""
        keys = self._namespaces[key.namespace]
        del keys[key]
        if not keys:
            del self._namespaces[key.namespace]


class Turns:
    """The keys that wait, each once, in two lanes. A key that was taken is active until it is done."""

    def __init__(self) -> None:
        self._front = _Lane()
        self._back = _Lane()
        self._in_a_row = 0
        self._active: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether any key waits."""
        return bool(self._front or self._back)

    def __contains__(self, key: Key) -> bool:
        return key in self._front or key in self._back

    def put(self, key: Key) -> bool:
        """Lets a key wait in the front lane, also one that waits in the other; returns whether it did not wait yet."""
        if key in self._front:
            return False
        waited = key in self._back
        if waited:
            self._back.remove(key)
        self._front.put(key)
        return not waited

    def put_back(self, key: Key) -> bool:
        """Lets a key wait behind all of the front lane; returns whether it did not wait yet."""
        if key in self:
            return False
        self._back.put(key)
        return True

    def take(self, most: float = inf) -> Key | None:
        """Removes the key whose turn it is, of a namespace that has fewer active ones than `most`; None: none waits."""
        lanes = (self._back, self._front) if self._in_a_row >= _PROMPT_IN_A_ROW else (self._front, self._back)
        for limit in (min(_MOST_WHILE_OTHERS_WAIT, most), most):
            for lane in lanes:
                if (key := lane.take(self._active, limit)) is not None:
                    self._in_a_row = self._in_a_row + 1 if lane is self._front else 0
                    self._active[key.namespace] += 1
                    return key
        return None

    def done(self, key: Key) -> None:
        """Takes note that a key which was taken is not active any more."""
        self._active[key.namespace] -= 1
        if not self._active[key.namespace]:
            del self._active[key.namespace]


class SpacedTurns:
    """Turns that come one after the other, a while apart, and namespace by namespace. A turn is taken by its key.

    No other turn of its namespace is given for a moment while one was given and is not yet taken: a key that never
    comes for it must not stop all others, and many that come late must not come together. Where so many namespaces do
    not come the reason is not theirs, and no other turn at all is given for that moment.
    """

    def __init__(self, spacing: float, patience: float = 1.0) -> None:
        self._spacing = spacing
        self._patience = patience
        self._line = _Lane()
        self._given: dict[Key, float] = {}
        self._next = float("-inf")

    def take(self, key: Key, now: float) -> bool:
        """Whether it is the turn of this key, which then is taken; else the key waits in line for it."""
        if self._given.pop(key, None) is not None:
            return True
        awaited, most = self._awaited(now)
        if not self._line and now >= self._next and awaited[key.namespace] < most:
            self._next = now + self._spacing
            return True
        self._line.put(key)
        return False

    def give(self, now: float) -> Key | None:
        """Gives the turn to the next in line; None where there is nobody, or where it is too early."""
        if now < self._next:
            return None
        for late in [key for key, given in self._given.items() if now - given > _GIVEN_UP]:
            del self._given[late]
        key = self._line.take(*self._awaited(now))
        if key is not None:
            self._given[key] = now
            self._next = now + self._spacing
        return key

    def wait(self, now: float) -> float | None:
        """Seconds until `give` is to be called; None where nobody is in line."""
        if not self._line:
            return None
        return max(self._next - now, self._spacing if self._line.next(*self._awaited(now)) is None else 0.0)

    def leave(self, key: Key) -> None:
        """A key needs no turn any more."""
        self._given.pop(key, None)
        if key in self._line:
            self._line.remove(key)

    def _awaited(self, now: float) -> tuple[Counter[str], int]:
        """How many turns of each namespace were given a moment ago and not taken, and how many are too many."""
        awaited = Counter(key.namespace for key, given in self._given.items() if now - given < self._patience)
        untaken = {key.namespace for key in self._given}
        return awaited, 0 if awaited and len(untaken) >= _MOST_UNTAKEN else 1
