"""Use up all file descriptors."""

CODE = """
import ctypes

def attack():
    libc = ctypes.CDLL(None)
    return len({libc.dup(0) for _ in range(200)})
"""


def test_has_few(arena):
    arena.attack(CODE, stops=("rlimits",), won=lambda count: count == 200)
