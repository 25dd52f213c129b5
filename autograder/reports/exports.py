"""Grades in the formats other programs read: CSV for nbgrader and for any program.

Canvas, Gradescope and JUnit have files of their own beside this one. Text never reaches a spreadsheet as
a formula, and nobody is dropped: who does not match the roster is named in `Matched`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from autograder.course.assignment import Assignment
from autograder.course.matched import Matched
from autograder.course.policy import nbgrader_time
from autograder.records.record import Record
from autograder.reports.score import needed, score
from autograder.safe_text import csv_of

NBGRADER_COLUMNS = [
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
]
SO_FAR_COLUMNS = ["score_so_far", "needed"]  # of the CSV in OUT: what the blank of a row stands for
UNCLAIMED = "a hand-in that is nobody's may be theirs"
CASE_FIELDS = ("id", "kind", "weight", "outcome", "property", "message", "hint", "called", "seconds")
CASE_COLUMNS = [
    *("assignment", "student", "last_name", "first_name", "notebook", "grade_id", "state", "points"),
    *("max_points", "case", *CASE_FIELDS[1:]),
]


def nbgrader_csv(
    records: Iterable[Record],
    assignment: Assignment,
    matched: Matched | None = None,
    final: bool = False,
    so_far: bool = False,
    unclaimed: bool = False,
) -> str:
    """The columns and the numbers of nbgrader's own exporter, quoted where its are not.

    As there, who handed in nothing has 0, unless hand-ins are `unclaimed`, of which one may be theirs. Who
    needs review has none, unless this is `final`; with `so_far`, two more columns say what is known and what
    is needed.
    """
    matched = matched or Matched()
    columns = [*NBGRADER_COLUMNS, *(SO_FAR_COLUMNS if so_far else ())]
    rows: list[dict[str, object]] = []
    due = _time(assignment.late.due)
    for record in records:
        earned, waits = score(record, assignment, proposals=True), needed(record)
        row = {"duedate": due, "timestamp": _time(record.time), "max_score": record.max_points}
        if final or not waits:
            row |= {"raw_score": earned.points, "late_submission_penalty": earned.penalty}
            row["score"] = earned.final
        row |= {"score_so_far": earned.final, "needed": waits}
        rows.append(_nbgrader_row(assignment, record.student, matched.names(record.student)) | row)
    nothing: dict[str, object] = {"duedate": due, "max_score": assignment.max_points, "score_so_far": 0.0}
    if unclaimed:
        nothing["needed"] = UNCLAIMED
    else:
        nothing |= {"raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0}
    for person in matched.missing:
        who = _nbgrader_row(assignment, person.id, (*person.last_first, person.email))
        rows.append(who | nothing)
    return csv_of([columns, *([row.get(name, "") for name in columns] for row in rows)])


def _nbgrader_row(assignment: Assignment, student: str, names: tuple[str, str, str]) -> dict[str, object]:
    who = dict(zip(("last_name", "first_name", "email"), names, strict=True))
    return {"assignment": assignment.name, "student_id": student, **who}


def _time(when: datetime | None) -> str:
    return str(nbgrader_time(when)) if when else ""


def cases_csv(
    records: Iterable[Record], assignment: Assignment, matched: Matched | None = None, final: bool = False
) -> str:
    """One line a case, for analysis elsewhere. A grade without cases has one line with these left empty;
    points that need review are left empty unless this is `final`."""
    matched = matched or Matched()
    rows: list[list[object]] = [[*CASE_COLUMNS]]
    for record in records:
        who = [assignment.name, record.student, *matched.names(record.student)[:2]]
        for grade in record.grades.values():
            counts = final or grade.state == "graded"
            points = grade.points if counts and grade.points is not None else ""
            what = [grade.notebook, grade.grade_id, grade.state, points, grade.max_points]
            rows += [[*who, *what, *(getattr(case, of) for of in CASE_FIELDS)] for case in grade.cases]
            if not grade.cases:
                rows.append([*who, *what, *("" for _ in CASE_FIELDS)])
    return csv_of(rows)
