"""How little memory the process gets by with: settings of Python itself, for all of it. See docs/decisions/0014."""

from __future__ import annotations

import gc
from asyncio import sslproto

TLS_BUFFER = 64 * 1024
"""Bytes that each TLS connection sets aside to read into. There are about forty, and asyncio gives each 256 kB."""

_YOUNG = 10_000
"""Objects made before the youngest are searched for garbage: Python's 700 doubles the cost of reading a long list, and
with 50,000 some hundred MyApps linger, as kopf leaves each in a cycle."""


def reduce() -> None:
    """Applies to what is made from now on."""
    gc.set_threshold(_YOUNG, 20, 100)
    sslproto.SSLProtocol.max_size = TLS_BUFFER
