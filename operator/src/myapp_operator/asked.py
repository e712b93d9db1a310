"""What apps ask for, kept for those that change now: an app is looked at some ten times while it comes up. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from myapp_operator import desired
from myapp_operator.allowance import Allowance
from myapp_operator.desired import Wanted
from myapp_operator.model import Spec, parse_spec
from myapp_operator.observed import App

_MOST = 64
"""Apps that are kept; the children of one take 25 kB."""


class Asked:
    """Remembers the last apps that were asked about, by uid and generation, which stand for the spec."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._recent: OrderedDict[tuple[str, int], tuple[Spec, Sequence[Wanted]]] = OrderedDict()

    def by(self, app: App) -> tuple[Spec, Sequence[Wanted]]:
        """The spec of an app, and the children that it should have.

        Raises:
            InvalidMyAppError: the spec breaks the rules of this version of the API, or of this installation.
        """
        identity = app.uid, app.generation
        if identity not in self._recent:
            spec = self._allowance.checked(parse_spec(app.spec))
            self._recent[identity] = spec, tuple(desired.build(app, spec))
            if len(self._recent) > _MOST:
                self._recent.popitem(last=False)
        self._recent.move_to_end(identity)
        return self._recent[identity]
