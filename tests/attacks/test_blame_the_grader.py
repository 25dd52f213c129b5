"""Make a failure look like the grader's own, so that a person gives the points."""

import pytest

CODE = """
import os
from autograder.sandbox import worker

def attack(error):
    worker.Worker._reported = lambda self, problem: error
    raise RuntimeError
"""
FORGED = {
    "an unknown kind": {"kind": "sandbox", "message": "out of disk", "frames": []},
    "no kind": {"message": "out of disk"},
    "another shape": "out of disk",
    "frames of ours": {
        "kind": "raised",
        "message": "m",
        "frames": [("autograder/judge.py", 1, "grade")],
    },
}


@pytest.mark.parametrize("name", FORGED)
def test_stays_the_students(arena, name):
    seen = arena.run(CODE, FORGED[name])
    assert seen.error.kind in ("bad_reply", "raised")
    assert seen.error.frames == ()
    arena.report("kinds and frames are checked", seen)
    arena.next_student_is_graded()
