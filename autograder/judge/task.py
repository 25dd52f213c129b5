"""A hand-in to grade, and the record of one that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from autograder import bounded, intake
from autograder.bounded import Exceeded
from autograder.course.assignment import Assignment
from autograder.intake import Source, Submission
from autograder.judge.digests import environment_digest, graders_digest
from autograder.records.record import Grade, Hashes, Record


@dataclass(frozen=True)
class Task:
    """A hand-in to grade, and what the record that is already there depended on."""

    source: Source
    known: Hashes | None = None
    submission: Submission | None = None  # already read, where the grading process cannot reach the source


def read(source: Source, assignment: Assignment) -> Submission:
    """A hand-in in memory, read inside limits. Whatever goes wrong over it is said in its own record, and
    stops no other."""
    return read_by(lambda source: bounded.call(partial(intake.read, source, assignment)), source)


def read_by(reader: Callable[[Source], Submission], source: Source) -> Submission:
    """The same by a reader that keeps limits, as `standing_reader` is."""
    try:
        source.path.stat()  # one that is gone since it was found is no hand-in that cannot be read
        return reader(source)
    except Exceeded as error:
        said = f"the hand-in {error} to be read"
        return intake.empty(source, f"{said}; look at it by hand", said if error.outside else "")
    except Exception as error:
        fault = f"the hand-in could not be read ({type(error).__name__}: {error})"
        return intake.empty(source, f"{fault}; look at it by hand", fault)


def standing_reader(assignment: Assignment) -> bounded.StandingChild[Source, Submission]:
    """Reads many hand-ins, one after the other, in one process that is apart."""
    return bounded.StandingChild(partial(intake.read, assignment=assignment))


def unreadable(assignment: Assignment, source: str, reason: str, level: str, fault: str = "") -> Record:
    """The record of a submission that could not be graded: every cell needs review.

    `fault` says what went wrong where it was on our side, in words that are the same for everyone it hits.
    """
    comment = "This hand-in could not be graded. Your instructor looks at it."
    grades = {
        c.grade_id: Grade(c.grade_id, c.notebook, None, c.points, "error", comment=comment, internal=reason)
        for c in assignment.grade_cells
    }
    nothing = Hashes("", graders_digest(assignment), environment_digest())
    return Record(source, assignment.name, level, nothing, grades, problems=(reason,), fault=fault)


def unread(
    assignment: Assignment, submission: Submission, reason: str, level: str, fault: str = ""
) -> Record:
    """The same of one that came in: when it did, and what was unusual about it, is known all the same."""
    record = unreadable(assignment, submission.student, reason, level, fault)
    about = tuple(dict.fromkeys((reason, *submission.problems)))
    return replace(
        record, problems=about, handed_in=submission.handed_in, extension_days=submission.extension_days
    )
