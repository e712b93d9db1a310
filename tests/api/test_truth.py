"""Ready is never said of a generation that is not entirely rolled out, however fast the user changes his mind."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness import Api, OperatorProcess, Witness, myapp, version, wait_for

EDITS = 200
NAMES = ("one", "two", "three", "four")
Json = dict[str, Any]


@pytest.fixture
def deployments(api: Api) -> Iterator[Witness]:
    witness = Witness(api, "deployments")
    yield witness
    witness.close()


@pytest.mark.timeout(600)
def test_ready_is_never_said_too_early(
    api: Api, operator: OperatorProcess, witness: Witness, deployments: Witness
) -> None:
    seed = random.randrange(10_000)  # noqa: S311
    print(f"seed {seed}")
    dice = random.Random(seed)  # noqa: S311
    for name in NAMES:
        api.create("myapps", myapp(name, drainSeconds=0, rollout={"minReadySeconds": 0}))
    for number in range(EDITS):
        name = dice.choice(NAMES)
        api.edit(name, **change(dice))
        if number % 10 == 9:  # else hardly anything would ever be Ready
            wait_for(f"{name} is Ready", lambda name=name: api.is_ready(name))
        else:
            time.sleep(dice.random() / 4)  # what is tested is that edits meet rollouts at any moment
    wait_for("all are Ready", lambda: all(api.is_ready(name) for name in NAMES))
    witness.catch_up()
    deployments.catch_up()
    said = {name: list(ready_versions(witness, name)) for name in NAMES}
    for name in NAMES:
        for app in said[name]:
            where = f"{name}, generation {app['metadata']['generation']}, version {version(app)}"
            assert was_rolled_out(app, witness, deployments), f"Ready too early: {where}"
    assert sum(len(each) for each in said.values()) > EDITS / 20


def change(dice: random.Random) -> Json:
    """One edit. Few images, so that users go back to earlier ones, whose ReplicaSets are still there."""
    return dice.choice(
        (
            {"image": f"myapp:{dice.randint(1, 3)}"},
            {"replicas": dice.randint(0, 5)},
            {"suspend": dice.random() < 0.4},
            {"env": [{"name": "COLOUR", "value": dice.choice(("red", "green"))}]},
        )
    )


def ready_versions(witness: Witness, name: str) -> Iterator[Json]:
    """The versions of a MyApp whose status says Ready of the very spec that stands there."""
    for app in witness.of(name):
        ready = Api.condition(app, "Ready")
        if ready.get("status") == "True" and ready["observedGeneration"] == app["metadata"]["generation"]:
            yield app


def was_rolled_out(app: Json, witness: Witness, deployments: Witness) -> bool:
    """Whether its Deployment had arrived at this spec at any moment between the edit and this status.

    At any moment: what the controllers do while the status is on its way cannot be known to whoever writes it.
    """
    name, generation = app["metadata"]["name"], app["metadata"]["generation"]
    edited = min(version(each) for each in witness.of(name) if each["metadata"]["generation"] == generation)
    states = [each for each in deployments.of(f"{name}-deployment") if version(each) < version(app)]
    before = [each for each in states if version(each) < edited][-1:]
    return any(
        has_arrived(each, app["spec"]) for each in [*before, *states] if each in before or version(each) > edited
    )


def has_arrived(deployment: Json, spec: Json) -> bool:
    """Whether this version of a Deployment runs this spec entirely, and nothing else."""
    wanted = 0 if spec.get("suspend") else spec["replicas"]
    container, status = deployment["spec"]["template"]["spec"]["containers"][0], deployment["status"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    colour = {each["name"]: each.get("value") for each in spec.get("env", ())}.get("COLOUR")
    counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
    return (
        (container["image"], env.get("COLOUR"), deployment["spec"]["replicas"]) == (spec["image"], colour, wanted)
        and status.get("observedGeneration") == deployment["metadata"]["generation"]
        and counts == {wanted}
    )
