"""Second readings: which answers, and how well two readers agree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.gradebook.ledger import LedgerEntry
from autograder.records.record import ROUNDED

ONE_IN = 10


def chosen(assignment: str, grade_id: str, key: str) -> bool:
    """Whether an answer is in the random tenth. Nobody can choose it, and it stays the same."""
    drawn = hashlib.sha256(f"second\0{assignment}\0{grade_id}\0{key}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % ONE_IN == 0


@dataclass(frozen=True)
class Agreement:
    """How well second readings agree with first decisions."""

    answers: int
    same: int  # with the same points
    apart: float  # mean difference of points
    criteria: int  # that both decided
    kappa: float | None  # of these; None where chance alone would agree as well

    @property
    def share(self) -> float:
        return self.same / self.answers if self.answers else 0.0


def agreement(pairs: Sequence[tuple[LedgerEntry, LedgerEntry]]) -> Agreement:
    gaps = [abs((a.points or 0.0) - (b.points or 0.0)) for a, b in pairs]
    both = [(a.verdicts[c], b.verdicts[c]) for a, b in pairs for c in a.verdicts.keys() & b.verdicts.keys()]
    apart = sum(gaps) / len(gaps) if gaps else 0.0
    return Agreement(len(pairs), sum(gap < ROUNDED for gap in gaps), apart, len(both), kappa(both))


def kappa(both: Iterable[tuple[bool, bool]]) -> float | None:
    """Cohen's kappa: agreement beyond what chance gives.

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    pairs = list(both)
    if not pairs:
        return None
    first, second = sum(a for a, _ in pairs) / len(pairs), sum(b for _, b in pairs) / len(pairs)
    by_chance = first * second + (1 - first) * (1 - second)
    if by_chance == 1:
        return None
    return (sum(a == b for a, b in pairs) / len(pairs) - by_chance) / (1 - by_chance)
