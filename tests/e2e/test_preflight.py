"""What an app refers to, on real containers: a release that lacks something waits, and pods follow what they use."""

from tests.harness import Api, Kubectl, Visitor, ask_once, hasty, myapp, wait_for

PROGRAM = """
import http.server, os

class Word(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ['WORD'].encode())

http.server.ThreadingHTTPServer(('', 5000), Word).serve_forever()
"""
SAYS_ITS_WORD = {"command": ["python3", "-c", PROGRAM], "envFrom": [{"configMapRef": {"name": "settings"}}]}
READS_A_FILE = {
    "volumes": [{"name": "settings", "configMap": {"name": "settings"}}],
    "volumeMounts": [{"name": "settings", "mountPath": "/etc/settings"}],
}


def pods(api: Api) -> set[str]:
    """The pods that are not on their way out."""
    return {
        pod["metadata"]["uid"] for pod in api.list("pods", "app=myapp") if "deletionTimestamp" not in pod["metadata"]
    }


def test_a_release_that_lacks_a_config_map_waits_and_the_running_one_loses_no_request(
    api: Api, kubectl: Kubectl, visitor: Visitor
) -> None:
    api.create("myapps", myapp(rollout={"strategy": "Recreate", "minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    before = pods(api)
    visitor.start(f"http://myapp-service.{api.namespace}.svc")
    api.edit("myapp", **READS_A_FILE)
    wait_for("ReferenceMissing", lambda: api.reason() == "ReferenceMissing")
    assert api.message().startswith('ConfigMap "settings" does not exist (volume "settings"): ')
    assert kubectl("get", "myapps", "--no-headers").split()[1:3] == ["2/2", "ReferenceMissing"]
    assert set(visitor.finish()) == {"Hello, World!"}, visitor.failures
    assert pods(api) == before

    kubectl("create", "configmap", "settings", "--from-literal=word=blue")
    wait_for("Ready", api.is_ready)
    assert not pods(api) & before
    assert kubectl("exec", "deployment/myapp-deployment", "--", "cat", "/etc/settings/word") == "blue"


def test_a_new_app_starts_once_all_it_names_is_there(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty(replicas=1, **SAYS_ITS_WORD))
    wait_for("ReferenceMissing", lambda: api.reason() == "ReferenceMissing")
    assert api.list("pods") == []
    kubectl("create", "configmap", "settings", "--from-literal=WORD=blue")
    wait_for("Ready", api.is_ready)
    assert ask_once(kubectl, f"http://myapp-service.{api.namespace}.svc") == "blue"


def test_only_an_account_that_is_open_to_myapps_comes_into_the_pods(api: Api, kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "robot")
    api.create("myapps", hasty(replicas=1, serviceAccountName="robot"))
    wait_for("ServiceAccountNotAllowed", lambda: api.reason() == "ServiceAccountNotAllowed")
    assert api.condition(api.get("myapps", "myapp") or {}, "Stalled")["status"] == "True"
    assert api.list("pods") == []
    _, _, command = api.message().rpartition(": kubectl ")
    kubectl(*command.split())
    wait_for("Ready", api.is_ready)
    token = ("exec", "deployment/myapp-deployment", "--", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token")
    assert kubectl(*token)


def test_a_changed_value_reaches_the_app_and_loses_no_request(api: Api, kubectl: Kubectl, visitor: Visitor) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=WORD=blue", "--from-literal=unused=x")
    rollout = {"minReadySeconds": 1, "restartOnConfigChange": True}
    api.create("myapps", myapp(rollout=rollout, **SAYS_ITS_WORD))
    wait_for("Ready", api.is_ready)
    before = pods(api)
    visitor.start(f"http://myapp-service.{api.namespace}.svc")
    kubectl("patch", "configmap", "settings", "--patch", '{"data": {"WORD": "red"}}')
    wait_for("the new word", lambda: [*visitor.answers][-1:] == ["red"])
    wait_for("Ready", api.is_ready)
    assert set(visitor.finish()) == {"blue", "red"}, visitor.failures
    assert not pods(api) & before
