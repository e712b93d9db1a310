"""The demo, step by step."""

from dev.cluster.layout import REPOSITORY
from dev.cluster.progress import say
from dev.demo.ground import Ground
from dev.demo.terminal import Terminal, reachable
from dev.images import APP, OPERATOR, Built, build, load
from dev.overlay import OVERLAY, write_overlay
from dev.steps import StepError

SAMPLE = "deploy/samples/myapp.yaml"
READY = "kubectl wait --for=condition=Ready myapp/myapp --timeout=180s"
HELLO = "Hello, World!"
# kube-proxy may be a moment behind the app.
REACH_SECONDS = 5.0


def run(ground: Ground) -> None:
    """Everything once: images, operator, app, the commands of a user, and what to try next."""
    terminal = Terminal(ground.kubectl, ground.environment)
    say("\n[2/5] Two images: the app and the operator\n")
    app, operator = build(APP), build(OPERATOR)
    app_name, operator_name = load(ground.destination, app), load(ground.destination, operator)
    say("\n[3/5] The operator")
    _install(terminal, operator_name)
    say("\n[4/5] An app")
    _apply(terminal, app, app_name)
    say("\n[5/5] What a user sees")
    _look(terminal)
    _say_hello(terminal)
    _scale(terminal)
    _end(ground)


def _install(terminal: Terminal, operator_name: str) -> None:
    folder = write_overlay(operator_name).relative_to(REPOSITORY)
    say(f"\n{folder} is deploy/ and its guard, with the image that was just built.")
    terminal.type(
        f"kubectl apply -k {folder}",
        advice="The operator could not be installed: installing it needs the rights of a cluster administrator.",
    )
    try:
        terminal.type(
            "kubectl rollout status deployment/myapp-operator -n myapp-system --timeout=120s",
            advice="The operator does not become ready: the lines above say why.",
        )
    except StepError as error:
        raise StepError(str(error), [*error.lines, *_of_operator(terminal)]) from error


def _apply(terminal: Terminal, app: Built, app_name: str) -> None:
    earlier = terminal.ask("kubectl get myapp myapp --ignore-not-found -o jsonpath='{.spec.replicas}'")
    if app_name == APP.reference(app.key):
        terminal.type(f"kubectl apply -f {SAMPLE}", advice="The app was refused: the line above says why.")
    else:
        sample = (REPOSITORY / SAMPLE).read_text().replace(APP.reference(app.key), app_name)
        shown = f"sed 's|{APP.reference(app.key)}|{app_name}|' {SAMPLE} | kubectl apply -f -"
        advice = "The app was refused: the line above says why."
        terminal.type("kubectl apply -f -", advice=advice, stdin=sample, shown=shown)
    if earlier not in ("", "2"):
        say(f"\nAn earlier run left it with {earlier} replicas: back to 2, where a new one starts.")
        _type_about_app(terminal, "kubectl scale myapp myapp --replicas=2")
    _restart_if_changed(terminal, app, app_name, existed=bool(earlier))
    _type_about_app(terminal, READY)


def _restart_if_changed(terminal: Terminal, app: Built, app_name: str, *, existed: bool) -> None:
    """Pods keep the image that they started with; under the same name, a newer one needs new pods."""
    last = OVERLAY / "app-key"
    if existed and app_name == APP.reference(app.key) and last.exists() and last.read_text() != app.key:
        say(f"\nThe image {app_name} has changed since the last run; its pods take it up when they start anew.")
        _type_about_app(terminal, "kubectl rollout restart deployment/myapp-deployment")
        _type_about_app(terminal, "kubectl rollout status deployment/myapp-deployment --timeout=180s")
    last.write_text(app.key)


def _look(terminal: Terminal) -> None:
    _type_about_app(terminal, "kubectl get myapps")
    _type_about_app(terminal, "kubectl get pods")


def _say_hello(terminal: Terminal) -> None:
    address = _type_about_app(terminal, "kubectl get service myapp-service -o jsonpath='{.spec.clusterIP}'").strip()
    if reachable(address, 80, seconds=REACH_SECONDS):
        _curl(terminal, f"http://[{address}]" if ":" in address else f"http://{address}")
        return
    say("\nThis machine has no way to that address, which belongs to the cluster's inside: through a tunnel, then.")
    say("\n$ kubectl port-forward service/myapp-service :80 &")
    with terminal.port_forward("service/myapp-service :80") as port:
        _curl(terminal, f"http://127.0.0.1:{port}")


def _curl(terminal: Terminal, url: str) -> None:
    answer = _type_about_app(
        terminal, f"curl --silent --show-error --noproxy '*' --max-time 10 {url}", shown=f"curl {url}"
    )
    if answer != HELLO:
        raise StepError(f"{url} should have answered {HELLO!r}: look at the app's pods.", _of_app(terminal))


def _scale(terminal: Terminal) -> None:
    _type_about_app(terminal, "kubectl scale myapp myapp --replicas=3")
    _type_about_app(terminal, READY)
    _look(terminal)


def _end(ground: Ground) -> None:
    own = ground.own
    say("\nThat was it. The app keeps running. What to try next:\n")
    if own:
        say(f"  export KUBECONFIG={ground.environment['KUBECONFIG']}")
        say(f"  export PATH={ground.kubectl.parent}:$PATH")
    for command, why in (
        ("kubectl delete deployment myapp-deployment", "it comes back"),
        ("kubectl explain myapp.spec", "everything a MyApp can say"),
        ("kubectl apply -f deploy/samples/hello.yaml", "an app that says more of it"),
        ("kubectl logs -n myapp-system -l app.kubernetes.io/name=myapp-operator", "what the operator did"),
    ):
        say(f"  {command:<58} # {why}")
    say("\nTo clean up:\n")
    if own:
        say(f"  {'make cluster-down':<58} # the whole cluster; the cache stays")
        return
    say(f"  {'kubectl delete myapp myapp':<58} # the app and all it owns")
    say(f"  {f'kubectl delete -k {OVERLAY.relative_to(REPOSITORY)}':<58} # the operator, and with its CRD every MyApp")


def _type_about_app(terminal: Terminal, command: str, *, shown: str = "") -> str:
    """Type a command whose failure the app's pods and the operator's log explain."""
    try:
        return terminal.type(command, advice="The app is not as it should be: the lines above say why.", shown=shown)
    except StepError as error:
        raise StepError(str(error), [*error.lines, *_of_app(terminal), *_of_operator(terminal)]) from error


def _of_app(terminal: Terminal) -> list[str]:
    return terminal.evidence(
        "kubectl get myapps -o wide",
        "kubectl get pods -o wide",
        "kubectl logs -l app=myapp --tail=8",
        "kubectl get events --field-selector type=Warning --sort-by=.lastTimestamp",
    )


def _of_operator(terminal: Terminal) -> list[str]:
    return terminal.evidence(
        "kubectl get pods -n myapp-system",
        "kubectl get events -n myapp-system --field-selector type=Warning --sort-by=.lastTimestamp",
        "kubectl logs -n myapp-system -l app.kubernetes.io/name=myapp-operator --tail=12",
    )
