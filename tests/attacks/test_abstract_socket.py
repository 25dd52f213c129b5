"""Talk to a service through an abstract socket, which has no file to guard."""

import secrets
import socket

CODE = """
import socket

def attack(name):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\\0" + name)
        return line.send(b"run this for me")
"""


def test_no_service_answers(arena):
    name = "attack-" + secrets.token_hex(4)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        arena.attack(CODE, name, stops=("bwrap", "seccomp"), off=("landlock",), won=lambda sent: sent == 15)
