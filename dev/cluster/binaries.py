"""Kubernetes, its companions and what tests ask, built once per machine from the pinned modules under dev/go."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import locks, toolchain
from dev.cluster.commands import run
from dev.cluster.errors import ClusterError
from dev.cluster.layout import REPOSITORY, cache_folder
from dev.cluster.progress import duration, step

KUBERNETES_VERSION = "v1.37.2"
# The cache with everything in it: 0.8 of binaries, 0.3 of Go, 3.8 of sources, 7.3 of compiled packages.
CACHE_GIGABYTES = 12.2
_KUBERNETES_LDFLAGS = " ".join(
    f"-X k8s.io/component-base/version.{variable}={value}"
    for variable, value in (("gitVersion", KUBERNETES_VERSION), ("gitMajor", "1"), ("gitMinor", "37"))
)


@dataclass(frozen=True)
class Program:
    """One binary: the folder under dev/go that pins it, its main package, and what its build costs."""

    name: str
    module: str
    package: str
    seconds: int
    """How long a first build takes on two cores, in the order of PROGRAMS: later ones reuse packages."""
    ldflags: str = ""


def _kubernetes(name: str, seconds: int) -> Program:
    return Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", seconds, _KUBERNETES_LDFLAGS)


PROGRAMS = (
    _kubernetes("kube-apiserver", 300),
    _kubernetes("kube-controller-manager", 95),
    _kubernetes("kube-scheduler", 15),
    _kubernetes("kubectl", 30),
    _kubernetes("kubelet", 30),
    _kubernetes("kube-proxy", 15),
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3", 40),
    Program("kwokctl", "kwok", "sigs.k8s.io/kwok/cmd/kwokctl", 60),
    Program("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", 25),
    Program("coredns", "coredns", "github.com/coredns/coredns", 100),
    Program("pause", "pause", ".", 2),
    Program("kstatus", "kstatus", ".", 15),
    Program("event-reasons", "event-reasons", ".", 5),
    Program("metrics-server", "metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server", 140),
)


def binary(name: str) -> Path:
    """The path of a binary; builds it first where this machine's cache does not hold it."""
    program = _program(name)
    given = _given(name)
    if given:
        return given
    go = toolchain.choose()
    target = _target(program, go)
    if target.exists():
        return target
    with locks.held(program.module, f"another build of {program.module} on this machine"):
        if not target.exists():
            _build(program, toolchain.ensure(go), target)
    return target


def gateway_crd() -> Path:
    """The CRD of HTTPRoutes, which is no part of Kubernetes, out of the pinned module; fetched the first time."""
    go = toolchain.ensure(toolchain.choose())
    name = "sigs.k8s.io/gateway-api"
    answer = run(
        [go.program, "-C", REPOSITORY / "dev" / "go" / "gateway-api", "mod", "download", "-json", "-modcacherw", name],
        failed="The Gateway API could not be fetched: check the network, and run this again",
        environment=_environment(go),
    )
    folder = Path(json.loads(answer)["Dir"])
    return folder / "config" / "crd" / "standard" / "gateway.networking.k8s.io_httproutes.yaml"


def sources(pins: str, *packages: str) -> dict[str, Path]:
    """Where the modules of these packages lie, in the versions that a folder under dev/go pins.

    What a build of them has left there is taken as it is, without the network.
    """
    go = toolchain.ensure(toolchain.choose())
    lines = "{{.Module.Path}} {{.Module.Dir}}"
    answer = run(
        [go.program, "-C", REPOSITORY / "dev" / "go" / pins, "list", "-find", "-modcacherw", "-f", lines, *packages],
        failed=f"The sources of {pins} could not be fetched: check the network, and run this again",
        environment=_environment(go),
    )
    found = (line.split(" ", 1) for line in answer.splitlines())
    return {module: Path(folder) for module, folder in found}


def to_build(names: Iterable[str]) -> tuple[Program, ...]:
    """Which of these binaries would have to be built now."""
    go = toolchain.choose()
    wanted = [_program(name) for name in names if not _given(name)]
    return tuple(program for program in wanted if not _target(program, go).exists())


def gigabytes(programs: Iterable[Program]) -> float:
    """What a first build of these leaves in the cache, mostly Go's own: it grows with the time a build takes."""
    everything = sum(program.seconds for program in PROGRAMS)
    return CACHE_GIGABYTES * sum(program.seconds for program in programs) / everything


def cache_key(files: Iterable[tuple[str, bytes]], go_version: str, flags: str) -> str:
    """What decides whether a binary can be used again: the pins, the compiler and its flags."""
    digest = hashlib.sha256(f"go{go_version}\n{flags}\n".encode())
    for name, content in sorted(files):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _program(name: str) -> Program:
    for program in PROGRAMS:
        if program.name == name:
            return program
    raise ClusterError(f"No binary is called {name}: use one of {', '.join(program.name for program in PROGRAMS)}.")


def _given(name: str) -> Path | None:
    """A binary out of KUBEBUILDER_ASSETS, the ecosystem's name for a folder with ready-made ones."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return None
    path = Path(folder).resolve() / name
    return path if os.access(path, os.X_OK) else None


def _module(program: Program) -> Path:
    return REPOSITORY / "dev" / "go" / program.module


def _target(program: Program, go: toolchain.Go) -> Path:
    files = ((path.name, path.read_bytes()) for path in _module(program).iterdir() if path.is_file())
    key = cache_key(files, go.version, program.ldflags)
    return cache_folder() / "bin" / f"{program.module}-{key}" / program.name


def _build(program: Program, go: toolchain.Go, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f".{target.name}.{os.getpid()}")
    flags = ["-mod=readonly", "-modcacherw", "-buildvcs=false", "-trimpath", "-ldflags", f"-s -w {program.ldflags}"]
    with step(f"Building {program.name}", f"about {duration(program.seconds)} the first time"):
        run(
            [go.program, "-C", _module(program), "build", *flags, "-o", making, program.package],
            failed=f"{program.name} could not be built: check the network and the free disk space, and run this again",
            environment=_environment(go),
            seconds=3600,
        )
    making.rename(target)


def _environment(go: toolchain.Go) -> dict[str, str]:
    """Everything Go writes stays in our cache; nothing of the user's Go settings but the proxy gets in."""
    cache = cache_folder()
    return {
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "GOROOT": "" if go.version != toolchain.PINNED_GO else str(go.program.parents[1]),
        "GOCACHE": str(cache / "go-build"),
        "GOMODCACHE": str(cache / "go-mod"),
    }
