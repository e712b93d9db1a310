"""Whether an autoscaler gets metrics, by its own account. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from myapp_operator.grammar import Json
from myapp_operator.json_objects import condition, mapping
from myapp_operator.moments import moment

_LONGEST_WHY = 2048
_WITHOUT_METRICS = re.compile(r"FailedGet\w{1,40}Metric|FailedComputeMetricsReplicas|InvalidMetricSourceType")


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why an autoscaler does nothing: it gets no metrics."""

    since: datetime
    why: str
    """In its own words, cut."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> Unmeasured | None:
        """What an autoscaler that was seen whole says of itself; None where it says no such thing, or is none."""
        found = condition(mapping(raw.get("status")), "ScalingActive")
        reason, since = found.get("reason"), moment(found.get("lastTransitionTime"))
        if found.get("status") != "False" or since is None or not isinstance(reason, str):
            return None
        named = _WITHOUT_METRICS.fullmatch(reason)
        return cls(since, str(found.get("message", ""))[:_LONGEST_WHY]) if named else None
