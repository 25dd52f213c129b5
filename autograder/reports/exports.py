"""Grades in the formats other programs read: CSV for nbgrader and for any program.

Canvas, Gradescope and JUnit have files of their own beside this one. Text never reaches a spreadsheet as
a formula, and nobody is dropped: who does not match the roster is named in `Matched`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from autograder.course.assignment import Assignment
from autograder.course.matched import Matched
from autograder.course.policy import utc
from autograder.records.record import CaseResult, Grade, Record
from autograder.reports.score import handed_in, needed, score
from autograder.safe_text import defused

NBGRADER_COLUMNS = [
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
]
SO_FAR_COLUMNS = ["score_so_far", "needed"]  # of the CSV in OUT: what the blank of a row stands for
UNCLAIMED = "a hand-in that is nobody's may be theirs"
CASE_COLUMNS = [
    *("assignment", "student", "last_name", "first_name", "notebook", "grade_id", "state", "points"),
    "max_points",
    *("case", "kind", "weight", "outcome", "property", "message", "hint", "called", "seconds"),
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
    out = io.StringIO()
    columns = [*NBGRADER_COLUMNS, *(SO_FAR_COLUMNS if so_far else ())]
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    due = _utc(assignment.late.due)
    for record in records:
        earned, waits = score(record, assignment, proposals=True), needed(record)
        time = _utc(handed_in(record))
        row = {"duedate": due, "timestamp": time, "max_score": record.max_points}
        if final or not waits:
            row |= {"raw_score": earned.points, "late_submission_penalty": earned.penalty}
            row["score"] = earned.final
        if so_far:
            row |= {"score_so_far": earned.final, "needed": waits}
        writer.writerow(_nbgrader_row(assignment, record.student, matched.names(record.student)) | row)
    nothing: dict[str, object] = {"raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0}
    if unclaimed:
        nothing = {}
    nothing |= {"score_so_far": 0.0, "needed": UNCLAIMED if unclaimed else ""} if so_far else {}
    for person in matched.missing:
        row = _nbgrader_row(assignment, person.id, (*person.last_first, person.email))
        writer.writerow(row | nothing | {"duedate": due, "max_score": assignment.max_points})
    return out.getvalue()


def _nbgrader_row(assignment: Assignment, student: str, names: tuple[str, str, str]) -> dict[str, object]:
    last, first, email = map(defused, names)
    who = {"student_id": defused(student), "last_name": last, "first_name": first, "email": email}
    return {"assignment": assignment.name, **who}


def _utc(when: datetime | None) -> str:
    """A time as nbgrader writes it: UTC, without saying so."""
    return str(utc(when).replace(tzinfo=None)) if when else ""


def cases_csv(
    records: Iterable[Record], assignment: Assignment, matched: Matched | None = None, final: bool = False
) -> str:
    """One line a case, for analysis elsewhere. A grade without cases has one line with these left empty;
    points that need review are left empty unless this is `final`."""
    matched = matched or Matched()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CASE_COLUMNS)
    for record in records:
        last, first, _ = matched.names(record.student)
        who = [assignment.name, *map(defused, (record.student, last, first))]
        for grade in record.grades.values():
            counts = final or grade.state == "graded"
            points = grade.points if counts and grade.points is not None else ""
            what = [grade.notebook, grade.grade_id, grade.state, points, grade.max_points]
            writer.writerows([*who, *what, *cells] for cells in _case_cells(grade))
    return out.getvalue()


def _case_cells(grade: Grade) -> Iterator[list[object]]:
    for case in grade.cases:
        yield [*_texts(case.id, case.kind), case.weight, *_said(case), case.seconds]
    if not grade.cases:
        yield [""] * 9


def _said(case: CaseResult) -> list[str]:
    return _texts(case.outcome, case.property, case.message, case.hint, case.called)


def _texts(*texts: str) -> list[str]:
    return [defused(text) for text in texts]
