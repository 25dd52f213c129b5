"""Take all memory in small pieces."""

from autograder.sandbox.limits import Limits

CODE = """
import numpy as np

def attack():
    kept = []
    for _ in range(20_000):
        kept.append(np.ones(1250))
    return len(kept)
"""


def test_is_refused(arena):
    small = Limits(memory_mb=100)
    seen = arena.attack(CODE, stops=("rlimits",), loose=small, tight=small, won=lambda n: n == 20_000)
    assert seen.error.kind == "limit"
