"""Feedback pages in the forms in which an LMS, or a mail program, takes them back. Nothing is sent.

Moodle and Canvas know a hand-in by numbers that stand in the names of what was downloaded, so the download
is needed again. Moodle: Full Name_811_assignsubmission_file_ (mod/assign/feedback/file/importziplib.php
reads number, kind and name). Canvas: name_501_7001_file (its assignments read the first two numbers: the
user and an upload of theirs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.matched import Matched
from autograder.course.roster import Roster
from autograder.errors import ExportError
from autograder.files import packed, write_atomically
from autograder.intake.collector import safe_id
from autograder.intake.downloads import CANVAS, MOODLE, HandIn, survey
from autograder.records.record import Record
from autograder.records.store import IGNORE
from autograder.reports.score import score
from autograder.safe_text import csv_of

ADDRESS = re.compile(r"[^\s,;:<>()\"@]+@[^\s,;:<>()\"@]+")  # one, and nothing that a mail program splits at
PAGE = "feedback.html"  # as students see it in the LMS
MAIL_COLUMNS = [
    *("assignment", "title", "student_id", "last_name", "first_name", "email"),
    *("score", "max_score", "attachment"),
]


def write_lms(
    format: str,
    to: Path,
    pages: Mapping[str, str],
    download: Path | None,
    assignment: Assignment,
    people: Roster | None,
) -> dict[str, str]:
    """The zip that the LMS takes; student -> why no page of theirs is in it.

    Raises:
        ExportError: no download was given, or it is of another LMS.
        IntakeError: nothing in it is a hand-in.
    """
    if download is None:
        what = "the folder or zip that the LMS gave out"
        raise ExportError(f"{format}: expected --download FILE, {what}, got none")
    name_of = {"moodle-feedback": _moodle, "canvas-comments": _canvas}[format]
    names: dict[str, str] = {}
    with survey(download, assignment) as found:
        for hand_in in found.hand_ins:
            for student in _owners(hand_in, people):
                names[student] = max(name_of(hand_in, student), names.get(student, ""), key=_newest)
    if not any(names.values()):
        lms = format.partition("-")[0].capitalize()
        raise ExportError(
            f"{download}: expected what {lms} gives out, got no name of its form; download again"
        )
    files = {names[student]: page.encode() for student, page in pages.items() if names.get(student)}
    write_atomically(to, packed(files), mode=0o600)
    return {s: f"not in {download.name}, so no page" for s in pages if not names.get(s)}


def _owners(hand_in: HandIn, people: Roster | None) -> Iterator[str]:
    """Whose it is, as `collect` finds out; nobody where that is not certain."""
    for person in hand_in.people:
        if people is None:
            yield safe_id(person.label)
            continue
        found = people.group(person.group) if person.group else []
        found = found or person.on(people)
        if len(found) == 1:  # a group's one number is no member's own
            yield found[0].id


def _moodle(hand_in: HandIn, student: str) -> str:
    for place in hand_in.files.values():
        for part in place.split("/"):
            if match := MOODLE.fullmatch(part):
                return f"{student.replace('_', '-')}_{match['number']}_assignfeedback_file_/{PAGE}"
    return ""


def _canvas(hand_in: HandIn, student: str) -> str:
    found = [m for place in hand_in.files.values() if (m := CANVAS.fullmatch(place.split("/")[-1]))]
    if not found:
        return ""
    last = max(found, key=lambda match: int(match["file"]))
    return f"{last['name']}_{last['user']}_{last['file']}_{PAGE}"


def _newest(name: str) -> tuple[int, ...]:
    """Order among the names of one student's hand-ins: the numbers in them."""
    return tuple(int(part) for part in name.split("_") if part.isdigit())


def write_mail(
    to: Path, pages: Mapping[str, str], records: Iterable[Record], assignment: Assignment, matched: Matched
) -> dict[str, str]:
    """`to`/mail.csv, a line for each page, and the pages beside it; student -> why there is no line.

    An address is the roster's. `to` gets a `.gitignore`: git leaves students' data alone.
    """
    rows: list[list[object]] = [[*MAIL_COLUMNS]]
    missing = {}
    write_atomically(to / ".gitignore", IGNORE)
    for record in records:
        if record.student not in pages:
            continue
        last, first, email = matched.names(record.student)
        if not ADDRESS.fullmatch(email):
            missing[record.student] = "no address on the roster, or more than one, so no line"
            continue
        page = f"pages/{record.student}.html"
        write_atomically(to / page, pages[record.student])
        points = score(record, assignment, proposals=True).final
        who = [assignment.name, assignment.title, record.student, last, first, email]
        rows.append([*who, points, record.max_points, page])
    write_atomically(to / "mail.csv", csv_of(rows))
    return missing
