"""What is pure in the local cluster: decisions and configuration, without touching the machine."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dev.cluster import (
    containerd,
    controlplane_config,
    dns,
    firewall,
    kubelet,
    metrics,
    network,
    owner,
    packages,
    pods,
    processes,
)
from dev.cluster.binaries import PROGRAMS, cache_key
from dev.cluster.certificates import Pair
from dev.cluster.layout import Layout, Ports
from dev.cluster.owner import Owner, conflict
from dev.cluster.progress import duration
from dev.cluster.toolchain import fits, parse_version


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout("myapp", "real", tmp_path / "state", tmp_path / "kubeconfig")


def test_a_binary_is_built_again_when_a_pin_the_compiler_or_a_flag_changes() -> None:
    files = [("go.sum", b"a"), ("go.mod", b"b")]
    key = cache_key(files, "1.27.3", "")

    assert cache_key(reversed(files), "1.27.3", "") == key
    assert cache_key([("go.sum", b"c"), ("go.mod", b"b")], "1.27.3", "") != key
    assert cache_key(files, "1.27.4", "") != key
    assert cache_key(files, "1.27.3", "-X a=b") != key


def test_every_program_has_its_pins() -> None:
    folder = Path(__file__).resolve().parents[3] / "dev" / "go"
    only_files = {"gateway-api"}  # a CRD, read as it is
    built = {program.module for program in PROGRAMS}
    assert built | only_files == {path.name for path in folder.iterdir() if path.is_dir()}


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ("go version go1.26.8 linux/amd64", "1.26.8"),
        ("go version go1.27 linux/arm64", "1.27"),
        ("go version devel go1.28-abcdef linux/amd64", None),
        ("", None),
    ],
)
def test_the_version_of_go_is_read_and_development_builds_are_not_used(output: str, version: str | None) -> None:
    assert parse_version(output) == version


def test_go_must_be_new_enough() -> None:
    assert fits("1.26.4")
    assert fits("1.27")
    assert fits("2.0")
    assert not fits("1.26.3")


def test_missing_programs_name_each_package_once() -> None:
    here = {"ip"}
    programs = {"containerd": "containerd", "ctr": "containerd", "ip": "iproute2", "runc": "runc"}
    assert packages.missing(programs, here.__contains__) == ("containerd", "runc")
    assert packages.missing(programs, lambda _: True) == ()


def test_another_clone_is_named_with_the_way_out() -> None:
    mine = Owner("myapp", "real", "/a/.local/cluster", "/a")
    other = replace(mine, state="/b/.local/cluster", clone="/b")

    assert conflict(None, mine, alive=False) is None
    assert conflict(mine, mine, alive=True) is None
    assert conflict(other, mine, alive=False) is None
    problem = conflict(other, mine, alive=True)
    assert problem is not None
    assert problem.endswith("remove it with `make cluster-down NODE=real` in /b.")


def test_ports_of_clusters_do_not_overlap_and_stay_below_node_ports() -> None:
    names = ("myapp", "myapp-test", "another")
    used = [port for name in names for port in range(Ports.of(name).first, Ports.of(name).first + 10)]
    assert len(set(used)) == len(used)
    assert max(used) < 30000


@pytest.mark.parametrize("kind", ["real", "simulated"])
def test_the_control_plane_fixes_every_port_and_listens_on_loopback(layout: Layout, kind: str) -> None:
    layout = replace(layout, node=kind)  # type: ignore[arg-type]
    options = controlplane_config.kwokctl(layout, "policy.yaml", {"etcd": "/bin/etcd"})["options"]
    assert options["bindAddress"] == "127.0.0.1"
    assert {options[name] for name in options if name.endswith("Port") and name != "securePort"} == set(
        layout.ports.control_plane()
    )
    assert options["etcdBinary"] == "/bin/etcd"
    assert ("kwok-controller" in options["components"]) is (kind == "simulated")


def test_only_the_api_server_of_a_real_node_leaves_loopback(layout: Layout) -> None:
    assert controlplane_config.api_server_arguments(layout)["bind-address"] == "0.0.0.0"  # noqa: S104
    assert "bind-address" not in controlplane_config.api_server_arguments(replace(layout, node="simulated"))


def test_extension_api_servers_are_told_who_asks_by_the_api_server_and_nobody_else(layout: Layout) -> None:
    arguments = controlplane_config.api_server_arguments(layout)
    assert arguments["requestheader-allowed-names"] == "front-proxy-client"
    assert arguments["proxy-client-cert-file"] == str(layout.pki / "front-proxy-client.crt")


def test_every_image_of_the_node_is_named_in_its_manifest() -> None:
    assert f"image: {metrics.IMAGE}\n" in metrics.MANIFEST.read_text()
    assert f"image: {containerd.COREDNS_IMAGE}\n" in dns.MANIFEST.read_text()


def test_the_node_listens_on_the_bridge_and_loopback_alone(layout: Layout, tmp_path: Path) -> None:
    configuration = kubelet.kubelet_configuration(layout, Pair.of(tmp_path, "serving"))
    assert configuration["address"] == "10.244.0.1"
    assert configuration["healthzBindAddress"] == "127.0.0.1"
    proxy = kubelet.proxy_configuration(layout, tmp_path / "kubeconfig")
    assert proxy["nodePortAddresses"] == ["10.244.0.0/24"]
    assert proxy["metricsBindAddress"].startswith("127.0.0.1:")


def test_containerd_keeps_to_our_folders(layout: Layout) -> None:
    text = containerd.render(layout, Path("/usr/lib/cni"), restrict_oom=True)
    assert f'root = "{layout.node_state}/containerd"' in text
    assert "restrict_oom_score_adj = true" in text


def test_dns_asks_only_servers_a_pod_can_reach() -> None:
    assert dns.name_servers("# none\nnameserver 127.0.0.53\n") == []
    assert "forward" not in dns.corefile("nameserver ::1\n")
    assert "    forward . 192.0.2.7 2001:db8::1\n" in dns.corefile("nameserver 192.0.2.7\nnameserver 2001:db8::1\n")


def test_a_route_inside_our_ranges_is_foreign_and_a_wider_one_is_not() -> None:
    assert network.overlapping([("10.0.0.0/8", "tun0"), ("default", "eth0"), ("10.96.0.0/16", network.BRIDGE)]) is None
    assert network.overlapping([("10.244.0.0/24", "cni0")]) == "10.244.0.0/24"
    assert network.overlapping([("10.96.1.2", "tun0")]) == "10.96.1.2"


def test_only_our_chains_are_removed() -> None:
    saved = """\
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
:MYAPP-DEV-POSTROUTING - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -j DOCKER
-A KUBE-SERVICES -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
COMMIT
"""
    assert firewall.removal(saved).splitlines() == [
        "*nat",
        '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        "-F KUBE-SERVICES",
        "-F MYAPP-DEV-POSTROUTING",
        "-X KUBE-SERVICES",
        "-X MYAPP-DEV-POSTROUTING",
        "COMMIT",
    ]


def test_mounts_are_taken_away_latest_first_and_only_below_our_folders() -> None:
    table = "\n".join(
        f"1 1 0:1 / {point} rw - tmpfs tmpfs rw" for point in ("/", "/a/state", "/a/state/x", "/a/state2", "/b\\040c/y")
    )
    assert pods.mounts_below(table, (Path("/a/state"), Path("/b c"))) == ["/b c/y", "/a/state/x", "/a/state"]


def test_a_process_is_ours_by_program_and_folder() -> None:
    folders = (Path("/a/state"),)
    assert processes.belongs(["/bin/etcd", "--data-dir=/a/state/etcd"], ("etcd",), folders)
    assert not processes.belongs(["/bin/etcd", "--data-dir=/a/state2/etcd"], ("etcd",), folders)
    assert not processes.belongs(["vi", "/a/state/etcd.log"], ("etcd",), folders)


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (279, "4 min 39 s")])
def test_durations_read_as_a_person_would_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_control_planes_of_tests_share_no_port() -> None:
    """They run side by side, in the processes of pytest."""
    tests = Path(__file__).parents[2] / "api"
    texts = [path.read_text() for path in tests.glob("*.py")]
    users = [text for text in texts if "control_plane(" in text]
    names = {name for text in users for name in re.findall(r'(?:control_plane\(|NAME = )"(myapp-.+?)"', text)}
    assert {"myapp-upgrade", "myapp-restored"} <= names
    blocks = {name: Ports.of(name).first for name in names | {"myapp", "myapp-test"}}
    assert len({*blocks.values()}) == len(blocks), f"give one of these another name: {blocks}"


def test_a_port_that_a_killed_server_still_holds_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [False, False, True]
    monkeypatch.setattr(owner, "_is_free", lambda _: held.pop(0))
    owner._require_free([26_999])
    assert not held
