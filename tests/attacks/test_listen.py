"""Open a port and wait for a friend outside."""

CODE = """
import socket

def attack():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
"""


def test_no_port(arena):
    arena.attack(CODE, stops=("landlock", "seccomp"), won=lambda port: bool(port))
