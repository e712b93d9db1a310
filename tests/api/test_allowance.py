"""What only the administrator of an installation may allow."""

from pathlib import Path

from tests.harness import Api, OperatorProcess, myapp, wait_for

NODE_PORT = myapp(service={"type": "NodePort"})


def service_type(api: Api) -> str:
    return str((api.get("services", "myapp-service") or {}).get("spec", {}).get("type", ""))


def test_a_node_port_is_opened_only_where_the_operator_is_set_to_allow_it(
    api: Api, account: Path, namespace: str, tmp_path: Path
) -> None:
    strict = OperatorProcess(account, tmp_path, "--namespace", namespace)
    strict.start()
    api.create("myapps", NODE_PORT)
    wait_for("the refusal", lambda: api.reason() == "Rejected")
    assert "start it with --allow-service-type NodePort" in api.message()
    assert api.list("services") == api.list("deployments") == []
    strict.stop()

    lenient = OperatorProcess(account, tmp_path, "--namespace", namespace, "--allow-service-type", "NodePort")
    lenient.start()
    wait_for("the Service", lambda: service_type(api) == "NodePort")
    wait_for("Ready", api.is_ready)
    lenient.stop()
