"""Guess the handles of another case's objects."""

import pytest

from autograder.sandbox.faults import SandboxError

CODE = """
from autograder.sandbox import wire

def attack():
    return [wire.Handle(number) for number in range(3)]

def make():
    return {"a": 1}
"""


def test_buys_nothing(arena):
    with arena.student(CODE) as student:
        student.begin_case(seed=1)
        old = student.new("layers.make")
        student.begin_case(seed=2)
        with pytest.raises(SandboxError, match="a handle of an earlier case"):
            student.get(old, "a")
        guessed = student.call("layers.attack")
        assert all(handle.era == 2 for handle in guessed)
    arena.report("handles belong to a case", "handles to nothing")
