"""Write a forged reply before the real one."""

import os

from .naive_judge import first_frame, run_beside

CODE = """
import os
import numpy as np
from autograder.sandbox import wire

def forge(value, number=0):
    for part in wire.pack({"id": number, "value": value, "printed": ""}):
        os.write(3, part)

def attack():
    forge("forged")
    return "real"
"""


def test_is_not_believed(arena):
    child, end = run_beside(CODE, "attack()")
    with end:
        assert first_frame(end)["value"] == "forged"
    os.waitpid(child, 0)
    seen = arena.run(CODE)
    assert seen.error.kind == "bad_reply"
    assert "an answer to something else than was asked" in seen.error.message
    arena.report("a number on each request", seen)
    arena.next_student_is_graded()
