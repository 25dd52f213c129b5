"""Return an array that says it is equal to everything."""

CODE = """
import numpy as np

class Agreeable(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)
    def __sub__(self, other):
        return np.zeros(self.shape)
    __rsub__ = __sub__
    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(self.shape)
    def __array_function__(self, *args, **kwargs):
        return True

def attack():
    return np.zeros(3).view(Agreeable)
"""
CHECK = """
print(np.allclose(attack(), [1.0, 2.0, 3.0]))
"""


def test_is_refused(arena, naive):
    assert naive(CODE, CHECK) == "True"
    seen = arena.run(CODE)
    assert seen.error.kind == "bad_reply"
    assert "an array of type cs_lib.layers.Agreeable; return a plain NumPy array" in seen.error.message
    arena.report("plain arrays only", seen)
