"""The app behind gunicorn, as the image starts it: no shell, no home folder, an orderly end at SIGTERM."""

import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SLOW_APP = """
import pathlib
import time

def app(environ, start_response):
    pathlib.Path(__file__).with_name("begun").touch()
    time.sleep(1)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""

Serve = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts gunicorn with our configuration; gives the process and its URL."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:myapp_webapp.gunicorn_conf", *arguments],
            # Port 0: the system picks a free one.
            env={"PORT": "0", "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(server)
        assert server.stdout is not None
        listening = next(filter(None, (re.search(r"http://0\.0\.0\.0:(\d+)", line) for line in server.stdout)))
        return server, f"http://127.0.0.1:{listening[1]}/"

    yield start
    for server in started:
        server.kill()
        server.communicate()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - our own server
        body: bytes = answer.read()
        return body


def test_serves_logs_writes_no_file_and_ends_at_sigterm(serve: Serve, tmp_path: Path) -> None:
    server, url = serve()
    assert get(url) == b"Hello, World!"
    server.send_signal(signal.SIGTERM)
    output, _ = server.communicate(timeout=120)
    assert server.returncode == 0, output
    assert '"GET / HTTP/1.1" 200' in output, "the access log goes to stdout"
    assert not list(tmp_path.iterdir())


def test_sigterm_lets_a_request_under_way_finish(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW_APP)
    server, url = serve("--pythonpath", str(tmp_path), "slow:app")
    answers: list[bytes] = []
    client = threading.Thread(target=lambda: answers.append(get(url)))
    client.start()
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    server.send_signal(signal.SIGTERM)
    client.join()
    assert answers == [b"done"]
