"""A graded class: its records, with what people entered laid over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.errors import FolderError, RecordError
from autograder.files import text_of
from autograder.gradebook.url import sqlite_url
from autograder.records import record
from autograder.records.objection import Objection
from autograder.records.record import Record

UNCLAIMED = "unclaimed.json"  # in OUT: hand-ins that nobody knows whose they are


def unclaimed(out: Path) -> list[str]:
    """What a grading run found in the class's folder and could give to nobody."""
    try:
        found = json.loads(text_of(out / UNCLAIMED))
    except (OSError, ValueError):
        return []
    return [str(what) for what in found] if isinstance(found, list) else []


@dataclass(frozen=True)
class Graded:
    """A graded class: the records in OUT, and the gradebook people enter their points in."""

    assignment: Assignment
    out: Path
    gradebook: str = ""  # SQLAlchemy URL; empty: OUT/gradebook.db, if there is one
    faults: dict[str, str] = field(default_factory=dict, compare=False)  # student -> what cannot be shown

    @property
    def unclaimed(self) -> list[str]:
        """What was handed in and is nobody's: of who has no record, nobody knows that there is no hand-in."""
        return unclaimed(self.out)

    def has_records(self) -> bool:
        return any((self.out / "records").glob("*.json"))

    @property
    def students(self) -> list[str]:
        """Everyone who has a record. Raises RecordError if nothing has been graded."""
        found = sorted(path.stem for path in (self.out / "records").glob("*.json"))
        if not found:
            raise RecordError(f"{self.out / 'records'}: no records; run autograder grade first")
        return found

    def records(self) -> Iterator[Record]:
        """One at a time, with what people entered: a class is larger than memory."""
        url = self._url()
        if not url:
            return self._stored()
        from autograder.gradebook.decisions import decided  # nbgrader takes two seconds to import

        return decided(self._stored(), url, self.assignment, self.faults)

    def objections(self) -> dict[str, list[Objection]]:
        """student -> objections, with the replies to them."""
        url = self._url()
        if not url:
            return {}
        from autograder.gradebook.objections import by_student

        return by_student(url, self.assignment.name)

    def _url(self) -> str:
        """The gradebook; empty where there is none yet."""
        if not self.gradebook and (self.out / "gradebook.db").exists():
            return sqlite_url(self.out / "gradebook.db")
        return self.gradebook

    def _stored(self) -> Iterator[Record]:
        for student in self.students:
            path = self.out / "records" / f"{student}.json"
            try:
                graded = record.load(path)
            except RecordError as error:
                self.faults.setdefault(student, str(error))
                continue
            if graded.assignment != self.assignment.name:
                raise FolderError(f"{path}: a record of {graded.assignment}, not of {self.assignment.name}")
            yield graded
