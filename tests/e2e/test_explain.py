"""`kubectl myapp explain` on real containers: the log lines that end the search."""

from dev.cluster import Cluster
from tests.harness import Api, hasty, kubectl_myapp, wait_for

# Both on stderr, as the traceback is: lines of two streams arrive in any order.
CRASH = "import sys; print('the last words', file=sys.stderr); import nothing_of_this_name"
LOG = "\nLast lines of "


def test_a_crashing_app_is_explained_by_the_last_lines_of_its_log(cluster: Cluster, api: Api) -> None:
    api.create("myapps", hasty(replicas=1, command=["python3", "-c", CRASH]))

    def explained() -> str:
        done = kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace, "myapp")
        assert done.exit_code == 0, done.stderr
        return done.stdout if "before: ended with exit code 1" in done.stdout and LOG in done.stdout else ""

    text = wait_for("it was started again and its log is shown", explained, every=1)
    log = text.split(LOG)[1].splitlines()
    assert log[1] == "  the last words"
    assert log[-1] == "  ModuleNotFoundError: No module named 'nothing_of_this_name'"
