"""Objects that tests apply."""

from typing import Any


def myapp(name: str = "myapp", /, **spec: Any) -> dict[str, Any]:
    """A MyApp; without arguments it is the smallest one."""
    return {
        "apiVersion": "apps.example.com/v1",
        "kind": "MyApp",
        "metadata": {"name": name},
        "spec": {"image": "myapp:latest", **spec},
    }
