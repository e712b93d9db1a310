"""What is sent for an apply: JSON that YAML reads the same way."""

import json

import pytest
import yaml

from myapp_operator.kube import yaml_bytes

TEXTS = {
    "umlauts": "Gr\u00fc\u00dfe",
    "an emoji": "\U0001f600",
    "line ends of old": "\x85\u2028\u2029",
    "what YAML refuses as it is": "\x00\x7f\x9b\ufeff\ufffe",
    "what looks like an escape": "\\ud83d",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_reads_the_same_as_json_and_as_yaml(text: str) -> None:
    sent = yaml_bytes({text: [text]})
    assert json.loads(sent) == {text: [text]}
    assert yaml.safe_load(sent) == {text: [text]}
