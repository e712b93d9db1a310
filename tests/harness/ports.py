"""Free ports that stay free until somebody listens on them."""

import socket

LOOPBACK = "127.0.0.1"


def hold_port() -> tuple[socket.socket, int]:
    """A port that nobody else gets as long as the socket lives; one who asks for just this port may listen on it.

    Linux allows that as long as the socket that holds the port does not listen itself.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((LOOPBACK, 0))
    return held, int(held.getsockname()[1])
