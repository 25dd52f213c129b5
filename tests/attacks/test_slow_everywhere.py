"""Take just less than the limit in each of many calls."""

import pytest

from autograder.sandbox.faults import StudentError
from autograder.sandbox.limits import Limits
from tests.held_up import unless_held_up

CODE = """
import time

def attack():
    time.sleep(0.15)
    return "went on"
"""
CALLS = 8


def test_has_one_budget(arena):
    loose, tight = Limits(call_seconds=5), Limits(call_seconds=5, submission_seconds=0.6)
    with arena.student(CODE, limits=loose) as student:
        student.begin_case(seed=1)
        assert [student.call("layers.attack") for _ in range(CALLS)] == ["went on"] * CALLS
    with arena.student(CODE, limits=tight) as student:

        def use_it_up():
            student.begin_case(seed=1)
            return [student.call("layers.attack") for _ in range(CALLS)]

        with pytest.raises(StudentError, match=r"had used its 0\.6 s for all checks") as caught:
            unless_held_up(use_it_up)
        student.begin_case(seed=2)
        with pytest.raises(StudentError, match=r"not run: the submission had used its 0\.6 s"):
            student.call("layers.attack")
    assert caught.value.kind == "limit"
    arena.report("a limit", f"limit: {caught.value.message}")
    arena.next_student_is_graded(tight)
