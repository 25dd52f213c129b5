"""Run graders in this process, as the judge does: all cases of a module, against one version of a library."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks.checks import Case
from autograder.intake import Submission
from autograder.judge.check import Check
from autograder.judge.hand_in import Judge, Key, Now, floors, wide
from autograder.records.record import CaseResult

from . import reach
from .plain import PlainStudent

CORE_SHARE = 0.8  # of a cell that has edge cases too, as scoring.py has it
LIBRARY = Path(__file__).resolve().parents[2] / "cs_lib"


@dataclass(frozen=True)
class Row:
    """One case of one test function, with the cell it counts for."""

    grade_id: str
    case: Case
    test: Callable[..., None]
    role: Mapping[str, Any]

    def check(self) -> Check:
        case, code = self.case, self.test.__code__
        asks = set(code.co_varnames[: code.co_argcount]) - {"case"}
        return Check(
            self.grade_id, case.id, case.kind, case.weight, self.test, {"case": case}, frozenset(asks),
            case.hint, seed=zlib.crc32(f"{self.grade_id}/{case.id}".encode()), **self.role,
        )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    grade_id: str
    case: Case
    error: str | None  # None: passed
    property: str | None = None


def rows(module: ModuleType) -> Iterator[Row]:
    for name, test in vars(module).items():
        if not name.startswith("test_"):
            continue
        for mark in getattr(test, "pytestmark", ()):
            if mark.name != "parametrize":
                continue
            for parameters in mark.args[1]:
                (grade,) = (m for m in parameters.marks if m.name == "grade")
                role = {key: grade.kwargs[key] for key in ("builds_on", "without", "after")}
                yield Row(grade.args[0], parameters.values[0], test, role)


class InThisProcess(Judge):
    """The judge, with its order and its two ways, and with no sandbox."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks, self._floors = checks, floors(checks)
        self._wide = wide(checks, self._floors, ())
        self._sound: dict[Any, bool] = {}

    def _is_sound(self, check: Check) -> bool:
        raise AssertionError(f"{check.grade_id}[{check.id}]: a grader failed by itself")


def run(row: Row, student: Any = None, results: Mapping[str, bytes] | None = None) -> Outcome:
    """One case, with the student's own functions only."""
    now = Now(Submission("s001", results=dict(results or {})), {}, {}, {})
    case = InThisProcess([row.check()])._run(now, row.check().alone, student)
    return Outcome(row.grade_id, row.case, None if case.outcome == "passed" else case.message, case.property)


def grade(
    files: Mapping[str, str],
    table: Iterable[Row],
    results: Mapping[str, bytes] | None = None,
    base: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """All cases with this library. With a `base`, what the difference cannot reach is as it is there."""
    table = tuple(table)
    known = _known(base, table) if base else None
    checks = [row.check() for row in table]
    judge, now = InThisProcess(checks), Now(Submission("s001", results=dict(results or {})), {}, {}, {})
    if known:
        cells = reach.reached(reach.changed(files, base or {}), known.calls, checks)
        now.cases.update({k: case for k, case in known.cases.items() if k[0] not in cells})
    student = PlainStudent(files, reference())
    try:
        judge.run_all(now, [c for c in checks if c.key not in now.cases], student)  # type: ignore[arg-type]
    finally:
        student.close()
    found = [
        (row, case) for row in table if (case := now.cases[row.grade_id, row.case.id]).outcome != "skipped"
    ]
    return [
        Outcome(row.grade_id, row.case, None if case.outcome == "passed" else case.message, case.property)
        for row, case in found
    ]


@dataclass(frozen=True)
class Known:
    """What a library comes to, and which of its functions each cell's cases call."""

    cases: Mapping[Key, CaseResult]
    calls: Mapping[str, set[reach.Function]]


_KNOWN: dict[Any, Known] = {}


def _known(base: Mapping[str, str], table: tuple[Row, ...]) -> Known:
    key = tuple(sorted(base.items())), tuple((row.grade_id, row.case.id) for row in table)
    if key not in _KNOWN:
        _KNOWN[key] = _run_base(base, [row.check() for row in table])
    return _KNOWN[key]


def _run_base(base: Mapping[str, str], checks: list[Check]) -> Known:
    judge, now = InThisProcess(checks), Now(Submission("s001"), {}, {}, {})
    student = PlainStudent(base, reference())
    calls: dict[str, set[reach.Function]] = {}
    try:
        for check in checks:
            with reach.Calls() as noted:
                now.cases[check.key] = judge._run(now, check.alone, student)  # type: ignore[arg-type]
            calls.setdefault(check.grade_id, set()).update(noted.seen)
    finally:
        student.close()
    assert not now.wrong(), "the base is to be right"
    return Known(now.cases, calls)


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
