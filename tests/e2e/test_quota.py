"""Pods that the server refuses: its own words reach the user, and the app heals when the cause is gone."""

import time

from tests.harness import Api, Kubectl, hasty, wait_for


def tire_out(api: Api) -> None:
    """Each failed attempt doubles the pause of the controller that makes the pods: now it is minutes, unless something
    happens to its pods."""
    wait_for("the one pod is ready", lambda: api.list("replicasets")[0]["status"].get("availableReplicas") == 1)
    (replicaset,) = api.list("replicasets")
    for attempt in range(18):
        api.patch("replicasets", replicaset["metadata"]["name"], {"metadata": {"annotations": {"try": str(attempt)}}})
        time.sleep(0.1)  # or two patches would be one attempt


def test_a_quota_on_pods_is_told_in_the_servers_words_and_the_app_heals_when_it_is_lifted(
    api: Api, kubectl: Kubectl
) -> None:
    kubectl("create", "quota", "tight", "--hard=pods=1")
    wait_for("the quota counts", lambda: "0" in kubectl("get", "quota", "tight", "-o", "jsonpath={.status.used.pods}"))
    api.create("myapps", hasty(replicas=2))
    wait_for("QuotaExceeded", lambda: api.reason() == "QuotaExceeded")
    assert "exceeded quota: tight, requested: pods=1" in api.message()
    assert "limited: pods=1" in api.message()
    assert kubectl("get", "myapps", "--no-headers").split()[2] == "QuotaExceeded"
    tire_out(api)
    kubectl("delete", "quota", "tight")
    wait_for("healed", api.is_ready)
