"""What people entered in the gradebook, laid over records: the last word on points, comments and lateness.

Records say what the autograder found. Reports, feedback and exports show a record with this laid over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice

from sqlalchemy.orm import Session

from autograder.course.assignment import Assignment
from autograder.course.policy import utc
from autograder.errors import apart
from autograder.gradebook import ledger, tables
from autograder.gradebook.ledger import State
from autograder.gradebook.nbgrader_tables import api, rows_of
from autograder.gradebook.url import opened
from autograder.records.record import CaseResult, Grade, Outcome, Record, criterion_of

CHUNK = 200  # students looked up at once


Verdicts = Mapping[str, tuple[bool, str]]  # criterion -> whether it is met, and its title


@dataclass
class Entered:
    """What the gradebook holds about one student's hand-in."""

    decisions: dict[str, State] = field(default_factory=dict)  # by grade id
    comments: dict[str, str] = field(default_factory=dict)  # grade id -> what a person wrote
    verdicts: dict[str, Verdicts] = field(default_factory=dict)  # grade id -> criteria
    timestamp: datetime | None = None
    extension_days: float = 0.0


def decided(
    records: Iterable[Record], url: str, assignment: Assignment, faults: dict[str, str] | None = None
) -> Iterator[Record]:
    """The records with what people entered in the gradebook at `url`. A record over which that fails is left
    out, and `faults` says why.

    Raises:
        GradebookError: the gradebook is locked or gone, or no gradebook.
    """
    remaining = iter(records)
    with opened(url) as engine:
        while chunk := list(islice(remaining, CHUNK)):
            with Session(engine) as db:
                found = _entered(db, assignment, [record.student for record in chunk])
            lay = partial(_laid_over, found)
            over = apart(chunk, lay, "what was entered in the gradebook", {} if faults is None else faults)
            yield from (made for _, made in over)


def _entered(db: Session, assignment: Assignment, students: list[str]) -> dict[str, Entered]:
    owner = api.SubmittedAssignment
    mine = db.query(owner).join(api.Assignment, owner.assignment_id == api.Assignment.id)
    mine = mine.filter(api.Assignment.name == assignment.name, owner.student_id.in_(students))
    found: dict[str, Entered] = {}
    for row in mine:
        days = assignment.late.extension_days(row.extension) if row.extension else 0.0
        found[row.student_id] = Entered(timestamp=row.timestamp, extension_days=days)
    grade = api.Grade
    values = (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
    for student, grade_id, *row in rows_of(db, grade, values, assignment.name, students):
        found[student].decisions[grade_id] = State(student, *row)
    comments = (api.Comment.manual_comment,)
    for student, grade_id, text in rows_of(db, api.Comment, comments, assignment.name, students):
        if text:
            found[student].comments[grade_id] = text
    if tables.exist(db.connection()):
        read = ledger.lines(db, assignment.name, students=students)
        for (student, grade_id), line in ledger.standing(read).items():
            row = found[student].decisions.get(grade_id) if student in found else None
            if row is not None and row.manual == line.points:  # else somebody entered others since
                question = assignment.question(grade_id)
                titles = {c.id: c.title for c in question.criteria} if question else {}
                judged = {c: (met, titles.get(c, c)) for c, met in line.verdicts.items()}
                found[student].verdicts[grade_id] = judged
    return found


def _laid_over(found: Mapping[str, Entered], record: Record) -> Record:
    return laid_over(record, found.get(record.student))


def laid_over(record: Record, entered: Entered | None) -> Record:
    """The record as it is once people have had their say. What only the gradebook knows counts too."""
    if entered is None:
        return record
    grades = {
        grade_id: _decided(
            _read(grade, entered.verdicts.get(grade_id)),
            entered.decisions.get(grade_id),
            entered.comments.get(grade_id),
        )
        for grade_id, grade in record.grades.items()
    }
    handed_in = record.handed_in or (utc(entered.timestamp).isoformat() if entered.timestamp else "")
    extension = record.extension_days or entered.extension_days
    return replace(record, grades=grades, handed_in=handed_in, extension_days=extension)


def _read(grade: Grade, verdicts: Verdicts | None) -> Grade:
    """A grade with a person's verdicts in the place of the rubric's."""
    if not verdicts:
        return grade
    return replace(grade, cases=tuple(_judged(case, verdicts) for case in grade.cases))


def _judged(case: CaseResult, verdicts: Verdicts) -> CaseResult:
    met, title = verdicts.get(criterion_of(case), (None, ""))
    outcome: Outcome = "passed" if met else "failed"
    if met is None or outcome == case.outcome:
        return case
    return replace(case, outcome=outcome, message=f"{title}: decided by your reader.", property="")


def _decided(grade: Grade, row: State | None, comment: str | None) -> Grade:
    """A grade with a person's points, or the confirmation of just these points, or as it was."""
    if comment:
        grade = replace(grade, comment=comment)
    if row is None:
        return grade
    confirmed = not row.waits and row.auto == grade.points
    base = row.manual if row.manual is not None else grade.points
    points = round((base or 0.0) + row.extra, 2) if row.extra else base
    if base is None or (grade.state != "graded" and row.manual is None and not confirmed):
        return replace(grade, points=points)  # it waits all the same
    return replace(grade, points=points, state="graded")
