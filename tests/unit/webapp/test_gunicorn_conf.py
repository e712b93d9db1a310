"""The app behind gunicorn, as the image starts it: no shell, no home folder, a clean end at SIGTERM."""

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path


def test_serves_writes_no_file_and_ends_at_sigterm(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "python:myapp_webapp.gunicorn_conf"],
        env={"PORT": "0", "HOME": str(home), "PYTHONUNBUFFERED": "1"},  # port 0: the system picks a free one
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        listening = next(filter(None, (re.search(r"http://0\.0\.0\.0:(\d+)", line) for line in server.stdout)))
        with urllib.request.urlopen(f"http://127.0.0.1:{listening[1]}/", timeout=20) as answer:
            assert answer.read() == b"Hello, World!"
        server.send_signal(signal.SIGTERM)
        rest, _ = server.communicate(timeout=20)
    finally:
        server.kill()
    assert server.returncode == 0, rest
    assert '"GET / HTTP/1.1" 200' in rest, "the access log goes to stdout"
    assert not list(home.iterdir())
