"""What a record counts: the points, and what lateness takes off them."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.course.assignment import Assignment
from autograder.course.policy import DAY
from autograder.records.record import Record
from autograder.safe_text import plural

UNREAD = "could not be graded"


@dataclass(frozen=True)
class Score:
    """What a record counts.

    Instructors see the score with proposals (`score(..., proposals=True)`), which is the one nbgrader's
    gradebook shows; students, and programs that students look into, see it without.
    """

    notebooks: dict[str, float]  # points of each notebook
    penalties: dict[str, float]  # taken off for lateness, notebook by notebook as in nbgrader
    proposed: float  # points a rubric proposes and nobody has confirmed, whether counted or not
    late: str  # how late, in words; empty if in time

    @property
    def points(self) -> float:
        return round(sum(self.notebooks.values()), 2)

    @property
    def penalty(self) -> float:
        return round(sum(self.penalties.values()), 2)

    @property
    def final(self) -> float:
        return round(max(0.0, self.points - self.penalty), 2)

    def final_of(self, notebook: str) -> float:
        return round(self.notebooks.get(notebook, 0.0) - self.penalties.get(notebook, 0.0), 2)


def score(record: Record, assignment: Assignment, proposals: bool = False, paid_days: int = 0) -> Score:
    """A record's score. A proposal counts only if asked for: it is no grade before a person confirms it.

    `paid_days` late days of the student's own are spent on it: so many of the days begun cost nothing.
    """
    notebooks: dict[str, float] = {}
    proposed = 0.0
    for grade in record.grades.values():
        if grade.state == "graded" or proposals:
            notebooks[grade.notebook] = notebooks.get(grade.notebook, 0.0) + (grade.points or 0.0)
        if grade.state != "graded":
            proposed += grade.points or 0.0
    charged = max(0.0, seconds_late(record, assignment) - paid_days * DAY)
    penalties = {name: assignment.late.penalty(points, charged) for name, points in notebooks.items()}
    late = assignment.late.in_words(record.time, record.extension_days)
    return Score(notebooks, penalties, round(proposed, 2), late)


def seconds_late(record: Record, assignment: Assignment) -> float:
    return assignment.late.seconds_late(record.time, record.extension_days)


def needed(record: Record) -> str:
    """What a person has yet to do before the record's score is a grade; empty if it is one."""
    states = [grade.state for grade in record.grades.values()]
    if states and all(state == "error" for state in states):
        return UNREAD
    answers, errors = states.count("needs_review"), states.count("error")
    parts = [
        *([f"{plural(answers, 'answer')} to review"] if answers else []),
        *([f"{plural(errors, 'cell')} not graded"] if errors else []),
    ]
    return ", ".join(parts)
