"""What apps ask for, kept for those that change now: an app is looked at some ten times while it comes up. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import orjson

from myapp_operator import desired
from myapp_operator.allowance import Allowance
from myapp_operator.desired import Wanted
from myapp_operator.errors import InvalidMyAppError
from myapp_operator.model import Spec, parse_spec
from myapp_operator.observed import App

_MOST = 64
"""Apps that are kept; the children of one take 25 kB."""
_MOST_BYTES = 500_000
"""Bytes of the specs, as JSON, of all apps that are kept: their children take some twenty times as much."""


class Asked:
    """Remembers the last apps that were asked about, by uid and generation, which stand for the spec."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._recent: OrderedDict[tuple[str, int], tuple[Spec, Sequence[Wanted]]] = OrderedDict()
        self._sizes: dict[tuple[str, int], int] = {}

    def by(self, app: App) -> tuple[Spec, Sequence[Wanted]]:
        """The spec of an app, and the children that it should have.

        Raises:
            InvalidMyAppError: the spec breaks the rules of this version of the API, or of this installation.
        """
        if app.problem:
            raise InvalidMyAppError(app.problem)
        identity = app.uid, app.generation
        if identity not in self._recent:
            spec = self._allowance.checked(parse_spec(app.spec))
            self._remember(identity, app, spec)
        self._recent.move_to_end(identity)
        return self._recent[identity]

    def _remember(self, identity: tuple[str, int], app: App, spec: Spec) -> None:
        self._recent[identity] = spec, tuple(desired.build(app, spec))
        self._sizes[identity] = len(orjson.dumps(app.spec))
        while len(self._recent) > _MOST or (sum(self._sizes.values()) > _MOST_BYTES and len(self._recent) > 1):
            oldest, _ = self._recent.popitem(last=False)
            del self._sizes[oldest]
