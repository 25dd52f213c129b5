"""Students' objections to points, and the replies to them."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from autograder.errors import ReviewError
from autograder.gradebook import tables
from autograder.gradebook.tables import OBJECTIONS
from autograder.gradebook.url import opened
from autograder.records.objection import Objection

LONGEST = 5000  # characters of an objection, or of a reply
COLUMNS = ("student", "grade_id", "text")


@dataclass(frozen=True)
class Typed:
    """An objection as it comes in."""

    student: str
    grade_id: str  # empty: about the whole assignment
    text: str


def from_csv(text: str) -> list[Typed]:
    """Objections from a CSV with the columns student, grade_id and text; other columns are let be.

    Raises:
        ReviewError: a column is missing, or a line has no student or no text.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        header = [(name or "").strip().casefold() for name in reader.fieldnames or ()]
        if missing := [name for name in COLUMNS if name not in header]:
            raise ReviewError(
                f"objections: expected the columns {', '.join(COLUMNS)}, with commas between them, got "
                f"{', '.join(header)[:200] or 'none'}; add {missing[0]}"
            )
        reader.fieldnames = header
        return [Typed(**cells) for row in reader if any((cells := _cells(row, reader.line_num)).values())]
    except csv.Error as error:
        where = f"objections: expected a CSV, got what is none after line {reader.line_num}"
        raise ReviewError(f"{where}: {error}") from None


def _cells(row: dict[str, str], line: int) -> dict[str, str]:
    """A line's columns; all empty where nothing is written in it."""
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    lacking = next((name for name in ("student", "text") if not cells[name]), "")
    if lacking and any(cells.values()):
        raise ReviewError(f"objections:{line}: expected a {lacking}, got an empty cell")
    return cells


def add(
    db: Session,
    assignment: str,
    typed: Iterable[Typed],
    students: Collection[str],
    grade_ids: Collection[str],
) -> int:
    """Put objections on the list, all or none; how many are new. One that is there already is left as it is.

    Raises:
        ReviewError: a student or a cell is not there, or a text is too long.
    """
    every = list(typed)
    for one in every:
        if one.student not in students:
            raise ReviewError(f"objection: no student {one.student!r} has been graded; correct the id")
        if one.grade_id and one.grade_id not in grade_ids:
            raise ReviewError(f"objection of {one.student}: no cell {one.grade_id!r}; correct the grade_id")
        if not 0 < len(one.text) <= LONGEST:
            raise ReviewError(
                f"objection of {one.student}: expected 1 to {LONGEST} characters, got {len(one.text)}"
            )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    there = {Typed(o.student, o.grade_id, o.text) for o in every_objection(db, assignment)}
    new = sorted(set(every) - there, key=astuple)
    rows = [{"at": now, "assignment": assignment, **asdict(one), "reply": ""} for one in new]
    try:
        if rows:
            db.execute(sa.insert(OBJECTIONS), rows)
        db.commit()
    except IntegrityError:  # somebody read the same file at the same time
        db.rollback()
        return 0
    return len(rows)


def every_objection(db: Session, assignment: str) -> list[Objection]:
    """Oldest first; those without a reply before the others."""
    columns = [column for column in OBJECTIONS.c if column.name != "assignment"]
    wanted = sa.select(*columns).where(OBJECTIONS.c.assignment == assignment)
    found = [Objection(**row._mapping) for row in db.execute(wanted.order_by(OBJECTIONS.c.id))]
    return sorted(found, key=lambda o: bool(o.reply))


def reply(db: Session, assignment: str, number: int, text: str, who: str, seen: str) -> Objection | None:
    """Reply to an objection; what stands there, if somebody else has replied since `seen`.

    Raises:
        ReviewError: there is no such objection, or the text is empty or too long.
    """
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise ReviewError(f"reply: expected 1 to {LONGEST} characters, got {len(text)}")
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    here = sa.and_(OBJECTIONS.c.assignment == assignment, OBJECTIONS.c.id == number)
    change = sa.update(OBJECTIONS).where(here, OBJECTIONS.c.replied == seen)
    change = change.values(reply=text, who=who, replied=now)
    done = db.execute(change.returning(OBJECTIONS.c.id)).first()
    db.commit()
    if done:
        return None
    for one in every_objection(db, assignment):
        if one.id == number:
            return one
    raise ReviewError(f"reply: there is no objection {number}")


def by_student(url: str, assignment: str) -> dict[str, list[Objection]]:
    """student -> objections, of a gradebook that may have no such table yet.

    Raises:
        GradebookError: the gradebook is locked or gone.
    """
    found: dict[str, list[Objection]] = defaultdict(list)
    with opened(url) as engine, Session(engine) as db:
        if tables.exist(db.connection()):
            for one in every_objection(db, assignment):
                found[one.student].append(one)
    return dict(found)
