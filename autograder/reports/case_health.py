"""What a class shows of the graders' own cases: how hard each was, and which never fail, or never alone.

Cases that never fail, always fail together or never fail alone may be right all the same: a corner that this
class knew. They are hints for the author of a grader, beside what `autograder mutants` says. A student who
passes no case of a cell wrote nothing to tell its cases apart by, and is not counted there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.records.record import Record

FEWEST = 10  # students who passed some of a cell; of fewer, nothing can be said
TOGETHER = 3  # students who failed the same cases


@dataclass(frozen=True)
class Hint:
    """Something about some cases of a cell."""

    cell: str
    kind: str  # never fail | fail together | never alone
    cases: tuple[str, ...]
    failed: int  # students
    known: int

    @property
    def words(self) -> str:
        match self.kind:
            case "never fail":
                return f"nobody of {self.known} fails them: does anything they ask for go wrong?"
            case "fail together":
                return f"the same {self.failed} of {self.known} fail them: do they ask the same thing twice?"
        return f"whoever fails them ({self.failed} of {self.known}) fails another case of the cell as well"


@dataclass(frozen=True)
class CaseShare:
    """How hard a case was."""

    cell: str
    case: str
    passed: int
    known: int  # students whose work it ran on

    @property
    def difficulty(self) -> float:
        return self.passed / self.known


class CaseHealth:
    """Collected record by record: a class is larger than memory. Of each case two bits a student are kept."""

    def __init__(self) -> None:
        self._count = 0
        self._failed: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._ran: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._known: dict[str, int] = defaultdict(int)

    def add(self, record: Record) -> None:
        bit = 1 << self._count
        self._count += 1
        for grade in record.grades.values():
            outcomes = {c.id: c.outcome for c in grade.cases if c.kind != "criterion"}
            if "passed" not in outcomes.values() or "error" in outcomes.values():
                continue
            self._known[grade.grade_id] |= bit
            for case, outcome in outcomes.items():
                if outcome != "skipped":
                    self._ran[grade.grade_id][case] |= bit
                    self._failed[grade.grade_id][case] |= bit if outcome == "failed" else 0

    def shares(self) -> list[CaseShare]:
        """Every case of a cell with several, the hardest first."""
        found = [
            CaseShare(cell, case, ran.bit_count() - self._failed[cell][case].bit_count(), ran.bit_count())
            for cell, cases in self._ran.items()
            if len(cases) > 1
            for case, ran in cases.items()
        ]
        return sorted(found, key=lambda share: (share.difficulty, -share.known))

    def hints(self) -> Iterator[Hint]:
        for cell, failed in self._failed.items():
            known = self._known[cell].bit_count()
            if known >= FEWEST and len(failed) > 1:
                yield from _of(cell, dict(failed), known)


def _of(cell: str, failed: dict[str, int], known: int) -> Iterator[Hint]:
    never = tuple(case for case, who in failed.items() if not who)
    if never and len(never) < len(failed):  # a cell that all do right says nothing of its cases
        yield Hint(cell, "never fail", never, 0, known)
    same: dict[int, list[str]] = defaultdict(list)
    for case, who in failed.items():
        if who.bit_count() >= TOGETHER:
            same[who].append(case)
    for who, cases in same.items():
        if len(cases) > 1:
            yield Hint(cell, "fail together", tuple(cases), who.bit_count(), known)
            continue
        others = 0
        for case, more in failed.items():
            others |= more if case != cases[0] else 0
        if not who & ~others:
            yield Hint(cell, "never alone", tuple(cases), who.bit_count(), known)
