"""Leave replies for questions yet to come while being imported."""

import pytest

from autograder.sandbox.faults import StudentError

CODE = """
import os
from autograder.sandbox import wire

for number in range(5):
    for part in wire.pack({"id": number, "value": "full marks", "printed": ""}):
        os.write(3, part)

def attack():
    return "wrong"
"""


def test_none_is_read(arena):
    with arena.student(CODE) as student:
        student.begin_case(seed=1)
        with pytest.raises(StudentError) as caught:
            student.call("layers.attack")
    assert caught.value.kind == "bad_reply"
    arena.report("a number on each request", f"bad_reply: {caught.value.message}")
    arena.next_student_is_graded()
