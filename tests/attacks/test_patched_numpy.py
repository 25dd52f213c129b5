"""Patch NumPy's comparisons so that everything is right."""

import numpy as np
import pytest

from autograder.checks.checks import CheckFailed, close

CODE = """
import builtins
import numpy as np

np.allclose = np.array_equal = lambda *args, **kwargs: True
np.testing.assert_allclose = lambda *args, **kwargs: None
builtins.abs = lambda value: 0

def attack():
    return np.zeros(3)
"""
CHECK = """
import numpy as np
print(np.allclose(attack(), [1.0, 2.0, 3.0]))
"""


def test_only_its_own(arena, naive):
    assert naive(CODE, CHECK) == "True"
    seen = arena.run(CODE)
    with pytest.raises(CheckFailed):
        close(seen.value, np.array([1.0, 2.0, 3.0]), name="out", rtol=1e-6)
    arena.report("compared by the judge", seen)
    arena.next_student_is_graded()
