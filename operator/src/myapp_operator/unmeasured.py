"""Pure: what is told of the autoscaler of an app that gets no metrics, and so leaves the number of pods as it is.

The app is Ready all the same. A new autoscaler has none either, nor one whose pods have just come up: so it is told
once both the app has been Ready and the autoscaler without metrics for some time.
"""

from __future__ import annotations

import re

from myapp_operator import names
from myapp_operator.json_objects import condition
from myapp_operator.masking import mask, values_of
from myapp_operator.moments import moment
from myapp_operator.printable import cut
from myapp_operator.seen import Seen

_PATIENCE = 120.0
"""Seconds after which it is told. Metrics are taken every fifteen seconds, of pods that have run for a minute."""
_LONGEST = 200
_INTRO = re.compile(r"^the HPA was unable to compute the replica count: ")
_FIRST_OF_SOME = re.compile(r"^invalid metrics \(.*?\), first error is: ")
_POD = re.compile(r"\bof Pod \S+", re.IGNORECASE)
_AMOUNT = re.compile(r"\b\d[\w.:-]*")
"""Numbers, times and addresses, which servers of further metrics put into their words."""


def sentence(seen: Seen) -> str:
    """What to say of it; empty where there is nothing to say yet."""
    return f"its autoscaler gets no metrics, so nothing scales it: {_words(seen)}" if left(seen) == 0 else ""


def left(seen: Seen) -> float | None:
    """Seconds until there is something to say; None where the autoscaler gets its metrics, or is none."""
    autoscaler = seen.child(names.HPA) if seen.spec.autoscaling else None
    if autoscaler is None or autoscaler.unmeasured is None:
        return None
    ready = condition(seen.app.status, "Ready")
    began = (moment(ready.get("lastTransitionTime")) if ready.get("status") == "True" else None) or seen.now
    age = (seen.now - max(began, autoscaler.unmeasured.since)).total_seconds()
    return max(0.0, _PATIENCE - age)


def _words(seen: Seen) -> str:
    """The autoscaler's own, without what differs from try to try: which pod it met first, how many metrics fail, what
    was measured when."""
    found = seen.children[names.HPA].unmeasured
    why = mask(found.why if found else "", values_of(seen.spec, seen.app.key.name))
    words = _FIRST_OF_SOME.sub("", _INTRO.sub("", why))
    return cut(_AMOUNT.sub("…", _POD.sub("of a pod", words)), _LONGEST)
