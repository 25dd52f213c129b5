"""What a record counts: the points, and what lateness takes off them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autograder.course.assignment import Assignment
from autograder.records.record import Record


@dataclass(frozen=True)
class Score:
    points: float
    penalty: float  # taken off for lateness
    late: str  # how late, in words; empty if in time

    @property
    def final(self) -> float:
        return round(max(0.0, self.points - self.penalty), 2)


def score(record: Record, assignment: Assignment, proposals: bool = False) -> Score:
    """A record's score. A proposal counts only if asked for: it is no grade before a person confirms it.

    As in nbgrader, lateness is taken off notebook by notebook.
    """
    handed_in = datetime.fromisoformat(record.handed_in) if record.handed_in else None
    seconds = assignment.late.seconds_late(handed_in, record.extension_days)
    notebooks: dict[str, float] = {}
    for grade in record.grades.values():
        if grade.state == "graded" or proposals:
            notebooks[grade.notebook] = notebooks.get(grade.notebook, 0.0) + (grade.points or 0.0)
    taken = sum(assignment.late.penalty(points, seconds) for points in notebooks.values())
    late = assignment.late.told(handed_in, record.extension_days)
    return Score(round(sum(notebooks.values()), 2), round(taken, 2), late)
