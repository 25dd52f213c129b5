"""What `[intake]` and `[late]` in assignment.toml say, and `[watch]` in course.toml: which hand-in counts,
what being late costs, what is graded and shown at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

Rule = Literal["last", "best", "first"]
View = Literal["visible", "pass-fail", "hints", "all"]
VIEWS: tuple[View, ...] = get_args(View)
T = TypeVar("T")
DAY = 86_400.0  # seconds
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True)
class Intake:
    """Which hand-in of several counts, and under what other names the package may come."""

    counts: Rule = "last"  # which hand-in of several: "last", "best" or "first"
    package_aliases: tuple[str, ...] = ()  # other names the package may have in hand-ins
    nbgrader_times: bool = False  # take the time from the timestamp.txt beside a hand-in


def counting(hand_ins: Sequence[T], rule: Rule, in_time: Callable[[T], bool]) -> T:
    """Of one student's hand-ins, in order, the one that counts: the first, or the last in time; where none
    was, the last. For "best" points are needed; until they are known it is the last."""
    if rule == "first":
        return hand_ins[0]
    return next(filter(in_time, reversed(hand_ins)), hand_ins[-1])


@dataclass(frozen=True)
class WatchRules:
    """What `autograder watch` grades at once, and shows, before the due date."""

    attempts: int = 0  # how many hand-ins of a student are graded before the due date; 0: all
    every_minutes: float = 0.0  # so long after one of a student's is graded, the newest of them is
    before_due: View = "pass-fail"  # what a student sees: "visible", "pass-fail", "hints" or "all"
    check_owner: bool | None = None  # whether UNIX owner and student must agree; else where others may write
    settle_seconds: float = 1.0  # a folder or file counts as whole once nothing in it has changed for so long


@dataclass(frozen=True)
class Late:
    """A deadline, and the share of the points earned that each day after it costs.

    Days are those of the calendar in the course's time zone: one more day ends at the same time by the clock
    on the wall, also when clocks change in between. All differences below are therefore on that clock.
    """

    due: datetime | None = None  # the deadline: date, time and zone
    grace_days: float = 0.0  # days after the deadline that cost nothing
    penalty_per_day: float = 0.0  # share of the points earned, for each day begun after that
    max_penalty: float = 1.0  # share that is never exceeded
    closes_after_days: float | None = None  # later than this after the deadline earns nothing
    zone: tzinfo = field(default=UTC_ZONE, metadata={"setting": False})  # of the course, in course.toml

    def due_for(self, extension_days: float) -> datetime | None:
        """The deadline of a student with an extension, in UTC."""
        if self.due is None:
            return None
        wall = self._wall(self.due) + timedelta(days=extension_days)
        # An hour that comes twice ends a day only the second time.
        return max(self._instant(wall, 0), self._instant(wall, 1)) if extension_days else utc(self.due)

    def extension(self, extension_days: float) -> timedelta:
        """An extension as nbgrader keeps it: how much later, by a clock that never changes."""
        due, later = self.due_for(0.0), self.due_for(extension_days)
        return later - due if due and later else timedelta(days=extension_days)

    def extension_days(self, extension: timedelta) -> float:
        """The other way round, for one that was entered in nbgrader."""
        if self.due is not None:
            extension = self._wall(self.due + extension) - self._wall(self.due)
        return extension / timedelta(days=1)

    def seconds_late(self, handed_in: datetime | None, extension_days: float = 0.0) -> float:
        """Seconds after this student's deadline by the clock on the wall; 0 where either time is unknown."""
        due = self.due_for(extension_days)
        if due is None or handed_in is None or utc(handed_in) <= due:
            return 0.0
        passed = (self._wall(handed_in) - self._wall(due)).total_seconds()
        return max(passed, 1.0)  # later, though in an hour that comes twice the clock may show less

    def _wall(self, when: datetime) -> datetime:
        """What the clock on the course's wall shows."""
        return utc(when).astimezone(self.zone).replace(tzinfo=None)

    def _instant(self, wall: datetime, fold: int) -> datetime:
        return utc(wall.replace(tzinfo=self.zone, fold=fold))

    def in_time(self, handed_in: datetime | None, extension_days: float = 0.0) -> bool:
        """Whether the deadline, any extension and the grace days were kept."""
        return self.seconds_late(handed_in, extension_days) <= self.grace_days * DAY

    def days_charged(self, seconds_late: float) -> int:
        return math.ceil(max(0.0, seconds_late - self.grace_days * DAY) / DAY)

    def days_to_pay(self, seconds_late: float) -> int:
        """Late days of a student's own that would pay for all of this; none once the assignment is closed."""
        closed = self.closes_after_days is not None and seconds_late > self.closes_after_days * DAY
        return 0 if closed else self.days_charged(seconds_late)

    def share(self, seconds_late: float) -> float:
        """The share of the points earned that is taken off."""
        if self.closes_after_days is not None and seconds_late > self.closes_after_days * DAY:
            return 1.0
        return min(self.max_penalty, self.penalty_per_day * self.days_charged(seconds_late))

    def penalty(self, points: float, seconds_late: float) -> float:
        """The points taken off `points`."""
        return round(max(0.0, points) * self.share(seconds_late), 2)

    def in_words(self, handed_in: datetime | None, extension_days: float = 0.0) -> str:
        """How late, and what it costs, in words; empty if not late."""
        seconds = self.seconds_late(handed_in, extension_days)
        if not seconds:
            return ""
        words = f"handed in {duration(seconds)} after the deadline"
        if extension_days:
            words += f" (extended by {extension_days:g} day{'' if extension_days == 1 else 's'})"
        share = self.share(seconds)
        return (
            f"{words}; {f'{100 * share:g} % of the points are taken off' if share else 'no points taken off'}"
        )


def duration(seconds: float) -> str:
    """Seconds as a person says them: `2 days 3 h`, `40 min`."""
    minutes = math.ceil(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [
        *([f"{days} day{'s' if days > 1 else ''}"] if days else []),
        *([f"{hours} h"] if hours else []),
        *([f"{minutes} min"] if minutes and not days else []),
    ]
    return " ".join(parts)


def nbgrader_time(when: datetime) -> datetime:
    """A time as nbgrader keeps it: UTC, without saying so."""
    return utc(when).replace(tzinfo=None)


def utc(when: datetime) -> datetime:
    """A time in UTC; one without a zone is taken as UTC, as nbgrader does."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
