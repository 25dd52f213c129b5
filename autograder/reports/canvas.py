"""Grades for Canvas: the gradebook that Canvas exports, with this assignment's column filled in.

Canvas finds people by its own numbers and the assignment by the number in the column's title, so both are
taken from its export. `EX` (excused) stays, and so does whatever stands there for who handed in nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.course.matched import Matched, match
from autograder.errors import ExportError
from autograder.files import text_of, why_unread
from autograder.records.record import Record
from autograder.reports.score import needed, score
from autograder.safe_text import csv_of, letters

# Those a gradebook may be uploaded with.
COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
REQUIRED = ("Student", "ID")
POSSIBLE = "Points Possible"
EXCUSED = "EX"
TITLED = re.compile(r"(?P<title>.*\S)\s*\((?P<number>\d+)\)", re.DOTALL)


@dataclass(frozen=True)
class Sheet:
    """A gradebook as Canvas exports it."""

    where: str
    header: list[str]
    rows: list[tuple[int, list[str]]]  # (line of the file it ends in, cells)

    def cell(self, cells: list[str], name: str) -> str:
        return cells[self.header.index(name)] if name in self.header else ""


@dataclass(frozen=True)
class Filled:
    """What to upload, and what an instructor should know about it."""

    text: str
    matched: Matched
    notes: list[str]


def canvas_csv(records: Iterable[Record], assignment: Assignment, path: Path, final: bool = False) -> Filled:
    """The gradebook in `path` with this assignment's points; blank for who needs review, unless this
    is `final`.

    Raises:
        ExportError: not Canvas's export, no column for the assignment, a person twice.
        RosterError: the rows do not tell who is who.
    """
    sheet = read(path)
    column = _column(sheet, assignment)
    points = {record.student: _points(record, assignment, final) for record in records}
    matched = match(points, roster.read(path))
    by_number = {p.known_as["canvas_id"]: points[student] for student, p in matched.found.items()}
    identity = [name for name in COLUMNS if name in sheet.header]
    notes, lines, excused = [], [], 0
    for _, cells in sheet.rows:
        number, cell = sheet.cell(cells, "ID").strip(), cells[column].strip()
        if sheet.cell(cells, "Student").strip() == POSSIBLE:
            cell = cell or f"{assignment.max_points:g}"
            notes += _differing(cell, assignment)
        elif number in by_number and cell.upper() == EXCUSED:
            excused += 1
        elif number in by_number:
            cell = by_number[number]
        lines.append([*(sheet.cell(cells, name) for name in identity), cell])
    if not any(line[0].strip() == POSSIBLE for line in lines):
        empty = [""] * (len(identity) - 1)
        lines.insert(0, [f"    {POSSIBLE}", *empty, f"{assignment.max_points:g}"])
    if excused:
        notes.append(f"{excused} excused ({EXCUSED}), left as they are")
    return Filled(csv_of([[*identity, sheet.header[column]], *lines]), matched, notes)


def _points(record: Record, assignment: Assignment, final: bool) -> str:
    if needed(record) and not final:
        return ""
    return f"{score(record, assignment, proposals=True).final:g}"


def read(path: Path) -> Sheet:
    """Canvas's export as it stands, with commas or semicolons between its cells."""
    try:
        text = text_of(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(
            f"{path}: expected the gradebook as Canvas exports it, got: {why_unread(error)}"
        ) from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows += [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ExportError(f"{path} line {reader.line_num}: {error}; export it from Canvas again") from None
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    for name in REQUIRED:
        if name not in header:
            got = ", ".join(header) or "an empty file"
            raise ExportError(
                f"{path}: expected Canvas's column {name!r}, got {got}; export the gradebook again"
            )
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise ExportError(
                f"{path} line {line}: expected {len(header)} cells, got {len(cells)}; "
                "export the gradebook again"
            )
    return Sheet(str(path), header, rows[1:])


def _column(sheet: Sheet, assignment: Assignment) -> int:
    """The column called `<title> (<number>)` of this assignment."""
    wanted = {letters(assignment.title), letters(assignment.name)}
    titled = [(i, m) for i, name in enumerate(sheet.header) if (m := TITLED.fullmatch(name))]
    found = [i for i, m in titled if letters(m["title"]) in wanted]
    if len(found) != 1:
        got = ", ".join(repr(sheet.header[i]) for i in (found or [i for i, _ in titled])) or "no assignment"
        raise ExportError(
            f"{sheet.where}: expected one column such as '{assignment.title} (1234)' or "
            f"'{assignment.name} (1234)', got {got}; make the assignment in Canvas, then export the gradebook"
        )
    return found[0]


def _differing(cell: str, assignment: Assignment) -> list[str]:
    try:
        same = float(cell) == assignment.max_points
    except ValueError:  # such as "(read only)"
        return []
    if same:
        return []
    return [f"Canvas counts {cell} points possible, the assignment has {assignment.max_points:g}"]
