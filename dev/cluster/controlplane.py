"""etcd, API server, controller manager and scheduler, run by kwokctl."""

from pathlib import Path

import yaml

from dev.cluster import certificates, kubeconfigs, processes
from dev.cluster import controlplane_config as config
from dev.cluster.binaries import binary
from dev.cluster.commands import run, succeeds, wait_until
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout
from dev.cluster.progress import step

SIMULATED_NODES = 3
ANOTHER_VERSION = (
    "The cluster in {state} was made by another version of these files: "
    "remove it with `make cluster-down NODE={node}` and run this again."
)


def programs(layout: Layout) -> tuple[str, ...]:
    """The binaries a control plane needs, in the order in which they are best built."""
    common = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "etcd", "kwokctl")
    return common if layout.node == "real" else (*common, "kwok")


def ensure(layout: Layout) -> None:
    """Create the control plane, start what of it has ended, or find it running."""
    rendered = _render(layout)
    created = layout.control_plane_cluster / "kwok.yaml"
    _forget_reused_pids(layout)
    if created.exists():
        _start(layout, rendered)
    else:
        _create(layout, rendered)
    kubeconfigs.write_admin(layout)
    _wait_ready(layout)
    if layout.node == "simulated":
        _ensure_nodes(layout)


def running(layout: Layout) -> bool:
    """Whether the API server answers and every component lives."""
    expected = config.COMPONENTS if layout.node == "real" else config.SIMULATED_COMPONENTS
    return len(processes.find(layout, processes.CONTROL_PLANE)) >= len(expected) and _ready(layout)


def kubectl(layout: Layout, *args: str, stdin: str | None = None, failed: str) -> str:
    """Run kubectl as the cluster's administrator."""
    return run([*_kubectl(layout), *args], stdin=stdin, failed=failed)


def _kubectl(layout: Layout) -> list[str | Path]:
    # The cache it would otherwise leave in the home folder.
    cache = f"--cache-dir={layout.state / 'kubectl-cache'}"
    return [binary("kubectl"), "--kubeconfig", layout.kubeconfig, cache]


def _render(layout: Layout) -> Path:
    layout.state.mkdir(parents=True, exist_ok=True)
    policy = layout.state / "audit-policy.yaml"
    policy.write_text(yaml.safe_dump(config.audit_policy()))
    path = layout.state / "kwokctl.new.yaml"
    path.write_text(
        yaml.safe_dump(config.kwokctl(layout, str(policy), {name: str(binary(name)) for name in programs(layout)}))
    )
    return path


def _create(layout: Layout, rendered: Path) -> None:
    _ensure_certificates(layout)
    used = rendered.with_name("kwokctl.yaml")
    rendered.replace(used)
    with step("Creating the control plane"):
        _kwokctl(layout, "create", "cluster", "--config", str(used), "--wait", "60s")


def _ensure_certificates(layout: Layout) -> None:
    """kwokctl takes the pairs it finds; people have one of their own, so that logs tell them from components."""
    certificates.ensure_authority(layout.pki)
    names = (*config.API_SERVER_NAMES, config.NODE_ADDRESS)
    components = certificates.Subject("control-plane", group="system:masters", server_names=names)
    certificates.ensure(layout.pki, layout.pki, "admin", components)
    people = certificates.Subject("kubernetes-admin", group="system:masters")
    certificates.ensure(layout.pki, layout.pki, kubeconfigs.PEOPLE, people)
    certificates.ensure(layout.pki, layout.pki, config.FRONT_PROXY, certificates.Subject(config.FRONT_PROXY))


def _start(layout: Layout, rendered: Path) -> None:
    used = rendered.with_name("kwokctl.yaml")
    same = used.exists() and used.read_text() == rendered.read_text()
    rendered.unlink()
    if not same:
        raise ClusterError(ANOTHER_VERSION.format(state=layout.state, node=layout.node))
    if running(layout):
        return
    with step("Starting what has ended of the control plane"):
        _kwokctl(layout, "start", "cluster", "--wait", "60s")


def _kwokctl(layout: Layout, *args: str) -> None:
    run(
        [binary("kwokctl"), *args, "--name", layout.name],
        failed=f"The control plane did not start: read the logs in {layout.control_plane_cluster / 'logs'}, "
        f"or begin anew with `make cluster-down NODE={layout.node}`",
        environment={"KWOK_WORKDIR": str(layout.control_plane), "KUBECONFIG": str(layout.state / "kwokctl.kubeconfig")},
    )


def _ready(layout: Layout) -> bool:
    return succeeds([*_kubectl(layout), "get", "--raw", "/readyz"], seconds=5)


def _wait_ready(layout: Layout) -> None:
    failed = (
        f"The API server does not become ready: read {layout.control_plane_cluster / 'logs' / 'kube-apiserver.log'}."
    )
    wait_until(lambda: _ready(layout), seconds=60, failed=failed)


def _ensure_nodes(layout: Layout) -> None:
    nodes = yaml.safe_dump(config.simulated_nodes(SIMULATED_NODES))
    kubectl(layout, "apply", "--filename", "-", stdin=nodes, failed="The simulated nodes could not be created")
    kubectl(
        layout,
        "wait",
        "--for=condition=Ready",
        "node",
        "--all",
        "--timeout=60s",
        failed="The simulated nodes do not become Ready",
    )


def _forget_reused_pids(layout: Layout) -> None:
    """kwokctl trusts its pid files: after a reboot it would take, or kill, a stranger with the same number."""
    ours = {str(pid) for pid in processes.find(layout, processes.CONTROL_PLANE)}
    for file in (layout.control_plane_cluster / "pids").glob("*.pid"):
        if file.read_text().strip() not in ours:
            file.unlink()
