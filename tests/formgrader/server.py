"""A running Jupyter server."""

import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .browser import until


@contextmanager
def jupyter(folder: Path, log: Path, *options: str) -> Iterator[tuple[str, str]]:
    """A Jupyter server in `folder`: its address and its token."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    home = {name: str(log.parent / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--allow-root", f"--IdentityProvider.token={token}", "--ServerApp.port_retries=0", *options]
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        environment = {**os.environ, **home, "OPENBLAS_NUM_THREADS": "1"}
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        try:
            until(lambda: answers(url), f"Jupyter to start; see {log}", patience=300)
            yield url, token
        finally:
            server.terminate()
            server.wait()


def answers(url: str) -> bool | None:
    try:
        with urllib.request.urlopen(f"{url}/api", timeout=30):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return None
