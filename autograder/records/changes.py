"""What grading again changes: who gains or loses how much, on which cell, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import msgspec

from autograder.records.record import Grade, Record
from autograder.safe_text import csv_of

CAUSES = {
    "submission": "a new hand-in",
    "graders": "new graders, points or rubrics",
    "environment": "another environment",
}
COLUMNS = [
    *("student", "grade_id", "notebook", "before", "after", "gain"),
    *("max_before", "max_after", "cause", "why"),
]


@dataclass(frozen=True)
class Change:
    """One cell of one student that is worth something else than before."""

    student: str
    grade_id: str
    notebook: str
    before: float | None  # points; None: not known
    after: float | None
    max_before: float
    max_after: float
    cause: str  # what was not the same when this was graded
    why: tuple[str, ...]  # which cases came to something else

    @property
    def gain(self) -> float | None:
        """Points won (or lost); None where one side is not known."""
        if self.before is None or self.after is None:
            return None
        return round(self.after - self.before, 2)


def compare(before: Record, after: Record) -> Iterator[Change]:
    """The cells that a new record grades differently."""
    cause = _cause(before, after)
    for grade_id, known in (before.grades | after.grades).items():
        old, new = before.grades.get(grade_id), after.grades.get(grade_id)
        if old and new and (old.points, old.max_points) == (new.points, new.max_points):
            continue
        yield Change(
            student=after.student,
            grade_id=grade_id,
            notebook=known.notebook,
            before=old.points if old else 0.0,
            after=new.points if new else 0.0,
            max_before=old.max_points if old else 0.0,
            max_after=new.max_points if new else 0.0,
            cause=cause,
            why=tuple(_why(old, new)),
        )


def _cause(before: Record, after: Record) -> str:
    causes = [
        words for name, words in CAUSES.items() if getattr(before.hashes, name) != getattr(after.hashes, name)
    ]
    return " and ".join(causes) or "the same hand-in and graders, graded again"


def _why(old: Grade | None, new: Grade | None) -> Iterator[str]:
    if old is None:
        yield "a new cell"
        return
    if new is None:
        yield "the cell is gone"
        return
    if old.max_points != new.max_points:
        yield f"the cell is worth {new.max_points:g} points, was {old.max_points:g}"
    before, after = ({case.id: case for case in grade.cases} for grade in (old, new))
    for case_id, case in (before | after).items():
        then, now = before.get(case_id), after.get(case_id)
        if then is None:
            yield f"{case_id}: new, {case.outcome}"
        elif now is None:
            yield f"{case_id}: gone, was {case.outcome}"
        elif then.outcome != now.outcome:
            yield f"{case_id}: {then.outcome}, now {now.outcome}"
        elif (then.kind, then.weight) != (now.kind, now.weight):
            yield f"{case_id}: {now.kind} of weight {now.weight:g}, was {then.kind} of weight {then.weight:g}"
    if old.comment != new.comment and not (old.cases or new.cases):
        yield new.comment or f"no longer: {old.comment}"


def as_json(changes: Iterable[Change]) -> str:
    return json.dumps([{**asdict(c), "gain": c.gain} for c in changes], indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Change]:
    """Raises ValueError where the text is no list of changes."""
    return msgspec.json.decode(text, type=list[Change])


def as_csv(changes: Iterable[Change]) -> str:
    rows = ({**asdict(c), "gain": c.gain, "why": "; ".join(c.why)} for c in changes)
    return csv_of([COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])


@dataclass(frozen=True)
class Totals:
    """The changes of one student together."""

    student: str
    gain: float  # of cells whose points are known before and after
    unknown: int  # cells that need review now, or did before


def totals(changes: Iterable[Change]) -> list[Totals]:
    """One line a student, the greatest loss first."""
    students: dict[str, list[Change]] = {}
    for change in changes:
        students.setdefault(change.student, []).append(change)
    lines = [
        Totals(student, round(sum(c.gain or 0.0 for c in of), 2), sum(c.gain is None for c in of))
        for student, of in students.items()
    ]
    return sorted(lines, key=lambda line: (line.gain, line.student))


def summary(changes: list[Change], graded: int) -> str:
    """In one sentence."""
    lines = totals(changes)
    gaining, losing = [t for t in lines if t.gain > 0], [t for t in lines if t.gain < 0]
    words = [f"{graded} graded again, {len(lines)} with other points"]
    if gaining:
        words.append(f"{len(gaining)} gain up to {gaining[-1].gain:g}")
    if losing:
        words.append(f"{len(losing)} lose up to {-losing[0].gain:g}")
    if unknown := sum(t.unknown > 0 for t in lines):
        words.append(f"{unknown} have cells that need review or did")
    return ", ".join(words)
