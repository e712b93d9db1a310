"""One container: why it does not run, or runs and is not ready."""

from __future__ import annotations

from dataclasses import replace

from myapp_operator.causes import probes, words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.found import Judgement
from myapp_operator.causes.pods import Container, Pod
from myapp_operator.causes.whole import PATIENCE, recovers_in
from myapp_operator.grammar import Json
from myapp_operator.names import Reason

_PULLING = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError"}
    | {"SignatureValidationFailed"}
)
_PULLS_WITHOUT = "FailedToRetrieveImagePullSecret"
_PULLS = 400.0
"""Seconds within which an image is pulled once at least: the kubelet pauses for five minutes at most."""
_CREATING = frozenset({"CreateContainerConfigError", "CreateContainerError"})
_KILLED = frozenset({0, 137, 143})
"""Exit codes of a container that was told to end: in good order, by force, or by the signal itself."""


def judge_container(container: Container, pod: Pod, bench: Bench) -> Judgement:
    """What there is to say of one container."""
    return (
        _not_made(container, pod, bench)
        or _ended(container, pod, bench)
        or _initializing(container, bench)
        or _not_ready(container, pod, bench)
        or Judgement()
    )


def _not_made(container: Container, pod: Pod, bench: Bench) -> Judgement | None:
    """It could not even be created."""
    reason, said = container.waiting.get("reason", ""), container.waiting.get("message") or ""
    image = f'"{container.spec.get("image", "")}"'
    if reason == "InvalidImageName":
        what = f"image name {image} of {container.name} is invalid"
        return Judgement(Reason.INVALID_IMAGE_NAME, what, said, words.of_image)
    if reason in _PULLING:
        what = f"{container.name} cannot pull image {image}{_without_secrets(pod, bench)}"
        asks = pod.uid if pod.pull_secrets else ""
        return Judgement(Reason.IMAGE_PULL_BACK_OFF, what, said, words.of_image, events_of=asks)
    if reason in _CREATING and not words.is_passing(said):
        return Judgement(Reason.CONFIG_ERROR, f"{container.name} cannot be created", said)
    return None


def _without_secrets(pod: Pod, bench: Bench) -> str:
    """Which Secrets for pulling images are missing: the registry only says that somebody may not."""
    told = [each for each in bench.of_pod(pod.uid) if each.reason == _PULLS_WITHOUT and bench.age(each.last) < _PULLS]
    missing = set(words.in_brackets(told[-1].message)) if told else set()
    titles = [f'Secret "{each}"' for each in pod.pull_secrets if each in missing]
    return f" without {words.listed(titles)}, which cannot be found" if titles else ""


def _ended(container: Container, pod: Pod, bench: Bench) -> Judgement | None:
    """It ended although it should run, or failed although others wait for it; so it stays until it has proved itself,
    since it looks well for a moment between two crashes."""
    end = container.end
    if end is None or (container.init and _succeeded(container)):
        return None
    left = None
    if not container.init and container.running_since is not None:
        left = recovers_in(pod, container.running_since, bench)
        if left == 0:
            return None
    if end.get("exitCode") not in _KILLED or end.get("reason") == "OOMKilled" or not probes.may_kill(container):
        return replace(_crash(container, end), again=left)
    return replace(_kill(container, end, bench) or _crash(container, end), again=left, events_of=pod.uid)


def _kill(container: Container, end: Json, bench: Bench) -> Judgement | None:
    """A probe had the kubelet end it, as events tell, or told before they were gone."""
    killer = probes.killer(container, bench, ends_well=end["exitCode"] == 0)
    if killer is not None:
        return Judgement(Reason.NOT_READY, probes.killed_by(container, killer), killer.answer, words.of_probe)
    before, what = bench.before, probes.killed_by(container)
    return Judgement(before.reason, before.message) if before and before.message.startswith(what) else None


def _crash(container: Container, end: Json) -> Judgement:
    if end.get("reason") == "OOMKilled":
        limit = ((container.spec.get("resources") or {}).get("limits") or {}).get("memory")
        more = (
            f"needs more memory than its limit of {limit}" if limit else "was killed, since its node has no memory left"
        )
        return Judgement(Reason.INIT_FAILED if container.init else Reason.OOM_KILLED, f"{container.name} {more}")
    reason = Reason.INIT_FAILED if container.init else Reason.CRASH_LOOP_BACK_OFF
    code, said = end.get("exitCode", 0), end.get("message") or ""
    if end.get("reason") == "StartError":
        return Judgement(reason, f"{container.name} cannot start", said, words.of_start)
    if code == 0:
        return Judgement(reason, f"{container.name} exits with code 0, although it should keep running")
    return Judgement(reason, f"{container.name} exits with code {code}", said, words.telling_line)


def _succeeded(container: Container) -> bool:
    """Whether an init container has done its work, be it after some tries."""
    return bool((container.state.get("terminated") or {"exitCode": 1}).get("exitCode") == 0)


def _initializing(container: Container, bench: Bench) -> Judgement | None:
    """The others wait until it has ended. Slow work is no failure, so the deadline alone ends the patience."""
    if not container.init or container.running_since is None:
        return None
    left = PATIENCE - bench.age(container.running_since)
    if left > 0:
        return Judgement(again=left)
    what = f"{container.name} has not ended, which may take {bench.deadline} seconds (rollout.progressDeadlineSeconds)"
    return Judgement(Reason.INITIALIZING, f"{what}: {bench.logs_of(container.title)}")


def _not_ready(container: Container, pod: Pod, bench: Bench) -> Judgement | None:
    """It runs, but gets no requests."""
    since = container.running_since
    if container.init or container.ready or since is None:
        return None
    if killer := probes.killing(container, bench, since):
        what = probes.killed_by(container, killer)
        return Judgement(Reason.NOT_READY, what, killer.answer, words.of_probe, events_of=pod.uid)
    left = probes.patience(container, bench, since)
    if left > 0:
        kill = probes.first_kill(container) - bench.age(since)
        asks = kill <= 0 or probes.was_started_by_probe(container)
        return Judgement(again=min(left, kill) if kill > 0 else left, events_of=pod.uid if asks else "")
    probe = probes.failing(container, bench)
    if probe is None:
        return Judgement(Reason.NOT_READY, f"{container.name} is not ready")
    what = f"{container.name} is not ready: its {probe.title} fails"
    return Judgement(Reason.NOT_READY, what, probe.answer, words.of_probe, events_of=pod.uid)
