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


def test_an_annotation_on_which_controllers_act_is_set_only_where_the_operator_is_set_to_allow_it(
    api: Api, account: Path, namespace: str, tmp_path: Path
) -> None:
    key = "nginx.ingress.kubernetes.io/proxy-body-size"
    spec = {"ingress": {"host": "shop.example.com", "annotations": {key: "8m", "cert-manager.io/issuer": "ours"}}}
    strict = OperatorProcess(account, tmp_path, "--namespace", namespace)
    strict.start()
    api.create("myapps", myapp(**spec))
    wait_for("the refusal", lambda: api.reason() == "Rejected")
    assert api.message() == (
        f"spec.ingress.annotations: {key} is not allowed by this operator's settings: remove it, or have its "
        f"administrator start it with --allow-annotation {key}"
    )
    assert api.list("ingresses") == []
    strict.stop()

    lenient = OperatorProcess(account, tmp_path, "--namespace", namespace, "--allow-annotation", key)
    lenient.start()
    wait_for("Ready", api.is_ready, seconds=60)
    (ingress,) = api.list("ingresses")
    assert ingress["metadata"]["annotations"].items() >= spec["ingress"]["annotations"].items()  # type: ignore[attr-defined]
    lenient.stop()


def test_a_host_beyond_the_allowed_domains_makes_no_ingress(
    api: Api, account: Path, namespace: str, tmp_path: Path
) -> None:
    operator = OperatorProcess(account, tmp_path, "--namespace", namespace, "--allow-host-suffix", "Example.com.")
    operator.start()
    api.create("myapps", myapp(ingress={"host": "evilexample.com"}))
    wait_for("the refusal", lambda: api.reason() == "Rejected")
    assert "evilexample.com is not allowed" in api.message()
    assert "use a host within example.com" in api.message()
    assert api.list("ingresses") == []
    api.edit("myapp", ingress={"host": "*.shop.example.com"})
    wait_for("Ready", api.is_ready, seconds=60)
    assert len(api.list("ingresses")) == 1
    operator.stop()


def test_pods_carry_the_recommended_labels_and_harmless_annotations(api: Api, operator: OperatorProcess) -> None:
    labels = {"app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "1.2"}
    annotations = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
    api.create("myapps", myapp(replicas=1, podMetadata={"labels": labels, "annotations": annotations}))
    wait_for("a pod", lambda: api.list("pods"))
    metadata = api.list("pods")[0]["metadata"]
    assert metadata["labels"].items() >= labels.items()
    assert metadata["annotations"].items() >= annotations.items()
    api.edit("myapp", podMetadata={"annotations": {"scheduler.alpha.kubernetes.io/a": "b"}})
    wait_for("the refusal", lambda: api.reason() == "Rejected")
    assert "start it with --allow-annotation scheduler.alpha.kubernetes.io/a" in api.message()
