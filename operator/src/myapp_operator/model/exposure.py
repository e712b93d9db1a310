"""How the app is reached."""

from __future__ import annotations

from myapp_operator.grammar import Part
from myapp_operator.model.values import Port


class Service(Part):
    """How other pods reach the app: the Service `<name>-service`."""

    port: Port = 80
    """Port of the Service. It leads to the container's port."""
