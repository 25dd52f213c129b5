"""Talk to a service on this machine through its socket: Docker, systemd, a database."""

import os
import socket
import tempfile

CODE = """
import socket

def attack(path):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        return line.send(b"run this for me")
"""


def test_no_service_answers(arena):
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "service")
        server.bind(path)
        os.chmod(path, 0o777)
        server.listen()
        arena.attack(CODE, path, stops=("bwrap", "seccomp"), won=lambda sent: sent == 15)
