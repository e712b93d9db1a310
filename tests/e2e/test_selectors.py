"""Pods of others with the label of an app get none of its requests."""

from tests.harness import Api, Kubectl, Visitor, myapp, wait_for

CONTAINER = {
    "name": "report",
    "image": "myapp:latest",
    "imagePullPolicy": "IfNotPresent",
    "command": ["python3", "-c", "import time; time.sleep(300)"],
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "nightly"},
    "spec": {
        "template": {
            "metadata": {"labels": {"app": "myapp", "role": "nightly"}},
            "spec": {"restartPolicy": "Never", "containers": [CONTAINER]},
        }
    },
}


def test_the_pods_of_a_job_with_the_label_of_an_app_get_no_request(
    api: Api, kubectl: Kubectl, visitor: Visitor
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    visitor.start(f"http://myapp-service.{api.namespace}.svc")
    api.request("POST", f"/apis/batch/v1/namespaces/{api.namespace}/jobs", JOB)
    wait_for("the Job has a pod", lambda: api.list("pods", "role=nightly"))
    kubectl("wait", "--for=condition=Ready", "pod", "-l", "role=nightly", "--timeout=60s")
    asked = len(visitor.answers)
    wait_for("sixty more answers", lambda: len(visitor.answers) > asked + 60)
    assert set(visitor.finish()) == {"Hello, World!"}, visitor.failures
