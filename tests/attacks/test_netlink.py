"""Ask the kernel about the network through netlink."""

CODE = """
import socket

def attack():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as line:
        line.bind((0, 0))
        return line.getsockname()
"""


def test_no_netlink(arena):
    arena.attack(CODE, stops=("seccomp",), won=lambda name: name is not None)
