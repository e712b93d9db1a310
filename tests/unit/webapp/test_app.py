"""What the sample app answers."""

import pytest

from myapp_webapp import create_app


def test_says_exactly_hello_world() -> None:
    answer = create_app().test_client().get("/")
    assert answer.status_code == 200
    assert answer.data == b"Hello, World!"
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_get_200(path: str) -> None:
    assert create_app().test_client().get(path).status_code == 200
