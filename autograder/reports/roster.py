"""Who is in the class: a CSV from Canvas, or one with a column `student_id` or `id`, as nbgrader has it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

CANVAS = ("Student", "ID")
CANVAS_KEYS = ("SIS Login ID", "SIS User ID", "ID")  # where Canvas may hold the name of the hand-in's folder
CANVAS_TEST = "Student, Test"  # Canvas's own "Test Student"
POINTS_POSSIBLE = "Points Possible"
PLAIN_KEYS = ("student_id", "id")


class RosterError(Exception):
    """The roster does not say what it should; the message says where, what was expected, what to do."""


@dataclass(frozen=True)
class Person:
    student: str  # as in the name of the hand-in
    last_name: str = ""
    first_name: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.last_name, self.first_name) if part)


@dataclass(frozen=True)
class Sheet:
    """A CSV with one header line."""

    where: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # (line in the file, cells)

    def column(self, name: str) -> int:
        """The index of a column; RosterError if there is none."""
        if name not in self.header:
            raise RosterError(
                f"{self.where}: expected a column {name!r}, got {', '.join(self.header)}; "
                "add it or export again"
            )
        return self.header.index(name)


@dataclass(frozen=True)
class Roster:
    where: str
    people: dict[str, Person]  # by student
    sheet: Sheet
    key: str  # the column that holds the student
    nameless: tuple[str, ...] = ()  # rows that have nothing in that column

    @property
    def is_canvas(self) -> bool:
        return _is_canvas(self.sheet)


def read(path: Path, students: Collection[str]) -> Roster:
    """The roster in `path`, whose ids are those of `students`, the records at hand.

    Raises:
        RosterError: not a CSV, a column or an id is missing, an id stands twice, nobody is known.
    """
    sheet = read_sheet(path)
    key = _key(sheet, students)
    column = sheet.column(key)
    people: dict[str, Person] = {}
    lines: dict[str, int] = {}
    nameless: list[str] = []
    for line, cells in person_rows(sheet):
        student = cells[column].strip()
        if not student:
            nameless.append(f"{sheet.where} line {line}: {_person(sheet, cells, '').name or 'no name'}")
        elif student in people:
            raise RosterError(
                f"{sheet.where} lines {lines[student]} and {line}: expected each {key} once, "
                f"got {student!r} twice; delete one line"
            )
        else:
            people[student], lines[student] = _person(sheet, cells, student), line
    if students and people and not people.keys() & set(students):
        raise RosterError(
            f"{sheet.where}: expected the ids of the hand-ins, such as {min(students)!r}, got "
            f"{next(iter(people))!r} and the like in column {key!r}; name the hand-ins as the roster does"
        )
    return Roster(sheet.where, people, sheet, key, tuple(nameless))


def read_sheet(path: Path) -> Sheet:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{path}: expected a CSV in UTF-8, got: {error}; save it again") from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, tuple(cells)))
    except csv.Error as error:
        raise RosterError(
            f"{path} line {reader.line_num}: expected a CSV, got: {error}; check the quotes"
        ) from None
    if not rows:
        raise RosterError(
            f"{path}: expected a header line and a line a student, got nothing; export it again"
        )
    header = tuple(cell.strip() for cell in rows[0][1])
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise RosterError(f"{path}: expected each column once, got {twice[0]!r} twice; rename or delete one")
    return Sheet(
        str(path), header, tuple((line, _filled(path, line, cells, header)) for line, cells in rows[1:])
    )


def _filled(path: Path, line: int, cells: Sequence[str], header: Sequence[str]) -> tuple[str, ...]:
    """A row as long as the header; a shorter one lacks empty cells at its end."""
    if len(cells) > len(header):
        raise RosterError(
            f"{path} line {line}: expected {len(header)} cells, got {len(cells)}; "
            "quote a cell that holds a comma"
        )
    return (*cells, *[""] * (len(header) - len(cells)))


def _is_canvas(sheet: Sheet) -> bool:
    return set(CANVAS) <= set(sheet.header)


def person_rows(sheet: Sheet) -> list[tuple[int, tuple[str, ...]]]:
    """The rows that stand for a person: not what Canvas writes above them, nor its test student."""
    if not _is_canvas(sheet):
        return list(sheet.rows)
    name, number = sheet.column("Student"), sheet.column("ID")
    return [row for row in sheet.rows if row[1][number].strip() and row[1][name].strip() != CANVAS_TEST]


def _key(sheet: Sheet, students: Collection[str]) -> str:
    """The column that holds the students' ids; of Canvas's three the one that knows most of them."""
    if not _is_canvas(sheet):
        found = [name for name in PLAIN_KEYS if name in sheet.header]
        if not found:
            raise RosterError(
                f"{sheet.where}: expected a column student_id or id, or Canvas's Student and ID, "
                f"got {', '.join(sheet.header)}; add one"
            )
        return found[0]
    rows = person_rows(sheet)

    def known(name: str) -> int:
        column = sheet.column(name)
        return len({cells[column].strip() for _, cells in rows} & set(students))

    return max((name for name in CANVAS_KEYS if name in sheet.header), key=known)


def _person(sheet: Sheet, cells: Sequence[str], student: str) -> Person:
    of = dict(zip(sheet.header, (cell.strip() for cell in cells), strict=True))
    if _is_canvas(sheet):
        last, _, first = of["Student"].partition(", ")
        return Person(student, last, first, of.get("Email", ""))
    return Person(student, of.get("last_name", ""), of.get("first_name", ""), of.get("email", ""))
