"""Raise exceptions whose text is endless, hangs, fails, or is markup."""

import pytest

from autograder.sandbox.limits import Limits

from .conftest import LIMITS

CODE = """
class Hostile(Exception):
    def __init__(self, kind):
        self.kind = kind
    def __str__(self):
        if self.kind == "hangs":
            while True:
                pass
        if self.kind == "fails":
            raise ValueError
        if self.kind == "no text":
            return 5
        texts = {"long": "x" * 10_000_000, "control": "a\\x1b[2Jb\\x00c\\u202ed", "surrogate": "\\ud800"}
        return texts[self.kind]

def attack(kind):
    raise Hostile(kind)
"""


@pytest.mark.parametrize("kind", ["long", "fails", "no text", "control", "surrogate", "hangs"])
def test_is_tamed(arena, kind):
    seen = arena.run(CODE, kind, limits=Limits(call_seconds=0.3) if kind == "hangs" else LIMITS)
    assert seen.error.kind == ("limit" if kind == "hangs" else "raised")
    assert len(seen.error.message) <= 4000
    assert all(letter.isprintable() or letter == "\n" for letter in seen.error.message)
    arena.report("length and letters are checked", seen)
    arena.next_student_is_graded()
