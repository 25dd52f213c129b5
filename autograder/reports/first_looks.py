"""Where a student looks first: root causes, the one with most points behind it at the top.

A line that Python cannot read takes every function of its file down, and a function that does not work those
that need its result: the points of all of them are to be gained in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.records.record import CaseResult, Grade

NEEDED = re.compile(r"Get (\w+) to work first\.")
UNREAD = " cannot be imported: "  # between the line and what Python says of it


@dataclass(frozen=True)
class Banner:
    """A line that keeps a file from being imported."""

    where: str  # "lib/shapes.py line 12"
    message: str
    cells: tuple[str, ...]  # that wait for it


@dataclass(frozen=True)
class Look:
    """One thing to do first."""

    grade_id: str  # or "" for a line
    where: str
    gain: float
    waiting: tuple[str, ...]  # other cells that gain by it


def unread_line(case: CaseResult) -> str:
    """The line for which a case waits: "lib/shapes.py line 12"; "" if it waits for none."""
    return case.message.partition(UNREAD)[0] if case.property == "import" and UNREAD in case.message else ""


def banners(grades: Iterable[Grade]) -> list[Banner]:
    """Each line once, in the order of the cells, with all cells that wait for it, also by way of another."""
    by_id = {grade.grade_id: grade for grade in grades}
    messages: dict[str, str] = {}
    cells: dict[str, dict[str, None]] = {}
    for grade in by_id.values():
        for case in grade.cases:
            where = unread_line(case) if case.outcome == "failed" else ""
            if where:
                messages.setdefault(where, case.message)
                cells.setdefault(where, {})[grade.grade_id] = None
    for grade_id in by_id:
        cells.get(_root(grade_id, by_id)[1], {})[grade_id] = None
    return [Banner(where, message, tuple(cells[where])) for where, message in messages.items()]


def looks(grades: Iterable[Grade], shown: Mapping[str, float]) -> list[Look]:
    """Root causes, most points to gain first; `shown` holds what each cell shown here has lost."""
    by_id = {grade.grade_id: grade for grade in grades}
    gains: dict[tuple[str, str], dict[str, float]] = {}
    for grade_id, lost in shown.items():
        if lost > 0:
            gains.setdefault(_root(grade_id, by_id), {})[grade_id] = lost
    found = [
        Look(root, where, round(sum(of.values()), 2), tuple(cell for cell in of if cell != root))
        for (root, where), of in gains.items()
    ]
    return sorted(found, key=lambda look: -look.gain)  # a stable sort: equal gains stay in reading order


def _root(grade_id: str, grades: Mapping[str, Grade]) -> tuple[str, str]:
    """The cell, or the line, for which all failed cases of a cell wait; that of the cell itself otherwise."""
    seen = {grade_id}
    while True:
        failed = [case for case in grades[grade_id].cases if case.outcome == "failed"]
        lines = {unread_line(case) for case in failed}
        if len(lines) == 1 and "" not in lines:
            return "", lines.pop()
        needed = {_needed(case) for case in failed}
        below = needed.pop() if len(needed) == 1 else ""
        if below not in grades or below in seen:
            return grade_id, ""
        grade_id = below
        seen.add(below)


def _needed(case: CaseResult) -> str:
    found = NEEDED.search(case.message) if case.property == "needs" else None
    return found.group(1) if found else ""
