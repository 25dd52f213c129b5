"""Raise its own memory limit first."""

from autograder.sandbox.limits import Limits

CODE = """
import resource
import numpy as np

def attack():
    no = resource.RLIM_INFINITY
    try:
        resource.setrlimit(resource.RLIMIT_AS, (no, no))
    except (ValueError, OSError):
        pass
    return int(np.ones(200 << 20, np.uint8).sum() >> 20)
"""


def test_stays(arena):
    small = Limits(memory_mb=100)
    arena.attack(CODE, stops=("rlimits",), loose=small, tight=small, won=lambda size: size == 200)
