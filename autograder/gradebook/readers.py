"""Who reads what, and the comments that readers use again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from autograder.errors import ReviewError
from autograder.gradebook.tables import REMARKS, SPLITS

How = Literal["all", "question", "group", "share"]
WAYS: tuple[How, ...] = get_args(How)
LONGEST_REMARK = 2000  # characters
MOST_REMARKS = 30  # of one question
MOST_READERS = 50


@dataclass(frozen=True)
class Split:
    """How the answers are dealt out: everybody reads all; or by question, by group, by share of students."""

    how: How = "all"
    readers: Mapping[str, float] = field(default_factory=dict)  # name -> weight
    questions: Mapping[str, str] = field(default_factory=dict)  # grade id -> reader, where that is said
    version: int = 0

    def dealt(self, sizes: Mapping[str, int]) -> dict[str, str]:
        """Who gets which of these piles: the largest first, each to whoever has least for their weight."""
        load = dict.fromkeys(self.readers, 0.0)
        dealt = {}
        for pile, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
            if not load:
                break
            reader = min(load, key=lambda name: ((load[name] + size) / self.readers[name], name))
            load[reader] += size
            dealt[pile] = reader
        return dealt


def parsed(how: str, readers: str, questions: Mapping[str, str]) -> Split:
    """A split as it is typed: readers one a line or with commas, each with a weight behind it if need be.

    Raises:
        ReviewError: it names no way, no reader, one twice, or a weight that is none.
    """
    way = next((way for way in WAYS if way == how), None)
    if way is None:
        raise ReviewError(f"split: expected one of {', '.join(WAYS)}, got {how!r}")
    found: dict[str, float] = {}
    for entry in (part.strip() for line in readers.splitlines() for part in line.split(",")):
        if not entry:
            continue
        name, _, number = entry.rpartition(" ")
        weight = _number(number)
        if weight is None or not name.strip():
            name, weight = entry, 1.0
        name = " ".join(name.split())
        if weight <= 0:
            raise ReviewError(f"split: {name}: expected a weight above 0, got {number}")
        if name in found:
            raise ReviewError(f"split: {name} stands twice; name each reader once")
        found[name] = weight
    if how != "all" and not found:
        raise ReviewError("split: expected the names of the readers, got none")
    if len(found) > MOST_READERS:
        raise ReviewError(f"split: expected {MOST_READERS} readers at most, got {len(found)}")
    chosen = {grade_id: reader for grade_id, reader in questions.items() if reader in found}
    return Split(way, found, chosen)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def load(db: Session, assignment: str) -> Split:
    row = db.execute(sa.select(SPLITS.c.plan, SPLITS.c.version).where(SPLITS.c.assignment == assignment))
    found = row.first()
    return Split(**{**json.loads(found[0]), "version": found[1]}) if found else Split()


def save(db: Session, assignment: str, split: Split, seen: int) -> bool:
    """Keep a split in the place of the version that was `seen`; False where somebody else was quicker."""
    plan = {key: value for key, value in asdict(split).items() if key != "version"}
    values = {"plan": json.dumps(plan), "version": seen + 1}
    if seen == 0:
        try:
            db.execute(sa.insert(SPLITS).values(assignment=assignment, **values))
        except sa.exc.IntegrityError:
            db.rollback()
            return False
    else:
        where = sa.and_(SPLITS.c.assignment == assignment, SPLITS.c.version == seen)
        change = sa.update(SPLITS).where(where).values(**values).returning(SPLITS.c.version)
        if db.execute(change).first() is None:
            db.rollback()
            return False
    db.commit()
    return True


@dataclass(frozen=True)
class Remark:
    id: int
    text: str


def remarks(db: Session, assignment: str, grade_id: str) -> list[Remark]:
    where = sa.and_(REMARKS.c.assignment == assignment, REMARKS.c.grade_id == grade_id)
    found = sa.select(REMARKS.c.id, REMARKS.c.text).where(where).order_by(REMARKS.c.id)
    return [Remark(*row) for row in db.execute(found)]


def keep_remark(db: Session, assignment: str, grade_id: str, text: str, who: str) -> None:
    """Keep a comment for the readers of this question, once.

    Raises:
        ReviewError: it is empty or long, or there are many.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_REMARK:
        raise ReviewError(f"expected a comment of 1 to {LONGEST_REMARK} characters, got {len(text)}")
    there: Sequence[Remark] = remarks(db, assignment, grade_id)
    if any(remark.text == text for remark in there):
        return
    if len(there) >= MOST_REMARKS:
        raise ReviewError(f"there are {MOST_REMARKS} comments to use again; take one away first")
    db.execute(sa.insert(REMARKS).values(assignment=assignment, grade_id=grade_id, text=text, who=who))
    db.commit()


def drop_remark(db: Session, assignment: str, number: int) -> None:
    db.execute(sa.delete(REMARKS).where(REMARKS.c.assignment == assignment, REMARKS.c.id == number))
    db.commit()
