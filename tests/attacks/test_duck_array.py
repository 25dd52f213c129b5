"""Return an object that only behaves like an array, and like the right one."""

import pytest

CODE = """
import numpy as np

class Duck:
    shape, dtype, ndim, size = (3,), np.dtype(float), 1, 3
    def __array__(self, dtype=None, copy=None):
        import sys
        frame = sys._getframe(1)
        while frame is not None:
            if "want" in frame.f_locals:
                return np.array(frame.f_locals["want"], float)
            frame = frame.f_back
        return np.zeros(3)

def attack():
    return Duck()
"""
OBJECTS = """
import numpy as np

class Yes:
    def __eq__(self, other):
        return True
    def __rsub__(self, other):
        return 0.0

def attack():
    return np.array([Yes(), Yes(), Yes()], dtype=object)
"""
CHECKS = {
    CODE: "def grade(want):\n    return np.array_equal(attack(), want)\nprint(grade([1.0, 2.0, 3.0]))",
    OBJECTS: "print(bool((attack() == np.arange(3.0)).all()))",
}


@pytest.mark.parametrize("code", CHECKS, ids=["duck", "objects"])
def test_is_refused(arena, naive, code):
    assert naive(code, CHECKS[code]) == "True"
    seen = arena.run(code)
    assert seen.error.kind == "bad_reply"
    arena.report("plain arrays only", seen)
