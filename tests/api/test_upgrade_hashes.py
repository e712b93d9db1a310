"""A new release over hashes that an earlier one wrote in 64 bits: they count on, nothing is restarted or written."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.test_preflight import URL, account, config_map
from tests.api.test_upgrade import Run, cluster, namespace, run
from tests.harness import Api, Audit, Release, hasty, never, wait_for

__all__ = ["cluster", "namespace", "run"]

Json = dict[str, Any]
RELEASES = Path(__file__).parent / "releases"
LOST = {"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "lost", "key": "url"}}}
SPECS: dict[str, Json] = {
    "follows": {"env": [URL], "rollout": {"restartOnConfigChange": True}},
    "trusted": {"serviceAccountName": "robot"},
    "loses": {"env": [LOST]},
    "waits": {},
}


def deployment(api: Api, name: str) -> Json:
    return api.get("deployments", f"{name}-deployment") or {}


def pods(api: Api) -> dict[str, set[str]]:
    found = {name: api.list("pods", f"app={name}") for name in SPECS}
    return {name: {each["metadata"]["uid"] for each in found[name]} for name in SPECS}


@pytest.mark.timeout(600)
def test_an_upgrade_from_hashes_of_64_bits_restarts_no_pod_and_writes_no_deployment(
    run: Run, api: Api, audit: Audit, tmp_path: Path
) -> None:
    before = run(Release.unpack(RELEASES / "one-label.tar.xz", tmp_path / "release"))
    for name in ("settings", "lost"):
        api.create("configmaps", config_map(name, url="http://db"))
    api.create("serviceaccounts", account(usable="true"))
    for name, spec in SPECS.items():
        api.create("myapps", hasty(name, replicas=1, **spec))
    wait_for("all are Ready", lambda: all(api.is_ready(name) for name in SPECS))
    api.delete("configmaps", "lost")
    api.edit("waits", env=[{"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "url"}}}])
    wait_for("held", lambda: api.reason("waits") == "ReferenceMissing")
    before.stop()
    old = {name: deployment(api, name) for name in SPECS}
    assert len(old["follows"]["metadata"]["annotations"]["apps.example.com/applied"]) == 16
    had = pods(api)

    audit.restart()
    run()
    api.create("myapps", hasty("later", replicas=1))
    wait_for("a new app is Ready", lambda: api.is_ready("later"))

    def written() -> list[str]:
        found = [each.name for each in audit.writes() if each.resource == "deployments"]
        return [each for each in found if each not in ("later-deployment", "waits-deployment")]

    never("a write to a Deployment that was there", written, seconds=5)
    assert pods(api) == had
    assert {name: deployment(api, name)["spec"] for name in SPECS} == {name: old[name]["spec"] for name in SPECS}

    api.edit("loses", rollout={"revisionHistoryLimit": 3})
    wait_for("written", lambda: deployment(api, "loses")["spec"]["revisionHistoryLimit"] == 3)
    never("another version", lambda: pods(api) != had, seconds=2)
    api.patch("configmaps", "settings", {"data": {"url": "http://other"}})
    wait_for("a new version", lambda: len(api.list("replicasets", "app=follows")) == 2)
    assert len(deployment(api, "follows")["metadata"]["annotations"]["apps.example.com/applied"]) == 32
