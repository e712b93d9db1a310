"""Whose turn it is: namespace by namespace, and who was asked for by an event before who is looked at anyway.

Nobody waits for the many keys of another namespace, nor for a sweep over all of them.
"""

from __future__ import annotations

from collections import OrderedDict

from myapp_operator.names import Key

_PROMPT_IN_A_ROW = 7
"""Keys of the front lane that may pass before one of the other lane, so that a sweep ends however much happens."""


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

    def take(self) -> Key:
        """Removes the next key."""
        namespace, keys = self._namespaces.popitem(last=False)
        key, _ = keys.popitem(last=False)
        if keys:
            self._namespaces[namespace] = keys
        return key

    def remove(self, key: Key) -> None:
        """Removes a key that waits here."""
        keys = self._namespaces[key.namespace]
        del keys[key]
        if not keys:
            del self._namespaces[key.namespace]


class Turns:
    """The keys that wait, each once, in two lanes."""

    def __init__(self) -> None:
        self._front = _Lane()
        self._back = _Lane()
        self._in_a_row = 0

    def __bool__(self) -> bool:
        """Whether any key waits."""
        return bool(self._front or self._back)

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
        if key in self._front or key in self._back:
            return False
        self._back.put(key)
        return True

    def take(self) -> Key:
        """Removes the key whose turn it is.

        Raises:
            KeyError: none waits.
        """
        if self._front and not (self._back and self._in_a_row >= _PROMPT_IN_A_ROW):
            self._in_a_row += 1
            return self._front.take()
        self._in_a_row = 0
        return self._back.take()
