"""A door between the operator and the API server that a test can shut."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.harness.ports import LOOPBACK, hold_port


class Door:
    """Passes bytes on while it is open; shut, it cuts what is open and refuses what comes, as a dead server does.

    Blocked, it takes what comes and passes nothing on, as a server does that hangs.
    """

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        target = urlsplit(config["clusters"][0]["cluster"]["server"])
        self._target = (target.hostname, target.port)
        self._listener: socket.socket | None = None
        self._pairs: list[socket.socket] = []
        self._lock = threading.Lock()
        self._passing = threading.Event()
        self._held, self._port = hold_port()
        config["clusters"][0]["cluster"]["server"] = f"https://{LOOPBACK}:{self._port}"
        self.kubeconfig = kubeconfig.with_suffix(".door")
        """Leads through this door."""
        self.kubeconfig.write_text(yaml.safe_dump(config))

    def open(self) -> None:
        """Lets everybody through from now on."""
        listener = socket.create_server((LOOPBACK, self._port), backlog=128)
        self._listener = listener
        self._passing.set()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def block(self) -> None:
        """Passes nothing on any more, until it is shut."""
        self._passing.clear()

    def shut(self) -> None:
        """Cuts all connections and refuses new ones."""
        if self._listener is None:
            return
        with self._lock:  # nobody is just coming in
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
            pairs, self._pairs = self._pairs, []
        for each in pairs:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._passing.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if listener is not self._listener:  # shut meanwhile
                    near.close()
                    return
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=30)
        except OSError:  # one connection less, not the door shut
            near.close()
            return
        far.settimeout(None)
        self._pairs += [near, far]
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: Any, sink: Any) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
