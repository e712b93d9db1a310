"""Published OpenAPI becomes a structural schema with bounds, tried on a type that has all its peculiarities."""

import pytest

from myapp_operator.crd import bounds, kubetypes
from myapp_operator.grammar import Json, KubeType

PREFIX = "#/components/schemas/"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
DEFINITIONS: Json = {
    "io.k8s.api.core.v1.Toy": {
        "type": "object",
        "description": "A toy.",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "default": "", "description": "Its name."},
            "protocol": {"type": "string", "default": "TCP", "description": "How it talks."},
            "home": {"allOf": [{"$ref": f"{PREFIX}io.k8s.api.core.v1.Home"}], "default": {}, "description": "Where."},
            "sizes": {"type": "object", "additionalProperties": {"$ref": PREFIX + QUANTITY}, "description": "Big?"},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Words."},
            "homes": {
                "type": "array",
                "description": "All.",
                "items": {"allOf": [{"$ref": f"{PREFIX}io.k8s.api.core.v1.Home"}], "default": {}},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port"],
                "x-kubernetes-patch-strategy": "merge",
                "x-kubernetes-patch-merge-key": "port",
            },
        },
    },
    "io.k8s.api.core.v1.Home": {
        "type": "object",
        "description": "A home.",
        "required": ["port"],
        "properties": {
            "host": {"type": "string", "description": "Its host."},
            "port": {"type": "integer", "format": "int32", "default": 0, "description": "Its port."},
        },
        "x-kubernetes-map-type": "atomic",
    },
    QUANTITY: {"oneOf": [{"type": "string"}, {"type": "number"}], "description": "A number."},
}
HOME: Json = {
    "type": "object",
    "required": ["port"],
    "x-kubernetes-map-type": "atomic",
    "properties": {
        "host": {"type": "string", "maxLength": 1024},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    },
}


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubetypes, "_definitions", lambda: DEFINITIONS)


def field(mark: KubeType, name: str) -> Json:
    """Return the schema of one field of the type, without its description."""
    schema: Json = kubetypes.resolve(mark)["properties"][name]
    return {key: value for key, value in schema.items() if key != "description"}


def test_references_are_resolved_and_numbers_bounded() -> None:
    assert field(KubeType("Toy"), "home") == HOME


def test_zero_values_are_no_defaults_but_real_ones_stay() -> None:
    assert field(KubeType("Toy"), "name") == {"type": "string", "maxLength": 253}
    assert field(KubeType("Toy"), "protocol") == {"type": "string", "maxLength": 1024, "default": "TCP"}


def test_lists_keep_their_merge_keys_and_lose_the_older_way_to_say_so() -> None:
    assert field(KubeType("Toy"), "homes") == {
        "type": "array",
        "maxItems": bounds.MAX_ITEMS,
        "items": HOME,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port"],
    }


def test_maps_are_bounded() -> None:
    labels = field(KubeType("Toy"), "labels")
    assert labels == {
        "type": "object",
        "maxProperties": bounds.MAX_PROPERTIES,
        "additionalProperties": {"type": "string", "maxLength": 1024},
    }


def test_a_map_with_known_entries_becomes_an_object() -> None:
    sizes = field(KubeType("Toy", entries=("cpu",)), "sizes")
    assert list(sizes["properties"]) == ["cpu"]
    assert sizes["properties"]["cpu"]["x-kubernetes-int-or-string"] is True
    assert "additionalProperties" not in sizes


def test_only_own_fields_are_described() -> None:
    schema = kubetypes.resolve(KubeType("Toy"))
    assert "description" not in schema
    assert schema["properties"]["home"]["description"] == "Where."


def test_without_drops_a_field_at_any_depth() -> None:
    mark = KubeType("Toy", without=("host",))
    assert list(field(mark, "home")["properties"]) == ["port"]
    assert list(field(mark, "homes")["items"]["properties"]) == ["port"]


def test_only_keeps_what_it_names() -> None:
    assert list(kubetypes.resolve(KubeType("Toy", only=("home", "name")))["properties"]) == ["home", "name"]


def test_merge_keys_are_required() -> None:
    assert kubetypes.resolve(KubeType("Toy", keys=("protocol",)))["required"] == ["name", "protocol"]


def test_a_type_that_the_extract_lacks() -> None:
    with pytest.raises(KeyError, match="run `make kubernetes-schemas`"):
        kubetypes.resolve(KubeType("Volume"))


def test_a_long_description_is_its_first_sentence() -> None:
    first = "Where it lives, which is a house of some size."
    assert kubetypes.in_short(f"{first} {'And so on. ' * 20}") == first
    assert kubetypes.in_short("Short. All of it. More info: https://example.com/") == "Short. All of it."
    assert kubetypes.in_short("x" * 500) == "x" * 500


def test_a_field_of_few_words_takes_these_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "CHOICES", {"Toy": {"protocol": ("TCP", "UDP")}, "Home": {"gone": ("a",)}})
    assert field(KubeType("Toy"), "protocol") == {"type": "string", "default": "TCP", "enum": ["TCP", "UDP"]}


def test_an_int_or_string_is_said_once() -> None:
    """With the usual `anyOf` the server answers `cpu: 0.5` with one sentence for each of the two, and one for both."""
    assert field(KubeType("Toy", entries=("cpu",)), "sizes")["properties"]["cpu"].keys() == {
        "x-kubernetes-int-or-string",
        "maxLength",
        "x-kubernetes-validations",
    }
