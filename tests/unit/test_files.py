"""Which MyApps a file holds, and what is wrong with the file itself."""

import io

import pytest

from myapp_operator import files

MYAPP = "apiVersion: apps.example.com/v1\nkind: MyApp\nmetadata: {name: shop}\nspec: {image: a}\n"


def read(text: str, namespace: str | None = None) -> tuple[list[files.Found], list[str]]:
    source = io.StringIO(text)
    source.name = "shop.yaml"  # type: ignore[misc]
    return files.read([source], namespace)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("image: a\n", "document 2: has no apiVersion and no kind: a MyApp has"),
        ("kind: MyApp\nspec: {image: a}\n", "document 2: has no apiVersion: "),
        ("- a\n", "document 2: is no object of Kubernetes"),
        (MYAPP.replace("/v1", "/v1beta1"), "apps.example.com/v1beta1 is not served: write apps.example.com/v1"),
        (MYAPP.replace("MyApp", "Myapp"), 'kind: there is no "Myapp" in apps.example.com: write MyApp'),
        ("kind: List\napiVersion: v1\nitems: [{}]\n", "document 2, items[0]: has no apiVersion"),
    ],
)
def test_what_kubectl_could_do_nothing_with_is_an_error_also_beside_a_good_myapp(document: str, words: str) -> None:
    found, complaints = read(f"{MYAPP}---\n{document}")
    assert len(found) == 1
    (complaint,) = complaints
    assert complaint.startswith("shop.yaml, document 2")
    assert words in complaint


def test_other_kinds_are_passed_over_untouched() -> None:
    others = "apiVersion: v1\nkind: ConfigMap\ndata: 7\n---\napiVersion: other.example.org/v1\nkind: MyApp\n---\n"
    found, complaints = read(others + MYAPP)
    assert (len(found), complaints) == (1, [])
    assert str(found[0].place) == "shop.yaml, document 3"


def test_the_items_of_a_list_are_found() -> None:
    item = '{"apiVersion": "apps.example.com/v1", "kind": "MyApp", "metadata": {"name": "a", "namespace": "b"}}'
    found, complaints = read(f'{{"apiVersion": "apps.example.com/v1", "kind": "MyAppList", "items": [{item}, {item}]}}')
    assert complaints == []
    assert [str(each.place) for each in found] == ["shop.yaml, document 1, items[0]", "shop.yaml, document 1, items[1]"]


def test_a_namespace_is_written_out_and_must_be_the_one_asked_for() -> None:
    found, complaints = read(MYAPP, "web")
    assert (found[0].body["metadata"]["namespace"], complaints) == ("web", [])
    _, (complaint,) = read(MYAPP.replace("name: shop", "name: shop, namespace: other"), "web")
    assert 'the file says "other": leave out --namespace "web"' in complaint
