"""Return an array of 10^12 elements that takes no memory to make."""

import pytest

BROADCAST = """
import numpy as np

def attack():
    return np.broadcast_to(np.float64(1), (10**6, 10**6))
"""
STRIDED = """
import numpy as np

def attack():
    return np.lib.stride_tricks.as_strided(np.zeros(1), shape=(10**12,), strides=(0,))
"""
EMPTY = """
import numpy as np

def attack():
    return np.empty((0, 10**12))
"""


@pytest.mark.parametrize("code", [BROADCAST, STRIDED], ids=["broadcast", "strided"])
def test_is_refused(arena, naive, code):
    assert naive(code, "print(attack().size)") == "1000000000000"
    seen = arena.run(code)
    assert seen.error.kind == "bad_reply"
    assert "1,000,000,000,000 values in an array; at most 256 MB may be returned" in seen.error.message
    arena.report("sizes are checked first", seen)
    arena.next_student_is_graded()


def test_empty_but_endless(arena):
    seen = arena.run(EMPTY)
    assert seen.error is None or seen.error.kind == "bad_reply"
    assert seen.value is None or seen.value.size == 0
