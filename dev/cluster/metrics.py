"""metrics-server as a pod: `kubectl top` has figures, and autoscalers have something to go by.

Not part of every cluster: its first build takes minutes, and most of what is done with a cluster needs no figures.
"""

from pathlib import Path

from dev.cluster import containerd, controlplane
from dev.cluster.layout import Layout
from dev.cluster.progress import step

PROGRAM = "metrics-server"
IMAGE = "docker.io/myapp-dev/metrics-server:1"
MANIFEST = Path(__file__).with_name("metrics.yaml")
SECONDS = 180


def ensure(layout: Layout) -> None:
    """Install metrics-server, or find it as it should be, and wait until its API answers."""
    containerd.ensure_image(layout, IMAGE, PROGRAM)
    controlplane.kubectl(
        layout,
        *("apply", "--server-side", "--force-conflicts", "--field-manager=dev-cluster"),
        *("--filename", str(MANIFEST)),
        failed="metrics-server could not be installed",
    )
    with step("Waiting for metrics-server"):
        controlplane.kubectl(
            layout,
            *("wait", "--for=condition=Available", "apiservice/v1beta1.metrics.k8s.io", f"--timeout={SECONDS}s"),
            failed="metrics-server does not answer: `kubectl logs -n kube-system deployment/metrics-server` says why",
        )
