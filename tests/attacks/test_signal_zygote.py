"""Reach its own parent, the zygote, with a signal."""

CODE = """
import os

def attack():
    os.kill(os.getppid(), 0)  # only asks whether it could
    return True
"""


def test_gets_none(arena):
    arena.attack(CODE, stops=("seccomp",), off=("landlock",), won=lambda sent: sent is True)
