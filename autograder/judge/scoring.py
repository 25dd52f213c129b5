"""From outcomes to points: what a cell's cases earn, and what needs review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder import intake
from autograder.answers.question import Question
from autograder.answers.verdict import NOTHING
from autograder.notebook import GradeCell
from autograder.records.record import DOUBT, CaseResult, Grade, State

EDGE_SHARE = 0.2  # of a cell's points, for edge cases together


def score(cases: Iterable[CaseResult], max_points: float) -> float:
    """Points for a cell: core cases share what edge cases leave, each kind shared by weight."""
    share = {"core": 1.0 - EDGE_SHARE, "edge": EDGE_SHARE}
    counted = [c for c in cases if c.outcome in ("passed", "failed")]
    kinds = {c.kind for c in counted}
    total = sum(share[kind] for kind in kinds)
    earned = 0.0
    for kind in kinds:
        of_kind = [c for c in counted if c.kind == kind]
        passed = sum(c.weight for c in of_kind if c.outcome == "passed")
        earned += share[kind] / total * passed / sum(c.weight for c in of_kind)
    return round(max_points * earned, 2)


def judge_code(cell: GradeCell, cases: tuple[CaseResult, ...]) -> Grade:
    """The grade of a cell that tests decide."""
    if not any(c.outcome in ("passed", "failed", "error") for c in cases):
        internal = f"no hidden grader reports on {cell.grade_id}"
        return Grade(cell.grade_id, cell.notebook, None, cell.points, "error", cases, internal=internal)
    broken = [c.id for c in cases if c.outcome == "error"]
    if broken:
        internal = f"no result for {', '.join(broken)}; see the messages of these cases"
        comment = "A check of ours did not finish. Your instructor looks at it; it costs you nothing."
        return Grade(cell.grade_id, cell.notebook, None, cell.points, "error", cases, comment, internal)
    return Grade(cell.grade_id, cell.notebook, score(cases, cell.points), cell.points, "graded", cases)


def doubted(grade: Grade, why: str) -> Grade:
    """A grade that a person confirms, since it is not certain what was handed in. What was found stands as
    a proposal; where nothing was, nobody knows the points."""
    if grade.state == "error":
        return grade
    comment = f"{DOUBT}: {why}."
    points = None if not grade.points and not grade.cases else grade.points
    return replace(grade, state="needs_review", points=points, comment=comment)


def judge_inline(
    cell: GradeCell,
    answer: str | None,
    readable: bool,
    question: Question | None = None,
    cases: tuple[CaseResult, ...] = (),
) -> Grade:
    """The grade of an inline question: by its rubric if that settles it, else a person's.

    `cases` are the rubric's criteria. Nothing written earns nothing, with or without a rubric.
    """

    def grade(points: float | None, state: State, comment: str, internal: str = "") -> Grade:
        return Grade(cell.grade_id, cell.notebook, points, cell.points, state, cases, comment, internal)

    if not readable:
        comment = "The notebook could not be read. Your instructor looks at it."
        return grade(None, "error", comment, f"{cell.notebook}.ipynb is not a readable notebook")
    if answer is None or intake.is_placeholder(answer):
        return grade(0.0, "graded", f"No answer {'handed in' if answer is None else 'written'}.")
    if question is None:
        return grade(None, "needs_review", "Your instructor reads this answer.")
    broken = [c for c in cases if c.outcome == "error"]
    if broken or not cases:
        internal = broken[0].message if broken else "the rubric's criteria did not run"
        return grade(None, "error", "Your instructor reads this answer.", internal)
    if all(c.outcome == "failed" and c.property in NOTHING for c in cases):
        return grade(0.0, "graded", cases[0].message)
    if all(c.outcome in ("passed", "failed") for c in cases):
        return grade(round(sum(c.weight for c in cases if c.outcome == "passed"), 2), "graded", "")
    return grade(None, "needs_review", "Your instructor reads this answer.")
