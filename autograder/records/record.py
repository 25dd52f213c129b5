"""A record: everything known about one graded submission, as data.

Gradebook, feedback, class report and exports are renderings of records. A record is written
once per submission as JSON, atomically, and read back by whoever needs it. `docs/record.schema.json`
is made from the types below: `python -m autograder.records.schema`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from autograder.errors import RecordError
from autograder.files import OddFileError, whole, write_atomically

SCHEMA = 1
ROUNDED = 0.005  # points have two digits
DOUBT = "Your instructor looks at this"  # a comment that begins so says what is not certain

Outcome = Literal["passed", "failed", "error", "skipped"]
State = Literal["graded", "needs_review", "error"]
PATTERN = re.compile(r"`str` matching regex '.*'", re.DOTALL)
MISSING = re.compile("Object missing required field `(.*)`")
TYPES = {  # msgspec's, as people say them
    "object": "a table",
    "array": "a list",
    "str": "a text",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "nothing",
}
Amount = Annotated[float, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1, pattern=r"^[^./\\\x00][^/\\\x00]*$")]


def moment(handed_in: str) -> datetime | None:
    """The time that a field of this name says; None where nobody knows it."""
    return datetime.fromisoformat(handed_in) if handed_in else None


@dataclass(frozen=True)
class CaseResult:
    """What one case of one grade cell came to."""

    id: Annotated[str, Meta(description="Unique in its cell.")]
    kind: Annotated[str, Meta(description="core, edge or criterion")]
    weight: Annotated[Amount, Meta(description="Its share among the cases of its kind.")]
    outcome: Annotated[Outcome, Meta(description="failed: the student's; error: ours, or no answer came.")]
    message: Annotated[str, Meta(description="Safe for the student: no expected value, no path of ours.")] = (
        ""
    )
    hint: Annotated[str, Meta(description="Written by the course's authors for a case that failed.")] = ""
    property: Annotated[
        str, Meta(description="What was wrong: shape, dtype, value, gradient, type, mutation or code.")
    ] = ""
    seconds: Annotated[Amount, Meta(description="Wall clock of the case.")] = 0.0
    called: Annotated[
        str, Meta(description="Of a failed case: the last call, with shapes in place of arrays.")
    ] = ""


@dataclass(frozen=True)
class Grade:
    """Points for one grade cell."""

    grade_id: Annotated[Name, Meta(description="The cell's id in its notebook.")]
    notebook: Annotated[Name, Meta(description="Without .ipynb.")]
    points: Annotated[float | None, Meta(description="null while nobody knows them yet")]
    max_points: Annotated[Amount, Meta(description="As in the notebook's metadata.")]
    state: Annotated[State, Meta(description="error: ours, or nothing that could be judged.")]
    cases: Annotated[
        tuple[CaseResult, ...], Meta(description="Of hidden graders, or a rubric's criteria.")
    ] = ()
    comment: Annotated[str, Meta(description="Shown to the student beside the points.")] = ""
    internal: Annotated[
        str, Meta(description="For the instructor only: what went wrong on the kit's side.")
    ] = ""

    @property
    def doubt(self) -> str:
        """What is not certain about it; empty where a rubric alone leaves it to a person."""
        return self.comment if self.comment.startswith(DOUBT) else ""

    @property
    def criteria(self) -> dict[str, float]:
        """The points of each criterion; a cell of code has none."""
        return {criterion_of(case): case.weight for case in self.cases if case.kind == "criterion"}


def criterion_of(case: CaseResult) -> str:
    """The criterion that a rubric's case is about: `slope` of `question_1[slope]`."""
    return case.id.partition("[")[2].removesuffix("]")


@dataclass(frozen=True)
class Hashes:
    """What a result depends on. With all three the same, nothing is graded again."""

    submission: Annotated[str, Meta(description="Of the files that were graded.")]
    graders: Annotated[
        str, Meta(description="Of what decides points: graders, rubric, settings, files given out.")
    ]
    environment: Annotated[str, Meta(description="Of what the code ran on: Python, NumPy, the kit.")]


@dataclass(frozen=True)
class Record:
    """All that gradebook, feedback, report and exports show comes from here."""

    student: Annotated[Name, Meta(description="The name of the student's folder, and of the record's file.")]
    assignment: Annotated[Name, Meta(description="The name of the assignment's folder.")]
    isolation: Annotated[
        str, Meta(description="The level the student's code ran at, such as bwrap+landlock+seccomp.")
    ]
    hashes: Hashes
    grades: Annotated[dict[str, Grade], Meta(description="By grade id.")]
    problems: Annotated[tuple[str, ...], Meta(description="What was unusual about the hand-in.")] = ()
    answers: Annotated[dict[str, str], Meta(description="Written answers as handed in, by grade id.")] = (
        field(default_factory=dict)
    )
    seconds: Annotated[Amount, Meta(description="Wall clock of grading this submission.")] = 0.0
    student_seconds: Annotated[
        Amount, Meta(description="The part of the seconds spent in the student's own code.")
    ] = 0.0
    handed_in: Annotated[str, Meta(description="ISO 8601 in UTC; empty if nobody knows.")] = ""
    extension_days: Annotated[Amount, Meta(description="By which this student's deadline is later.")] = 0.0
    fault: Annotated[
        str, Meta(description="What went wrong on the kit's side; every run grades such a record again.")
    ] = ""
    schema: Annotated[int, Meta(description="The version of this schema.")] = SCHEMA

    @property
    def time(self) -> datetime | None:
        """When it was handed in, as far as anybody knows."""
        return moment(self.handed_in)

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
        """Raises RecordError where the text is not what `to_json` writes."""
        try:
            record = _decoded(text, where)
            for wrong in _contradictions(record):
                raise ValueError(wrong)
        except (ValueError, RecursionError) as error:
            raise RecordError(
                f"{where}: not a record ({in_words(error)}); delete it and grade again"
            ) from None
        return record


def _decoded(text: str | bytes, where: str) -> Record:
    """Asks for the schema by itself only where the whole is no record of this one: it may be another's."""
    try:
        record = msgspec.json.decode(text, type=Record)
        found = record.schema
    except msgspec.ValidationError:
        found = msgspec.json.decode(text, type=_SchemaOnly).schema
        if found == SCHEMA:
            raise
    if found != SCHEMA:
        raise OtherSchemaError(f"{where}: schema {found}, expected {SCHEMA}; grade again")
    return record


class OtherSchemaError(RecordError):
    """A record of another version of the kit: whole, and no longer read."""


def in_words(error: Exception) -> str:
    """What is wrong with a record, without msgspec's words for types and places."""
    if isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError):
        return "the file ends too early" if "truncated" in str(error) else "no JSON"
    what, _, place = PATTERN.sub("a name that a file may have", str(error)).partition(" - at `$")
    for type_, words in TYPES.items():
        what = what.replace(f"`{type_}`", words).replace(f"`{type_} | null`", f"{words} or nothing")
    what = MISSING.sub(r"\1 is missing", what)
    place = re.sub(r"\[[^]]*\]", "", place).strip("`.")
    return f"{place}: {what[:1].lower()}{what[1:]}" if place else what[:1].lower() + what[1:]


class _SchemaOnly(msgspec.Struct):
    schema: int


def _contradictions(record: Record) -> Iterator[str]:
    """What no type says: a record of another hand, or one that was changed."""
    for grade_id, grade in record.grades.items():
        if grade.grade_id != grade_id:
            yield f"the grade of {grade_id!r} calls itself {grade.grade_id!r}"
        if grade.points is not None and not -ROUNDED <= grade.points <= grade.max_points + ROUNDED:
            yield f"{grade_id}: expected points from 0 to {grade.max_points:g}, got {grade.points:g}"
        if grade.points is None and grade.state == "graded":
            yield f"{grade_id}: graded, but without points"
    if record.time and record.time.tzinfo is None:
        yield f"handed_in: expected a time with its zone, got {record.handed_in!r}"


def save(record: Record, folder: Path) -> Path:
    path = folder / f"{record.student}.json"
    write_atomically(path, record.to_json())
    return path


def load(path: Path) -> Record:
    """Raises RecordError where the file holds no record, or that of another student."""
    try:
        text = whole(path)
    except (OddFileError, IsADirectoryError):
        raise RecordError(f"{path}: no ordinary file; delete it and grade again") from None
    record = Record.from_json(text, where=str(path))
    if record.student != path.stem:
        raise RecordError(f"{path}: a record of {record.student!r}; delete it and grade again")
    return record
