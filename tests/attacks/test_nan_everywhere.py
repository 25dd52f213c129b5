"""Return NaN, against which a careless comparison never fails."""

import numpy as np
import pytest

from autograder.checks.checks import CheckFailed, close

CODE = """
import numpy as np

def attack():
    return np.full(3, np.nan)
"""
CHECK = """
error = np.abs(attack() - np.arange(3.0)).max()
print("failed" if error > 1e-6 else "passed")
"""


def test_is_wrong(arena, naive):
    assert naive(CODE, CHECK) == "passed"
    seen = arena.run(CODE)
    with pytest.raises(CheckFailed):
        close(seen.value, np.arange(3.0), name="out", rtol=1e-6)
    arena.report("the graders' comparison", seen)
