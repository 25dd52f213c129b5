"""Take all memory with one big array."""

from autograder.sandbox.limits import Limits

CODE = """
import numpy as np

def attack():
    return int(np.ones(200 << 20, np.uint8).sum() >> 20)
"""


def test_is_refused(arena):
    small = Limits(memory_mb=100)
    seen = arena.attack(CODE, stops=("rlimits",), loose=small, tight=small, won=lambda size: size == 200)
    assert seen.error.kind == "limit"
    assert "it needed more memory than it may use (100 MB)" in seen.error.message
