"""`myapp-operator render` and `crd`, as typed."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from myapp_operator import logs, stopping
from myapp_operator import run as running
from myapp_operator.allowance import Allowance
from myapp_operator.cli import main
from myapp_operator.commands import plugin
from tests.unit import golden

ROOT = Path(__file__).parents[2]
MYAPP = "apiVersion: apps.example.com/v1\nkind: MyApp\nmetadata: {name: myapp}\nspec: {image: a}\n"


def render(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["render", *(arguments or ("-",))], input=text)


def names_of(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [each["metadata"]["name"] for each in yaml.safe_load_all(result.stdout)]


def complaint(text: str) -> str:
    """What the user reads: one sentence on stderr, nothing on stdout, no traceback."""
    result = render(text)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    return result.stderr


def test_render_prints_the_children() -> None:
    assert names_of(render(MYAPP)) == ["myapp-deployment", "myapp-service"]


def test_render_takes_several_files_and_several_documents() -> None:
    result = render("", *(str(golden.source(case)) for case in ("smallest", "everything")))
    assert names_of(result) == ["myapp-deployment", "myapp-service", "shop-deployment", "shop-service"]
    two = MYAPP + "---\n" + MYAPP.replace("name: myapp", "name: other")
    assert names_of(render(two))[2:] == ["other-deployment", "other-service"]


def test_render_passes_over_other_objects_and_empty_documents() -> None:
    mixed = "---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n" + MYAPP + "---\n# no more\n"
    assert names_of(render(mixed)) == ["myapp-deployment", "myapp-service"]


def test_render_names_no_owner_since_nothing_is_stored() -> None:
    for child in yaml.safe_load_all(render(MYAPP).stdout):
        assert "ownerReferences" not in child["metadata"]


def test_render_of_a_stored_myapp_is_that_of_its_file() -> None:
    """`kubectl get myapp -o yaml | myapp-operator render -`."""
    stored = yaml.safe_load(MYAPP)
    stored["metadata"] |= {"namespace": "default", "uid": "u", "resourceVersion": "7", "generation": 3}
    stored["status"] = {"observedGeneration": 3}
    assert render(yaml.safe_dump(stored)).stdout == render(MYAPP).stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "apiVersion: apps/v1\nkind: Deployment\n",
            "holds no MyApp: give a file with apiVersion apps.example.com/v1",
            id="none",
        ),
        pytest.param("", "holds no MyApp", id="empty"),
        pytest.param("a: b: c\n", "is no YAML", id="no YAML"),
        pytest.param(
            "apiVersion: apps.example.com/v1\nkind: MyApp\nmetadata: {name: a}\n",
            "document 1: spec: must be given",
            id="no spec",
        ),
        pytest.param(MYAPP.replace("image: a", "image: a, nope: 1"), "spec.nope: there is no", id="unknown field"),
        pytest.param(MYAPP.replace("image: a", "image: a, replicas: -1"), "spec.replicas: ", id="invalid value"),
        pytest.param(
            MYAPP.replace("image: a", "image: a, drainSeconds: 60"),
            "Seconds: terminationGrace",
            id="a rule",
        ),
    ],
)
def test_render_says_what_is_wrong_with_a_file(text: str, words: str) -> None:
    assert words in complaint(text)


@pytest.mark.parametrize("program", [(main, "render", 1), (plugin, "diff", 2)], ids=["render", "diff"])
def test_a_file_that_is_not_utf_8_is_an_error_in_one_sentence(
    tmp_path: Path, program: tuple[click.Group, str, int]
) -> None:
    """For diff it would otherwise end as if something would change."""
    commands, command, code = program
    file = tmp_path / "myapp.yaml"
    file.write_bytes(MYAPP.replace("image: a", "image: caf\xe9").encode("latin-1"))
    more = ["--kubeconfig", kubeconfig(tmp_path, NOBODY)] if command == "diff" else []
    result = CliRunner().invoke(commands, [command, str(file), *more])
    assert (result.exit_code, result.stdout) == (code, "")
    assert "is not UTF-8: save it as UTF-8" in result.stderr


def test_render_of_a_bad_file_prints_nothing_of_the_good_ones() -> None:
    assert "spec.image" in complaint(MYAPP + "---\n" + MYAPP.replace("image: a", ""))


def test_render_of_a_missing_file() -> None:
    result = render("", "nowhere.yaml")
    assert result.exit_code == 2
    assert "nowhere.yaml" in result.stderr


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--allow-annotation", "*", "'*' is neither a key"),
        ("--allow-annotation", "example.com/", "'example.com/' is neither a key"),
        ("--allow-annotation", "example.com/a*", "'example.com/a*' is neither a key"),
        ("--allow-annotation", "example.com/a=b", "'example.com/a=b' is neither a key"),
        ("--allow-host-suffix", "", "'' is no domain"),
        ("--allow-host-suffix", "*", "'*' is no domain"),
        ("--allow-host-suffix", "https://example.com", "'https://example.com' is no domain"),
    ],
)
def test_run_refuses_leave_that_would_allow_nothing_or_everything(option: str, text: str, words: str) -> None:
    result = CliRunner().invoke(main, ["run", option, text])
    assert (result.exit_code, words in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize(
    ("arguments", "allowance"),
    [
        ((), Allowance()),
        (
            ("--allow-annotation", "nginx.org/*", "--allow-annotation", "note"),
            Allowance(annotations=("nginx.org/*", "note")),
        ),
        (("--allow-host-suffix", "*.Example.com."), Allowance(host_suffixes=("example.com",))),
        (("--allow-host-suffix", ".example.com"), Allowance(host_suffixes=("example.com",))),
    ],
)
def test_run_takes_leave_as_it_is_compared(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], allowance: Allowance
) -> None:
    given: list[running.Settings] = []

    async def run(settings: running.Settings) -> None:
        given.append(settings)

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr(stopping, "exit_on_signal", lambda: None)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    assert CliRunner().invoke(main, ["run", *arguments]).exit_code == 0
    assert [each.allowance for each in given] == [allowance]


@pytest.mark.parametrize("name", ["Bad_NS", "", "a" * 64, "ends-"])
def test_run_refuses_what_can_be_no_namespace(name: str) -> None:
    result = CliRunner().invoke(main, ["run", "--namespace", name])
    assert result.exit_code == 2
    assert f"'{name}' can be no namespace" in result.stderr


@pytest.mark.parametrize("name", ["1app", "my.app", "a" * 56, "My"])
def test_render_refuses_a_name_that_the_api_server_refuses(name: str) -> None:
    assert "name" in complaint(MYAPP.replace("name: myapp", f"name: {name}"))


def test_render_passes_over_a_myapp_of_another_group() -> None:
    assert "holds no MyApp" in complaint(MYAPP.replace("apps.example.com", "other.example.org"))


def test_render_takes_a_list_as_kubectl_get_prints_it() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(MYAPP)]}
    assert names_of(render(yaml.safe_dump(listed))) == ["myapp-deployment", "myapp-service"]


def test_render_takes_a_date_for_a_string_as_kubectl_does() -> None:
    dated = MYAPP.replace("image: a", "image: a, env: [{name: SINCE, value: 2030-01-01}]")
    assert names_of(render(dated)) == ["myapp-deployment", "myapp-service"]


def test_render_says_when_metadata_is_no_map() -> None:
    complaint("apiVersion: apps.example.com/v1\nkind: MyApp\nmetadata: myapp\nspec: {image: a}\n")


def test_render_prints_a_list_in_json_as_kubectl_get_does() -> None:
    listed = json.loads(render(MYAPP, "-o", "json", "-").stdout)
    assert (listed["apiVersion"], listed["kind"]) == ("v1", "List")
    assert listed["items"] == [*yaml.safe_load_all(render(MYAPP).stdout)]


def test_render_puts_what_names_no_namespace_into_the_one_asked_for() -> None:
    placed = [*yaml.safe_load_all(render(MYAPP, "-n", "web", "-").stdout)]
    assert {child["metadata"]["namespace"] for child in placed} == {"web"}


def test_render_says_when_the_file_is_for_another_namespace() -> None:
    result = render(MYAPP.replace("{name: myapp}", "{name: myapp, namespace: shop}"), "-n", "web", "-")
    assert result.exit_code == 1
    assert 'the file says "shop": leave out --namespace "web"' in result.stderr


def test_crd_prints_what_is_installed() -> None:
    result = CliRunner().invoke(main, ["crd"])
    assert result.exit_code == 0
    assert result.stdout == (ROOT / "crds/myapps.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", [main, plugin])
def test_no_line_of_the_help_is_cut(program: click.Group) -> None:
    assert "..." not in CliRunner().invoke(program, ["-h"], terminal_width=80).output.replace("[ARGS]...", "")


def test_the_running_operator_carries_neither_cel_nor_the_schemas() -> None:
    program = "import sys; from myapp_operator import cli, run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "myapp_operator.run" in loaded
    assert not loaded & {"cel", "myapp_operator.judging", "myapp_operator.crd"}


@pytest.mark.parametrize("command", [["render", "deploy/samples/myapp.yaml"], ["crd"], ["--help"]], ids=str)
def test_a_full_disk_is_one_sentence(command: list[str]) -> None:
    program = "from myapp_operator.cli import main; main(prog_name='it')"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, *command],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "Error: the output cannot be written: No space left on device\n")


def test_the_first_log_line_names_the_version() -> None:
    program = "from myapp_operator.cli import main; main(prog_name='it')"
    options = ["run", "--kubeconfig", "/nowhere", "--log-format", "json"]
    given = [sys.executable, "-c", program, *options]
    done = subprocess.run(given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    first = json.loads(done.stderr.splitlines()[0])
    assert first["message"] == f"myapp-operator {version('myapp-operator')} starts"


def test_a_reader_who_has_gone_away_is_no_error() -> None:
    program = "from myapp_operator.cli import main; main(prog_name='it')"
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-c", program, "crd"],
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["deployment/shop", "Shop", "shop?dryRun="])
def test_explain_refuses_what_can_be_no_myapp(name: str) -> None:
    result = CliRunner().invoke(plugin, ["explain", name])
    assert result.exit_code == 2
    assert "write shop, or myapp/shop" in result.stderr


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_diff_puts_nothing_but_a_name_into_a_path(tmp_path: Path, field: str) -> None:
    """Else a file could take the dry run out of the request."""
    text = yaml.safe_dump({**yaml.safe_load(MYAPP), "metadata": {"name": "a", "namespace": "b", field: "x?y="}})
    result = CliRunner().invoke(plugin, ["diff", "--kubeconfig", kubeconfig(tmp_path, NOBODY), "-"], input=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"document 1: metadata.{field}: must hold only" in result.stderr


def test_help_lists_the_commands() -> None:
    text = CliRunner().invoke(main, ["-h"]).output
    assert all(command in text for command in ("run", "crd", "render", "diff", "explain"))


def test_the_kubectl_plugin_has_just_the_commands_that_show() -> None:
    assert sorted(plugin.commands) == ["diff", "explain", "render"]


def kubeconfig(folder: Path, text: str) -> str:
    path = folder / "kubeconfig"
    path.write_text(text, encoding="utf-8")
    return str(path)


NOBODY = """
apiVersion: v1
kind: Config
current-context: it
contexts: [{name: it, context: {cluster: it, user: it}}]
clusters: [{name: it, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: it, user: {token: t}}]
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(NOBODY, "no answer from the API server at http://127.0.0.1:1", id="nobody there"),
        pytest.param("kind: Config\n", "no usable kubeconfig", id="empty"),
        pytest.param("a: [", "no usable kubeconfig", id="no YAML"),
    ],
)
@pytest.mark.parametrize(("command", "code"), [("diff -", 2), ("explain myapp", 1)])
def test_without_a_cluster_a_command_says_so_in_one_sentence(
    tmp_path: Path, text: str, words: str, command: str, code: int
) -> None:
    arguments = [*command.split(), "--kubeconfig", kubeconfig(tmp_path, text)]
    result = CliRunner().invoke(plugin, arguments, input=MYAPP)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"Error: {words}")
    assert "Traceback" not in result.stderr


def test_diff_of_a_bad_file_is_an_error(tmp_path: Path) -> None:
    arguments = ["diff", "--kubeconfig", kubeconfig(tmp_path, NOBODY), "-"]
    result = CliRunner().invoke(plugin, arguments, input="apiVersion: v1\nkind: Pod\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds no MyApp" in result.stderr
