"""Leave something behind for a friend whose work is graded next."""

CODE = """
import builtins
import os
import sys

def attack():
    found = getattr(builtins, "left", None), "left" in sys.modules, os.environ.get("LEFT")
    builtins.left = "answers"
    sys.modules["left"] = sys
    os.environ["LEFT"] = "answers"
    return found
"""
CHECK = """
attack()
print(attack())
"""


def test_finds_nothing(arena, naive):
    assert "answers" in naive(CODE, CHECK)
    arena.run(CODE)
    seen = arena.run(CODE)
    assert seen.value == (None, False, None)
    arena.report("a process of its own", seen)
