"""A local Kubernetes for developing and testing: started, used and removed without a trace.

    cluster = up("real")          # seconds when it already runs
    load_image(cluster, archive)  # a docker-archive tar, for imagePullPolicy IfNotPresent or Never
    add_metrics(cluster)          # metrics-server, for `kubectl top` and autoscalers
    down("real")

`up("simulated")` needs no root: its nodes are kwok's, whose pods turn Ready without running anything.
"""

from dev.cluster.binaries import binary
from dev.cluster.errors import ClusterError
from dev.cluster.layout import NodeKind
from dev.cluster.lifecycle import Cluster, add_metrics, down, load_image, up

__all__ = ["Cluster", "ClusterError", "NodeKind", "add_metrics", "binary", "down", "load_image", "up"]
