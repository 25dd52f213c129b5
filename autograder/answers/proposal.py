"""What a rubric made of an answer, in words for whoever grades it.

The words go into the gradebook, whose comments a student may come to see: they hold the criteria's titles,
the points and the student's own sentences, and nothing of the rubric beyond that.
"""

from __future__ import annotations

from autograder.records.record import CaseResult, Grade

MARKS = {"passed": "✓", "failed": "✗", "skipped": "?"}


def words(grade: Grade) -> str:
    """The proposal for an inline answer; for other cells, and where nothing is written, the comment."""
    criteria = [case for case in grade.cases if case.kind == "criterion"]
    if not criteria or grade.points is None or len({case.message for case in criteria}) < len(criteria):
        return grade.comment  # one message for all: nothing is written, or it is a copy
    head = f"{grade.points:g} of {grade.max_points:g} points"
    if grade.state == "graded":
        head = f"{head}, by the rubric."
    else:
        unsure = sum(case.weight for case in criteria if case.outcome == "skipped")
        more = f", and {unsure:g} more to decide" if unsure else ""
        head = f"Proposal: {head}{more}. A person confirms or changes it."
    return "\n".join([head, *(_line(case) for case in criteria)])


def _line(case: CaseResult) -> str:
    return f"{MARKS.get(case.outcome, '!')} ({case.weight:g}) {case.message}"
