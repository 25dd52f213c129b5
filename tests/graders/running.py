"""Run graders as plain functions: every case of a module, against one version of the library."""

import inspect
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks.checks import Case, CheckFailed
from autograder.judge.excuses import Blamed, Seen, told, unfounded

from .plain import PlainStudent, StudentError

CORE_SHARE = 0.8  # of a cell that has edge cases too, as grading.py scores it
LIBRARY = Path(__file__).resolve().parents[2] / "cs_lib"


@dataclass(frozen=True)
class Row:
    """One case of one test function, with the cell it counts for."""

    grade_id: str
    case: Case
    test: Callable[..., None]


@dataclass(frozen=True)
class Outcome:
    grade_id: str
    case: Case
    error: str | None  # None: passed
    property: str | None = None
    excuses: frozenset[Blamed] = frozenset()


def rows(module: ModuleType) -> Iterator[Row]:
    for name, test in vars(module).items():
        if not name.startswith("test_"):
            continue
        for mark in getattr(test, "pytestmark", ()):
            if mark.name != "parametrize":
                continue
            for parameters in mark.args[1]:
                (grade,) = (m for m in parameters.marks if m.name == "grade")
                yield Row(grade.args[0], parameters.values[0], test)


def run(row: Row, student: Any = None, results: Mapping[str, bytes] | None = None) -> Outcome:
    fixtures: dict[str, Any] = {"student": student, "results": results, "case": row.case}
    wanted = inspect.signature(row.test).parameters
    if student is not None:
        student.begin_case(zlib.crc32(f"{row.grade_id}/{row.case.id}".encode()))
    try:
        row.test(**{name: fixtures[name] for name in wanted})
    except CheckFailed as error:
        return Outcome(row.grade_id, row.case, str(error), error.property)
    except StudentError as error:
        return Outcome(row.grade_id, row.case, f"{error.kind}: {error}", error.kind)
    return Outcome(row.grade_id, row.case, None, excuses=frozenset(getattr(student, "excuses", ())))


def grade(
    files: Mapping[str, str], table: Iterable[Row], results: Mapping[str, bytes] | None = None
) -> list[Outcome]:
    student = PlainStudent(files)
    try:
        return held_to_excuses([run(row, student, results) for row in table])
    finally:
        student.close()


def held_to_excuses(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, with cases failed that passed on an excuse that does not hold."""
    keyed = {(o.grade_id, o.case.id): o for o in outcomes}
    seen = {key: Seen(o.case.kind, o.error is not None) for key, o in keyed.items()}
    cells = {grade_id for grade_id, _ in keyed}
    for key, blamed in unfounded(seen, {key: o.excuses for key, o in keyed.items()}).items():
        keyed[key] = replace(keyed[key], error=told(blamed, cells), property="value")
    return list(keyed.values())


def score(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Each grade id's share of its points, 0 to 1."""
    by_id: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_id.setdefault(outcome.grade_id, []).append(outcome)
    return {grade_id: _share(found) for grade_id, found in by_id.items()}


def _share(outcomes: list[Outcome]) -> float:
    shares = {}
    for kind in ("core", "edge"):
        of_kind = [o for o in outcomes if o.case.kind == kind]
        if of_kind:
            total = sum(o.case.weight for o in of_kind)
            shares[kind] = sum(o.case.weight for o in of_kind if o.error is None) / total
    if len(shares) == 2:
        return CORE_SHARE * shares["core"] + (1 - CORE_SHARE) * shares["edge"]
    return next(iter(shares.values()))


@cache
def reference() -> Mapping[str, str]:
    """The solved library as a submission: path -> text."""
    return {
        f"cs_lib/{path.relative_to(LIBRARY).as_posix()}": path.read_text() for path in LIBRARY.rglob("*.py")
    }
