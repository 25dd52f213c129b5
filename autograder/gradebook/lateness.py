"""Lateness in nbgrader's gradebook: times, extensions, and what `[late]` in assignment.toml takes off.

`bridge/late_penalty.py` lets `nbgrader autograde` take off the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.orm import Session

from autograder.course.assignment import Assignment
from autograder.course.policy import nbgrader_time, utc
from autograder.gradebook.nbgrader_tables import api
from autograder.records.record import Record


def enter(db: Session, submission: api.SubmittedAssignment, record: Record, assignment: Assignment) -> None:
    """Enter when a student handed in, and take off what being late costs; call it when the scores are in.

    A time or an extension that only the gradebook knows stays, and counts.
    """
    if record.time:
        submission.timestamp = nbgrader_time(record.time)
    if record.extension_days:
        submission.extension = assignment.late.extension(record.extension_days)
    db.flush()
    seconds = seconds_late(submission, assignment)
    for notebook in db.query(api.SubmittedNotebook).filter_by(assignment_id=submission.id):
        late = penalty_of(_score(db, notebook.id), seconds, assignment) if seconds else None
        notebook.late_submission_penalty = late


def behind(db: Session, records: Iterable[Record], assignment: Assignment) -> set[str]:
    """Students whose lateness is not in the gradebook as it should be."""
    wanted = {record.student: record for record in records}
    owner, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    rows = (
        db.query(owner, notebook.score, notebook.late_submission_penalty)
        .select_from(notebook)
        .join(owner, notebook.assignment_id == owner.id)
        .join(api.Assignment, owner.assignment_id == api.Assignment.id)
        .filter(api.Assignment.name == assignment.name, owner.student_id.in_(wanted))
    )
    found = set()
    for submission, score, penalty in rows:
        record = wanted[submission.student_id]
        late = record.time is not None and submission.timestamp != nbgrader_time(record.time)
        wanted_extension = assignment.late.extension(record.extension_days)
        extended = bool(record.extension_days) and submission.extension != wanted_extension
        if late or extended or penalty != penalty_of(score, seconds_late(submission, assignment), assignment):
            found.add(record.student)
    return found


def seconds_late(submission: api.SubmittedAssignment, assignment: Assignment) -> float:
    """By the clock on the course's wall; nbgrader's own number counts through the change of clocks."""
    handed_in = utc(submission.timestamp) if submission.timestamp else None
    days = assignment.late.extension_days(submission.extension or timedelta())
    return assignment.late.seconds_late(handed_in, days)


def penalty_of(score: float, seconds_late: float, assignment: Assignment) -> float | None:
    return assignment.late.penalty(score, seconds_late) if seconds_late else None


def _score(db: Session, notebook: str) -> float:
    """A notebook's score with what was entered just now."""
    return db.query(api.SubmittedNotebook.score).filter_by(id=notebook).scalar() or 0.0
