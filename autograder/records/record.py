"""A record: everything known about one graded submission, as data.

Gradebook, feedback, class report and exports are renderings of records. A record is written
once per submission as JSON (`docs/record.schema.json` is its schema), atomically, and read back
by whoever needs it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograder.errors import RecordError
from autograder.files import write_atomically

SCHEMA = 1

Outcome = Literal["passed", "failed", "error", "skipped"]
State = Literal["graded", "needs_review", "error"]


@dataclass(frozen=True)
class CaseResult:
    """What one case of one grade cell came to."""

    id: str
    kind: str  # core | edge | criterion
    weight: float
    outcome: Outcome
    message: str = ""  # safe for the student: no expected value, no path of ours
    hint: str = ""  # written by the course authors, shown when the case failed
    property: str = ""  # shape | dtype | value | gradient | type | mutation | code
    seconds: float = 0.0
    called: str = ""  # of a failed case: the last call, with shapes in place of arrays


@dataclass(frozen=True)
class Grade:
    """Points for one grade cell. `points` is None while nobody knows them yet."""

    grade_id: str
    notebook: str
    points: float | None
    max_points: float
    state: State
    cases: tuple[CaseResult, ...] = ()
    comment: str = ""  # shown to the student beside the points
    internal: str = ""  # for the instructor only: what went wrong on our side


@dataclass(frozen=True)
class Hashes:
    """What a result depends on. The same three hashes give the same result."""

    submission: str
    graders: str
    environment: str


@dataclass(frozen=True)
class Record:
    student: str
    assignment: str
    isolation: str
    hashes: Hashes
    grades: dict[str, Grade]
    problems: tuple[str, ...] = ()  # what was unusual about the hand-in, in words
    answers: dict[str, str] = field(default_factory=dict)  # inline answers as handed in
    seconds: float = 0.0
    student_seconds: float = 0.0  # the part of `seconds` spent in the student's own code
    handed_in: str = ""  # ISO 8601 in UTC; empty if nobody knows
    extension_days: float = 0.0  # by which this student's deadline is later
    fault: str = ""  # what went wrong on our side: this is graded again by every run until it is whole
    schema: int = SCHEMA

    @property
    def points(self) -> float:
        """Points known so far; grades still unknown count nothing yet."""
        return round(sum(g.points or 0.0 for g in self.grades.values()), 2)

    @property
    def max_points(self) -> float:
        return sum(g.max_points for g in self.grades.values())

    @property
    def waiting(self) -> list[str]:
        """Grade ids that need review."""
        return [g.grade_id for g in self.grades.values() if g.state != "graded"]

    def to_json(self, indent: int | None = 1) -> str:
        """As text; without indent in a seventh of the time, for a program that reads it at once."""
        text = json.dumps(self, default=vars, indent=indent, ensure_ascii=False, sort_keys=True) + "\n"
        return text.encode("utf-8", "replace").decode()  # names of files may be no valid Unicode

    @staticmethod
    def from_json(text: str | bytes, where: str = "record") -> Record:
        try:
            raw: dict[str, Any] = json.loads(text)
            if raw["schema"] != SCHEMA:
                raise RecordError(f"{where}: schema {raw['schema']}, expected {SCHEMA}; grade again")
            grades = {
                grade_id: Grade(**{**g, "cases": tuple(CaseResult(**c) for c in g["cases"])})
                for grade_id, g in raw.pop("grades").items()
            }
            hashes, problems = Hashes(**raw.pop("hashes")), tuple(raw.pop("problems"))
            return Record(grades=grades, hashes=hashes, problems=problems, **raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordError(f"{where}: not a record ({error}); delete it and grade again") from None


def save(record: Record, folder: Path) -> Path:
    path = folder / f"{record.student}.json"
    write_atomically(path, record.to_json())
    return path


def load(path: Path) -> Record:
    return Record.from_json(path.read_bytes(), where=str(path))


def load_all(folder: Path) -> list[Record]:
    """Every record in `folder`, by student."""
    return [load(path) for path in sorted(folder.glob("*.json"))]
