"""The class list: the one reader of roster files.

Three forms of CSV are read. Our own has a column `id` and any of `name` (or `first_name`, `last_name`),
`email`, `section`, `group`, `repository`, `extension_days` (or `extension_days <assignment>`), and further
columns that end in `_id` or are called `login`: what an LMS calls the same person. The gradebook that Canvas
exports is read as it comes; its login (else its SIS id, else its own number) becomes the id. So are Moodle's
lists of participants, grades and its grading worksheet; the ID number (else the user name, else the e-mail
address) becomes the id.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from autograder.course.policy import utc
from autograder.errors import RosterError
from autograder.files import text_of, why_unread

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,126}")  # also a folder's name, and nbgrader's key
EXTENSION = "extension_days"
CANVAS = {"student": "name", "id": "canvas_id", "sis user id": "sis_id", "sis login id": "login"}
MOODLE = {
    "full name": "name",
    "first name": "first_name",
    "last name": "last_name",
    "surname": "last_name",
    "email address": "email",
    "id number": "number_id",
    "groups": "group",
}
KEYS = {"canvas": ("login", "sis_id", "canvas_id"), "moodle": ("number_id", "username", "email")}


@dataclass(frozen=True)
class RosterEntry:
    """One line of the roster."""

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    known_as: Mapping[str, str] = field(default_factory=dict)  # "canvas_id", "login", … -> value
    extensions: Mapping[str, float] = field(default_factory=dict)  # assignment, or "" for all -> days
    group: str = ""  # that hands in together
    repository: str = ""  # where git finds the work

    def extension_days(self, assignment: str) -> float:
        return self.extensions.get(assignment, self.extensions.get("", 0.0))

    def extends(self, assignment: str) -> bool:
        """Whether the roster says anything about this deadline, be it 0 days."""
        return assignment in self.extensions or "" in self.extensions

    @property
    def last_first(self) -> tuple[str, str]:
        """Last and first name; of a name with no comma, the last word is the last name."""
        if "," in self.name:
            last, _, first = self.name.partition(",")
            return last.strip(), first.strip()
        *first_names, last = self.name.split() or [""]
        return last, " ".join(first_names)

    @property
    def called(self) -> str:
        """`Last, First`; empty where nobody knows."""
        return ", ".join(filter(None, self.last_first))


class Roster:
    """Students by id, and the ways to recognise one."""

    def __init__(self, students: Iterable[RosterEntry]) -> None:
        self.students = {student.id: student for student in students}
        self._by_id: dict[str, set[str]] = {}
        self._by_name: dict[str, set[str]] = {}
        for student in self.students.values():
            for value in (student.id, student.email, *student.known_as.values()):
                self._by_id.setdefault(value.strip().casefold(), set()).add(student.id)
            for key in _name_keys(student.name):
                self._by_name.setdefault(key, set()).add(student.id)
        self._by_id.pop("", None)
        self._by_group: dict[str, list[RosterEntry]] = {}
        for student in self.students.values():
            if student.group:
                self._by_group.setdefault(_key(student.group.split()), []).append(student)

    def __iter__(self) -> Iterator[RosterEntry]:
        return iter(self.students.values())

    def __len__(self) -> int:
        return len(self.students)

    def get(self, student: str) -> RosterEntry | None:
        return self.students.get(student)

    def group(self, name: str) -> list[RosterEntry]:
        """Who hands in together under this name."""
        return self._by_group.get(_key(name.split()), [])

    def match(self, ids: Iterable[str], name: str = "") -> list[RosterEntry]:
        """Who goes by one of `ids` (the first that anyone has decides), else by `name`.

        One student is a match, several are namesakes, none is a stranger.
        """
        for value in ids:
            if found := self._by_id.get(value.strip().casefold()):
                return [self.students[i] for i in sorted(found)]
        found = self._by_name.get(_key(name.split()), set()) if name else set()
        return [self.students[i] for i in sorted(found)]


def read(path: Path) -> Roster:
    """Read a roster.

    Raises:
        RosterError: no such file, no id column, a line without an id, or an id twice.
    """
    header, rows = _rows(path)
    form = _form(header)
    if not form and "id" not in header:
        raise RosterError(f"{path}: expected a column called id, got {', '.join(header) or 'no header'}")
    renamed = {"canvas": CANVAS, "moodle": MOODLE}.get(form, {})
    columns = [renamed.get(name, name) for name in header]
    students: dict[str, RosterEntry] = {}
    for number, row in rows:
        fields = {name: " ".join(cell.split()) for name, cell in zip(columns, row, strict=False)}  # one line
        if form == "canvas" and _is_no_student(fields):
            continue
        student = _student(fields, form, f"{path}:{number}")
        if student.id in students:
            raise RosterError(
                f"{path}:{number}: the id {student.id} stands twice; each student needs one line"
            )
        students[student.id] = student
    return Roster(students.values())


def extensions(file: Path | None, assignment: str) -> dict[str, float]:
    """Student -> days, of those of whom the course's roster says something: it may know more than it did when
    the hand-ins were collected."""
    people = read(file) if file else ()
    return {p.id: p.extension_days(assignment) for p in people if p.extends(assignment)}


def _form(header: list[str]) -> str:
    """Which LMS wrote a file with these columns; empty for our own form."""
    if "student" in header and "id" in header:
        return "canvas"
    return "moodle" if "email address" in header and "id" not in header else ""


def read_times(path: Path, zone: tzinfo = UTC) -> dict[str, datetime]:
    """When students handed in, by what the file's column `id` calls them; without a zone, by `zone`'s clock.

    Raises:
        RosterError: a column is missing, an id stands twice, or a time is none.
    """
    header, rows = _rows(path)
    if not {"id", "time"} <= set(header):
        raise RosterError(f"{path}: expected columns called id and time, got {', '.join(header) or 'none'}")
    times: dict[str, datetime] = {}
    for number, row in rows:
        fields = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        student, text = fields.get("id", ""), fields.get("time", "")
        if student in times:
            raise RosterError(f"{path}:{number}: the id {student} stands twice; each student needs one line")
        try:
            when = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
            times[student] = utc(when if when.tzinfo else when.replace(tzinfo=zone))
        except ValueError:
            raise RosterError(
                f"{path}:{number}: expected a time such as 2026-02-01 12:30+01:00, got {text!r}"
            ) from None
    return times


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of a CSV's columns, small, and its other lines that are not empty, with their numbers."""
    try:
        text = text_of(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{path}: expected a CSV in UTF-8, got: {why_unread(error)}") from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)  # Canvas exports with semicolons too
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise RosterError(f"{path}:{reader.line_num}: expected a CSV, got: {error}") from None
    header = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    return header, [(number, row) for number, row in rows[1:] if any(map(str.strip, row))]


def _is_no_student(fields: Mapping[str, str]) -> bool:
    """Canvas's rows of maximal points and of its test student."""
    return not fields.get("canvas_id") or fields.get("name") in ("Points Possible", "Student, Test")


def _student(fields: Mapping[str, str], form: str, where: str) -> RosterEntry:
    known_as = {k: v for k, v in fields.items() if v and (k.endswith("_id") or k in ("login", "username"))}
    student = next((fields[k] for k in KEYS.get(form, ("id",)) if fields.get(k)), "")
    if not ID.fullmatch(student):
        raise RosterError(
            f"{where}: expected an id of letters, digits and . _ - @ +, got {student!r}; "
            "it becomes the name of a folder"
        )
    return RosterEntry(
        student,
        fields.get("name") or f"{fields.get('first_name', '')} {fields.get('last_name', '')}".strip(),
        fields.get("email", ""),
        fields.get("section", ""),
        known_as,
        dict(_extensions(fields, where)),
        fields.get("group", ""),
        fields.get("repository", ""),
    )


def _extensions(fields: Mapping[str, str], where: str) -> Iterator[tuple[str, float]]:
    for column, text in fields.items():
        if column.startswith(EXTENSION) and text:
            try:
                days = float(text)
            except ValueError:
                days = math.nan
            if not 0 <= days < 10_000:
                raise RosterError(f"{where}: {column}: expected a number of days, 0 or more, got {text!r}")
            yield column.removeprefix(EXTENSION).strip(" :"), days


def _key(words: Iterable[str]) -> str:
    """Words as an LMS writes them into a file's name: joined, small, without accents and signs."""
    plain = unicodedata.normalize("NFKD", "".join(words)).casefold()
    return "".join(c for c in plain if c.isalnum())


def _name_keys(name: str) -> set[str]:
    """A name in every order an LMS may turn it into: `Ada King Lovelace`, `King Lovelace, Ada`, …"""
    words = name.replace(",", " ").split()
    turned = [words[i:] + words[:i] for i in range(len(words))]
    return {key for order in turned if (key := _key(order))}
