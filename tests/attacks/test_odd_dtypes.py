"""Return arrays of dtypes that carry more than numbers: structured, dates, text, complex."""

import pytest

CODE = """
import numpy as np

def attack(dtype):
    return np.zeros(3, dtype=dtype if dtype != "record" else [("a", float), ("b", object)])
"""


@pytest.mark.parametrize("dtype", ["record", "datetime64[s]", "U5", "S5", "complex128", "V8", "O"])
def test_is_refused(arena, naive, dtype):
    assert naive(CODE, f"print(attack({dtype!r}).size)") == "3"
    seen = arena.run(CODE, dtype)
    assert seen.error.kind == "bad_reply"
    assert "only bool, whole numbers and floats may be returned" in seen.error.message
    arena.report("plain arrays only", seen)
