"""Close the line to the grader and go on in the dark."""

from autograder.sandbox.limits import Limits

CODE = """
import os
import time

def attack():
    os.close(3)
    time.sleep(60)
"""


def test_is_ended(arena):
    seen = arena.run(CODE, limits=Limits(call_seconds=30))
    assert seen.error.kind == "crash"
    assert "the code closed its connection to the grader" in seen.error.message
    arena.report("the zygote ends it", seen)
    arena.next_student_is_graded()
