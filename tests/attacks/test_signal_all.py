"""Reach every process there is with a signal."""

CODE = """
import os

def attack():
    os.kill(-1, 0)  # only asks whether it could
    return True
"""


def test_reaches_none(arena):
    arena.attack(CODE, stops=("seccomp",), off=("landlock",), won=lambda sent: sent is True)
