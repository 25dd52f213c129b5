"""Item analysis: how hard each grade cell was, and how well it tells strong work from weak.

Difficulty is the mean share of a cell's points (1 is easy). Discrimination is the correlation between
that share and the share earned in all other cells together, the corrected item-total correlation; for a
cell that is all or nothing it is the point-biserial one. What a person has yet to decide counts nowhere.

Source: Lord & Novick (1968), Statistical Theories of Mental Test Scores, ch. 15; the item itself is left out
of the total so that it does not correlate with itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autograder.course.assignment import Assignment
from autograder.notebook import GradeCell
from autograder.records.record import Record

FEWEST = 3  # students; a correlation of two is 1 or -1 whatever they did
WEAK = 0.2  # discrimination below this asks for a look at the cell (Ebel, 1965)
HARD = 0.4  # mean share below this
_NUMBERS = re.compile(r"\d[\d.,]*(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Item:
    """What a class made of one grade cell."""

    cell: GradeCell
    known: int  # students whose points are decided
    full: int  # of these, those with full points
    difficulty: float | None
    discrimination: float | None
    waiting: int
    errors: int

    @property
    def pass_rate(self) -> float | None:
        return self.full / self.known if self.known else None

    @property
    def look(self) -> str:
        """Why the cell deserves a look, if it does. Not while answers wait: most decided ones are blank."""
        if self.waiting:
            return ""
        if self.discrimination is not None and self.discrimination < 0:
            return "weak work does better here than strong work"
        if self.discrimination is not None and self.discrimination < WEAK:
            return "hardly tells strong work from weak"
        if self.difficulty is not None and self.difficulty < HARD:
            return "hard"
        return ""

    @property
    def note(self) -> str:
        need = "needs" if self.waiting == 1 else "need"
        return f"without {self.waiting} that {need} review" if self.waiting else self.look


@dataclass
class Complaint:
    """A message, and who got it, of which cells. Messages that differ only in numbers are one."""

    property: str
    message: str  # as the first student got it
    students: dict[str, None] = field(default_factory=dict)  # a dict keeps their order
    cells: dict[str, None] = field(default_factory=dict)
    cases: int = 0


class Complaints:
    """What failed cases said, counted record by record: a class is larger than memory."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Complaint] = {}

    def add(self, record: Record) -> None:
        for grade in record.grades.values():
            for case in grade.cases:
                if case.outcome == "failed" and case.kind != "criterion":
                    message = case.message.split("\n", 1)[0]  # what follows are the student's own lines
                    key = (case.property, _NUMBERS.sub("#", message))
                    complaint = self._found.setdefault(key, Complaint(case.property, message))
                    complaint.students[record.student] = None
                    complaint.cells[grade.grade_id] = None
                    complaint.cases += 1

    def commonest(self) -> list[Complaint]:
        """Most students first."""
        return sorted(self._found.values(), key=lambda c: (-len(c.students), -c.cases, c.message))


def shares(records: Sequence[Record], cells: Sequence[GradeCell]) -> np.ndarray:
    """(students, cells): the share of the points earned, NaN where it is not decided yet."""
    table = np.full((len(records), len(cells)), np.nan)
    for row, record in enumerate(records):
        for column, cell in enumerate(cells):
            grade = record.grades.get(cell.grade_id)
            if grade is None or grade.state != "graded" or grade.points is None:
                continue
            if grade.max_points:
                table[row, column] = grade.points / grade.max_points
    return table


def analyse(records: Sequence[Record], assignment: Assignment) -> list[Item]:
    cells = assignment.grade_cells
    table = shares(records, cells)
    points = np.array([cell.points for cell in cells])
    return [
        Item(
            cell=cell,
            known=int(np.isfinite(table[:, column]).sum()),
            full=int((table[:, column] >= 1.0).sum()),
            difficulty=float(np.nanmean(table[:, column])) if np.isfinite(table[:, column]).any() else None,
            discrimination=discrimination(table, points, column),
            waiting=_in_state(records, cell, "needs_review"),
            errors=_in_state(records, cell, "error"),
        )
        for column, cell in enumerate(cells)
    ]


def _in_state(records: Sequence[Record], cell: GradeCell, state: str) -> int:
    return sum(r.grades[cell.grade_id].state == state for r in records if cell.grade_id in r.grades)


def discrimination(table: np.ndarray, points: np.ndarray, column: int) -> float | None:
    """Correlation of one cell's share with that of all others; None where it means nothing."""
    others = np.arange(table.shape[1]) != column
    known = np.isfinite(table[:, others])
    most = known @ points[others]
    rows = np.isfinite(table[:, column]) & (most > 0)
    if rows.sum() < FEWEST:
        return None
    earned = np.nan_to_num(table[rows][:, others]) @ points[others]
    item, rest = table[rows, column], earned / most[rows]
    if np.ptp(item) < 1e-9 or np.ptp(rest) < 1e-9:  # all the same: nothing to correlate
        return None
    return float(np.corrcoef(item, rest)[0, 1])
