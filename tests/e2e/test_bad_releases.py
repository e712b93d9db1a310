"""A release that does not work: the user reads why, and the previous pods keep serving."""

import pytest

from tests.harness import Api, Visitor, hasty, myapp, wait_for

MISSING = "nowhere.invalid/app:2"


def stalled(api: Api) -> bool:
    return Api.condition(api.get("myapps", "myapp") or {}, "Stalled").get("status") == "True"


def test_an_image_that_cannot_be_pulled_is_named_and_the_previous_pods_keep_serving(api: Api, visitor: Visitor) -> None:
    api.create("myapps", hasty(rollout={"progressDeadlineSeconds": 10}))
    wait_for("Ready", api.is_ready)
    visitor.start(f"http://myapp-service.{api.namespace}.svc")
    api.edit("myapp", image=MISSING)
    wait_for("the cause, and that it stays", lambda: api.reason() == "ImagePullBackOff" and stalled(api))
    assert f'"{MISSING}"' in api.message()
    app = api.get("myapps", "myapp") or {}
    assert Api.condition(app, "Available")["status"] == "True"
    assert app["status"]["readyReplicas"] == 2
    assert set(visitor.finish()) == {"Hello, World!"}, visitor.failures
    api.edit("myapp", image="myapp:latest")
    wait_for("healed", api.is_ready)
    assert not stalled(api)


@pytest.mark.usefixtures("restricted")
def test_a_release_that_fails_on_import_behind_gunicorn_never_counts_as_ready_and_loses_no_request(
    api: Api, visitor: Visitor, broken_image: str
) -> None:
    quick_to_end = {"drainSeconds": 0, "terminationGracePeriodSeconds": 1}
    api.create("myapps", myapp(rollout={"progressDeadlineSeconds": 10}, **quick_to_end))
    wait_for("Ready", api.is_ready)
    previous = {pod["metadata"]["uid"] for pod in api.list("pods")}
    visitor.start(f"http://myapp-service.{api.namespace}.svc", per_second=20)
    api.edit("myapp", image=broken_image)

    def given_up() -> bool:
        assert not api.is_ready()
        return api.reason() == "CrashLoopBackOff" and stalled(api)

    wait_for("the cause, and that it stays", given_up)
    assert api.message().endswith("ModuleNotFoundError: No module named 'forgotten_dependency'")
    serving = {pod["metadata"]["uid"] for pod in api.list("pods") if Api.condition(pod, "Ready")["status"] == "True"}
    assert previous <= serving
    assert set(visitor.finish()) == {"Hello, World!"}, visitor.failures
    assert Api.condition(api.get("myapps", "myapp") or {}, "Available")["status"] == "True"
    api.edit("myapp", image="myapp:latest")
    wait_for("healed", api.is_ready)
    assert previous <= {pod["metadata"]["uid"] for pod in api.list("pods")}


def test_a_release_that_crashes_goes_back_by_itself_and_loses_no_request(api: Api, visitor: Visitor) -> None:
    api.create("myapps", hasty(rollout={"autoRollback": True}))
    wait_for("Ready", api.is_ready)
    previous = {pod["metadata"]["uid"] for pod in api.list("pods")}
    visitor.start(f"http://myapp-service.{api.namespace}.svc")
    api.edit("myapp", command=["python3", "-c", "raise RuntimeError('no configuration')"])
    wait_for("the cause", lambda: api.reason() == "CrashLoopBackOff")
    api.edit("myapp", rollout={"progressDeadlineSeconds": 5})
    wait_for("RolledBack", lambda: api.reason() == "RolledBack")
    told = 'The cause was CrashLoopBackOff: container "myapp" exits with code 1: RuntimeError: no configuration'
    assert api.message().endswith(told)
    assert Api.condition(api.get("myapps", "myapp") or {}, "Available")["status"] == "True"
    api.edit("myapp", command=None)
    wait_for("healed", api.is_ready)
    assert set(visitor.finish()) == {"Hello, World!"}, visitor.failures
    assert previous <= {pod["metadata"]["uid"] for pod in api.list("pods")}
