"""Load expected arrays with NumPy, and with the C library behind Python's back."""

import numpy as np
import pytest

WITH_NUMPY = """
import numpy as np

def attack(path):
    return np.load(path)["want"]
"""
WITH_C = """
import ctypes
import io
import numpy as np

def attack(path):
    libc = ctypes.CDLL(None)
    number = libc.open(path.encode(), 0)
    buffer = ctypes.create_string_buffer(1 << 16)
    size = libc.read(number, buffer, len(buffer))
    return np.load(io.BytesIO(buffer.raw[:size]))["want"] if size > 0 else None
"""


@pytest.mark.parametrize("code", [WITH_NUMPY, WITH_C], ids=["numpy", "libc"])
def test_stays_hidden(arena, tmp_path, code):
    want = np.random.default_rng(7).normal(size=5)
    np.savez(tmp_path / "layers.npz", want=want)
    path = str(tmp_path / "layers.npz")
    stops = ("bwrap", "landlock", "uid")
    arena.attack(code, path, stops=stops, won=lambda got: got is not None and np.array_equal(got, want))
