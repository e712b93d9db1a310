"""How many pods there are: by load, and while nodes are drained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from myapp_operator.grammar import Json, KubeType, Part, Rule
from myapp_operator.model.values import CountOrPercentage, count_rule

Percent = Annotated[int, Field(ge=1, le=1000)]
Pods = Annotated[int, Field(ge=1, le=1000)]
Metrics = Annotated[list[Json], Field(max_length=16), KubeType("MetricSpec", api="autoscaling.v2")]
Behavior = Annotated[Json, KubeType("HorizontalPodAutoscalerBehavior", api="autoscaling.v2")]


class Autoscaling(Part):
    """How many pods there are, by load: the HorizontalPodAutoscaler `<name>-hpa`. `replicas` is ignored meanwhile."""

    rules = (
        Rule(
            cel="self.minReplicas <= self.maxReplicas",
            message="minReplicas must not be above maxReplicas: lower it, or raise maxReplicas",
            path=".minReplicas",
            holds=lambda it: it.min_replicas <= it.max_replicas,
        ),
        Rule(
            cel="has(self.cpu) || has(self.memory) || has(self.metrics) && self.metrics.size() > 0",
            message="autoscaling must have at least one of cpu, memory and metrics: add one, such as cpu: 80",
            holds=lambda it: it.cpu is not None or it.memory is not None or bool(it.metrics),
        ),
    )

    min_replicas: Pods = 1
    """Fewest pods."""
    max_replicas: Pods
    """Most pods."""
    cpu: Percent | None = None
    """Average use of cpu to keep to, in percent of what the containers request."""
    memory: Percent | None = None
    """Average use of memory to keep to, in percent of what the containers request."""
    metrics: Metrics | None = None
    """Further metrics, as in a HorizontalPodAutoscaler."""
    behavior: Behavior | None = None
    """How fast it scales, as in a HorizontalPodAutoscaler."""


class DisruptionBudget(Part):
    """How many pods may be missing while nodes are drained: the PodDisruptionBudget `<name>-pdb`."""

    rules = (
        Rule(
            cel="has(self.minAvailable) != has(self.maxUnavailable)",
            message="disruptionBudget must have exactly one of minAvailable and maxUnavailable: choose one",
            holds=lambda it: (it.min_available is None) != (it.max_unavailable is None),
        ),
        count_rule("minAvailable"),
        count_rule("maxUnavailable"),
    )

    min_available: CountOrPercentage | None = None
    """Pods that must stay available, as a number or a percentage."""
    max_unavailable: CountOrPercentage | None = None
    """Pods that may be missing, as a number or a percentage."""
