"""Send what was learned by UDP, which Landlock lets through."""

import socket

CODE = """
import socket

def attack(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"what I learned", ("127.0.0.1", port))
"""


def test_nothing_arrives(arena):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)

        def arrived(_):
            try:
                return bool(server.recv(100))
            except TimeoutError:
                return False

        arena.attack(CODE, server.getsockname()[1], stops=("bwrap", "seccomp"), won=arrived)
