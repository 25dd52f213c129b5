"""The answers of a graded class that need review, in memory.

Of each record only what a reader looks at is decoded, and a record is read again only if its file has
changed: a class of a thousand opens while one waits for it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from autograder.answers.groups import ReadAnswer, digest, grouped
from autograder.course.assignment import Assignment
from autograder.errors import FolderError, RecordError
from autograder.files import whole
from autograder.records.record import CaseResult, Grade, State, in_words

SHORT = 10  # signs of the name under which an answer is read


class _WaitingGrade(msgspec.Struct):
    notebook: str
    points: float | None
    max_points: float
    state: State
    comment: str = ""
    cases: msgspec.Raw = msgspec.Raw(b"[]")


class _WaitingRecord(msgspec.Struct):
    student: str
    assignment: str
    grades: dict[str, _WaitingGrade]
    answers: dict[str, str] = {}


_READ = msgspec.json.Decoder(_WaitingRecord)
_CASES = msgspec.json.Decoder(tuple[CaseResult, ...])


@dataclass(frozen=True)
class Waiting(ReadAnswer):
    """One student's answer that a person reads. `key` names it to a reader who does not see whose it is."""

    key: str

    @property
    def grade_id(self) -> str:
        return self.grade.grade_id

    @cached_property
    def version(self) -> str:
        """Of what is read: another hand-in or another rubric makes another answer of it."""
        cases = [(case.id, case.outcome, case.weight) for case in self.grade.cases]
        seen = msgspec.json.encode([self.text, self.grade.points, self.grade.max_points, cases])
        return hashlib.sha256(seen).hexdigest()[:8]

    @property
    def read(self) -> str:
        """Of the answer alone, whatever a rubric makes of it."""
        return digest(self.text)


@dataclass
class _ReadFile:
    stamp: tuple[int, int]
    waiting: dict[str, Waiting] = field(default_factory=dict)  # grade id -> answer


class Classroom:
    """A graded class: the records in OUT, as far as they need review."""

    def __init__(self, assignment: Assignment, out: Path) -> None:
        self.assignment, self.out = assignment, out
        self._kept: dict[str, _ReadFile] = {}
        self._order = [cell.grade_id for cell in assignment.grade_cells]
        self._waiting_by_question: dict[str, list[Waiting]] | None = None
        self._grouped: dict[str, list[tuple[Waiting, ...]]] = {}
        self.broken: dict[str, str] = {}  # name of a file -> why it is no record; the others are read

    def refresh(self) -> None:
        """Read what has changed on disk since.

        A file that is no record is named in `broken`, and stops nobody else.

        Raises:
            RecordError, FolderError: there are no records, or they are of another assignment.
        """
        folder = self.out / "records"
        there: dict[str, tuple[int, int]] = {}
        if folder.is_dir():
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".json") and not entry.name.startswith("."):
                        stat = entry.stat()
                        there[entry.name] = (stat.st_mtime_ns, stat.st_size)
        if not there:
            raise RecordError(f"{folder}: no records; run autograder grade first")
        gone = set(self._kept) - set(there)
        changed = [
            name for name, stamp in there.items() if name not in self._kept or self._kept[name].stamp != stamp
        ]
        if gone or changed:  # before the first is read: another of them may be broken
            self._waiting_by_question = None
            self._grouped.clear()
        for name in gone:
            del self._kept[name]
        for name in {*gone, *changed}:
            self.broken.pop(name, None)
        for name in changed:
            self._kept[name] = self._read(folder / name, there[name])

    def _read(self, path: Path, stamp: tuple[int, int]) -> _ReadFile:
        try:
            found = _READ.decode(whole(path))
            grades = {i: _grade(i, grade) for i, grade in found.grades.items() if grade.state != "graded"}
            if found.student != path.stem:
                raise ValueError(f"it is of {found.student!r}")
        except (OSError, ValueError, RecursionError) as error:
            self.broken[path.name] = f"{path}: not a record ({in_words(error)}); delete it and grade again"
            return _ReadFile(stamp)
        if found.assignment != self.assignment.name:
            raise FolderError(f"{path}: a record of {found.assignment}, not of {self.assignment.name}")
        key = key_of(self.assignment.name, found.student)
        texts = ((grade, found.answers.get(grade_id, "")) for grade_id, grade in grades.items())
        return _ReadFile(stamp, {g.grade_id: Waiting(found.student, text, g, key) for g, text in texts})

    @property
    def students(self) -> set[str]:
        """Everyone who has a record."""
        return {name.removesuffix(".json") for name in self._kept if name not in self.broken}

    def waiting(self) -> dict[str, list[Waiting]]:
        """By question, in the order of the assignment: what its record leaves to a person, decided or not."""
        if self._waiting_by_question is None:
            found: dict[str, list[Waiting]] = {grade_id: [] for grade_id in self._order}
            for _, kept in sorted(self._kept.items()):
                for grade_id, answer in kept.waiting.items():
                    found.setdefault(grade_id, []).append(answer)
            self._waiting_by_question = {grade_id: answers for grade_id, answers in found.items() if answers}
        return self._waiting_by_question

    def alike(self, grade_id: str) -> list[tuple[Waiting, ...]]:
        """The answers to one question, alike ones together, large groups first."""
        if grade_id not in self._grouped:
            answers = self.waiting().get(grade_id, [])
            self._grouped[grade_id] = grouped(grade_id, answers, self.assignment.question(grade_id))
        return self._grouped[grade_id]

    def answer(self, grade_id: str, key: str) -> Waiting | None:
        return next((a for a in self.waiting().get(grade_id, []) if a.key == key), None)

    def answer_of(self, student: str, grade_id: str) -> Waiting | None:
        return next((a for a in self.waiting().get(grade_id, []) if a.student == student), None)


def _grade(grade_id: str, found: _WaitingGrade) -> Grade:
    about = (found.notebook, found.points, found.max_points, found.state)
    return Grade(grade_id, *about, _CASES.decode(found.cases), found.comment)


def key_of(assignment: str, student: str) -> str:
    """A name for a student's answers that says nothing of who it is."""
    return hashlib.sha256(f"{assignment}\0{student}".encode()).hexdigest()[:SHORT]
