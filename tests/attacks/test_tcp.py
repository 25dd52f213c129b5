"""Send what was learned to a server by TCP."""

import socket

CODE = """
import socket

def attack(port):
    with socket.socket() as line:
        line.settimeout(2)
        line.connect(("127.0.0.1", port))
        return line.send(b"what I learned")
"""


def test_no_connection(arena):
    with socket.create_server(("127.0.0.1", 0)) as server:
        arena.attack(
            CODE, server.getsockname()[1], stops=("bwrap", "landlock", "seccomp"), won=lambda sent: sent == 14
        )
