"""Which hand-in of a student is graded, before the due date and after it.

What is decided here follows from the hand-ins that are kept and from the clock alone, so that a run that was
killed decides the same again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from autograder.course.policy import Late, Rule, WatchRules, counting, utc
from autograder.intake.archive_of_hand_ins import StoredHandIn


@dataclass(frozen=True)
class Chosen:
    """The hand-in that is graded, and what is to be said of the others."""

    now: StoredHandIn
    number: int  # among those that are graded
    of: int  # how many are graded at all; 0: no limit
    later: StoredHandIn | None = None  # graded at `when`, unless a newer one comes
    when: datetime | None = None
    passed_over: tuple[StoredHandIn, ...] = ()  # newer, kept, and not graded now
    why: str = ""

    def said(self, zone: tzinfo) -> list[str]:
        """What a student should know about their hand-ins."""
        lines = []
        if self.of:
            lines.append(f"Hand-in {self.number} of {self.of} that are graded before the due date.")
        if self.later and self.when:
            lines.append(
                f"Your hand-in of {clock(self.later, zone)} is kept. It is graded at "
                f"{self.when.astimezone(zone):%H:%M}, or a newer one in its place."
            )
        if self.passed_over:
            times = ", ".join(clock(kept, zone) for kept in self.passed_over[-3:])
            more = f" (and {len(self.passed_over) - 3} more)" if len(self.passed_over) > 3 else ""
            lines.append(f"Kept, and not graded{more}: {times}. {self.why}")
        return lines


def clock(kept: StoredHandIn, zone: tzinfo) -> str:
    when = moment(kept).astimezone(zone)
    return f"{when.day} {when:%B, %H:%M:%S}"


def moment(kept: StoredHandIn) -> datetime:
    """When it came; else when it was first seen."""
    return utc(kept.time or datetime.fromisoformat(kept.seen))


def in_order(kept: Sequence[StoredHandIn]) -> list[StoredHandIn]:
    """As they came in. Not by their times: a clock may have been set back since."""
    return sorted(kept, key=lambda k: (k.order, k.seen))


def before_due(kept: Sequence[StoredHandIn], rules: WatchRules, counts: Rule, now: datetime) -> Chosen:
    """The newest hand-in that may be graded by now. `kept` is in order, and not empty."""
    first, turns = kept[0], [kept[0]]
    if counts == "first":
        return Chosen(first, 1, 0, passed_over=tuple(kept[1:]), why="The first one counts.")
    last, left = moment(first), list(kept[1:])
    wait = timedelta(minutes=rules.every_minutes)
    later: StoredHandIn | None = None
    when: datetime | None = None
    while left and not (rules.attempts and len(turns) == rules.attempts):
        # a time to come, seen by a clock that was set back, holds nobody up
        turn = max(last + wait if last <= now else now, min(moment(left[0]), now))
        if turn > now:
            later, when = left[-1], turn
            break
        here = [k for k in left if moment(k) <= turn] or left[:1]
        turns.append(here[-1])
        left = left[left.index(here[-1]) + 1 :]
        last = turn
    graded = turns[-1]
    if when:
        return Chosen(graded, len(turns), rules.attempts, later, when)
    why = "The last one in time is graded after the due date." if left else ""
    return Chosen(graded, len(turns), rules.attempts, passed_over=tuple(left), why=why)


def after_due(
    kept: Sequence[StoredHandIn], late: Late, counts: Rule, extension: float, unreadable: Collection[str]
) -> Chosen:
    """The hand-in that counts, by the rule of the assignment; of those that can be read, if any can."""
    readable = [k for k in kept if not k.unreadable and k.key not in unreadable] or list(kept)
    chosen = counting(readable, counts, lambda k: k.in_time(late, extension))
    newer = tuple(kept[kept.index(chosen) + 1 :])
    return Chosen(chosen, 1, 0, passed_over=newer, why="This one counts; the others are kept.")
