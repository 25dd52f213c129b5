"""Earn points by trickery: one honest function, and all others hostile, through the whole grading."""

from dataclasses import replace
from functools import cache

import pytest

from autograder.course import assignment as course
from autograder.intake import Submission
from autograder.judge.grading import grade_all
from autograder.records.record import Record
from autograder.sandbox.level import probe
from autograder.sandbox.limits import Limits

HONEST = """

def affine_forward(x, w, b):
    return x.reshape(x.shape[0], -1) @ w + b, (x, w, b)
"""
OTHERS = ["affine_backward", "relu_forward", "relu_backward", "svm_loss", "softmax_loss"]
TRICKS = {
    "patched NumPy": """
import builtins
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
np.linalg.norm = np.abs = builtins.abs = lambda *args, **kwargs: 0.0
np.testing.assert_allclose = lambda *args, **kwargs: None
def trick(*args, **kwargs):
    return np.zeros(3), None, None
""",
    "an array equal to everything": """
class Agreeable(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(self.shape)
    __eq__ = __sub__ = __rsub__ = lambda self, other: np.zeros(self.shape)
def trick(x, *args, **kwargs):
    return tuple(np.zeros(np.shape(x)).view(Agreeable) for _ in range(3))
""",
    "NaN of the right shape": """
def trick(x, *args, **kwargs):
    return np.full(np.shape(x), np.nan), np.full(np.shape(x), np.nan)
""",
    "leaving Python": """
import os
def trick(*args, **kwargs):
    os._exit(0)
""",
    "hanging": """
def trick(*args, **kwargs):
    while True:
        pass
""",
    "blaming the grader": """
from autograder.sandbox import worker
def trick(*args, **kwargs):
    worker.Worker._reported = lambda self, error: {"kind": "sandbox", "message": "disk full", "frames": []}
    raise RuntimeError
""",
    "forged replies": """
import os
from autograder.sandbox import wire
def trick(x, *args, **kwargs):
    for part in wire.pack({"id": 0, "value": (x, x, x), "printed": ""}):
        os.write(3, part)
    return x, x, x
""",
    "ending the pytest run": """
class Skipped(BaseException):
    __module__ = "_pytest.outcomes"
def trick(*args, **kwargs):
    raise Skipped("this test does not count")
""",
}


@cache
def records() -> dict[str, Record]:
    """Every trick, and the honest part alone, graded in one run."""
    assignment = replace(course.load("assignment1"), limits=Limits(call_seconds=0.5))
    released = (assignment.release_folder / "cs_lib/layers.py").read_text()
    hostile = f"\nfor name in {OTHERS}:\n    globals()[name] = trick\n"
    texts = {"honest": released + HONEST}
    texts |= {name: released + HONEST + text + hostile for name, text in TRICKS.items()}
    submissions = [Submission(name, {"cs_lib/layers.py": text.encode()}) for name, text in texts.items()]
    found = []
    grade_all(assignment, submissions, found.append)
    return {record.student: record for record in found}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")
def test_earns_what_the_honest_part_earns(trick, report):
    honest, tricked = records()["honest"], records()[trick]
    assert honest.grades["affine_forward"].points > 0
    points = {grade_id: grade.points for grade_id, grade in honest.grades.items()}
    assert {grade_id: grade.points for grade_id, grade in tricked.grades.items()} == points
    states = {grade_id: grade.state for grade_id, grade in honest.grades.items()}
    assert {grade_id: grade.state for grade_id, grade in tricked.grades.items()} == states
    report("all of it", "the points of the honest part")
