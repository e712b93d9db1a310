"""A containerd of our own: own root, state and socket, so that one of the machine is not touched."""

from pathlib import Path

from dev.cluster import archives, packages
from dev.cluster.binaries import binary
from dev.cluster.commands import find, run, succeeds, wait_until
from dev.cluster.daemons import Daemon
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout
from dev.cluster.progress import step

PAUSE_IMAGE = "docker.io/myapp-dev/pause:1"
COREDNS_IMAGE = "docker.io/myapp-dev/coredns:1"
CAP_SYS_RESOURCE = 24


def daemon(layout: Layout) -> Daemon:
    """The process."""
    return Daemon("containerd", layout.node_state)


def socket(layout: Layout) -> Path:
    """Where the kubelet and ctr reach it."""
    return layout.runtime / "containerd.sock"


def state_folder(layout: Layout) -> Path:
    """Mounts and shims of running containers."""
    return layout.runtime / "containerd"


def cni_configuration(layout: Layout) -> Path:
    """The folder from which containerd learns how pods get their network."""
    return layout.node_state / "cni"


def ensure(layout: Layout) -> None:
    """Start containerd where it does not run, and give it the images a node needs."""
    if daemon(layout).pid() is None or not _answers(layout):
        daemon(layout).stop()
        _start(layout)
    ensure_image(layout, PAUSE_IMAGE, "pause")
    ensure_image(layout, COREDNS_IMAGE, "coredns")


def ensure_image(layout: Layout, image: str, program: str) -> None:
    """Give the node an image with one of our own programs in it, unless it has it."""
    present = ctr(layout, "images", "list", "--quiet", failed="The node's images could not be listed")
    if image in present.split():
        return
    archive = layout.node_state / f"{program}.tar"
    archives.write(archive, image, binary(program))
    load(layout, archive)
    archive.unlink()


def ctr(layout: Layout, *args: str | Path, failed: str) -> str:
    """containerd's own client, in the namespace the kubelet uses."""
    return run(["ctr", "--address", socket(layout), "--namespace", "k8s.io", *args], failed=failed)


def load(layout: Layout, archive: Path) -> None:
    """Import a docker-archive tar."""
    ctr(
        layout,
        "images",
        "import",
        archive,
        failed=f"{archive} could not be loaded into the node: is it a docker-archive tar?",
    )


def render(layout: Layout, cni_plugins: Path, *, restrict_oom: bool) -> str:
    """containerd's configuration file."""
    return f"""\
version = 2
root = "{layout.node_state / "containerd"}"
state = "{state_folder(layout)}"

[grpc]
  address = "{socket(layout)}"

[plugins."io.containerd.internal.v1.opt"]
  path = "{layout.node_state / "opt"}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  stream_server_address = "127.0.0.1"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = {str(restrict_oom).lower()}

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_plugins}"
    conf_dir = "{cni_configuration(layout)}"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "{layout.runtime / "runc"}"
"""


def may_lower_oom_score() -> bool:
    """Whether this machine lets us protect the sandbox from the OOM killer; without that, none starts."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> CAP_SYS_RESOURCE & 1)
    return False


def _start(layout: Layout) -> None:
    plugins = packages.cni_folder()
    program = find("containerd")
    if plugins is None or program is None:
        raise ClusterError("containerd or the CNI plugins are gone from this machine: run `make cluster` again.")
    layout.node_state.mkdir(parents=True, exist_ok=True)
    layout.runtime.mkdir(parents=True, exist_ok=True)
    path = layout.node_state / "containerd.toml"
    path.write_text(render(layout, plugins, restrict_oom=not may_lower_oom_score()))
    with step("Starting containerd"):
        daemon(layout).start([program, "--config", path])
        wait_until(
            lambda: _answers(layout), seconds=30, failed=f"containerd does not answer: read {daemon(layout).log}."
        )


def _answers(layout: Layout) -> bool:
    return succeeds(["ctr", "--address", socket(layout), "version"], seconds=5)
