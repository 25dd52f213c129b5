"""The term: every assignment of each student, weighed, in one CSV, one page for the class and one a student.

The score of an assignment is the one that exports have. `[term]` in course.toml says what it counts, and
how many late days a student has for the whole course: they pay for days begun after a deadline, in the order
in which the assignments are taught, and what they do not pay for costs what `[late]` says.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from autograder.course.assignment import Assignment
from autograder.course.course import Course
from autograder.course.roster import RosterEntry
from autograder.records.record import Record
from autograder.reports import pages
from autograder.reports.score import needed, score, seconds_late
from autograder.safe_text import csv_of

NOT_YET, MISSING, UNCLAIMED = "not graded yet", "no hand-in", "no hand-in under this id so far"
WHO = ["student_id", "last_name", "first_name", "email", "section"]


@dataclass(frozen=True)
class Earned:
    """What one hand-in earned."""

    scores: Sequence[float]  # with 0, 1, … late days paid; the first is the exports'
    waits: str = ""  # what a person has yet to do before it is a grade

    @property
    def days(self) -> int:
        """Late days that would pay for all of its lateness."""
        return len(self.scores) - 1

    @staticmethod
    def of(record: Record, assignment: Assignment, final: bool = False) -> Earned:
        days = assignment.late.days_to_pay(seconds_late(record, assignment))
        scores = [score(record, assignment, True, paid_days=n).final for n in range(days + 1)]
        return Earned(scores, "" if final else needed(record))


@dataclass(frozen=True)
class Taught:
    """An assignment, and what came of it."""

    assignment: Assignment
    earned: Mapping[str, Earned]  # by student; empty if nothing is graded yet
    unclaimed: bool = False  # hand-ins whose owner nobody knows: who has none may own one


@dataclass(frozen=True)
class TermEntry:
    """One assignment of one student."""

    assignment: str
    title: str
    max_points: float
    weight: float
    bonus: bool
    score: float | None = None  # as exports have it; None: not known
    counts: float | None = None  # with late days paid
    late_days: int = 0  # paid for it
    note: str = ""
    dropped: bool = False

    @property
    def share(self) -> float:
        return (self.counts or 0.0) / self.max_points if self.max_points else 0.0


@dataclass(frozen=True)
class Standing:
    """Where a student stands."""

    student: str
    person: RosterEntry
    entries: tuple[TermEntry, ...]
    late_days_left: int | None  # None where the course has no such budget

    @property
    def needed(self) -> str:
        """Why the share is no grade yet; an assignment that is to come does not count so far."""
        waits = (e for e in self.entries if e.counts is None and e.note != NOT_YET)
        return "; ".join(f"{e.assignment}: {e.note}" for e in waits)

    @property
    def so_far(self) -> float | None:
        """The share of all that is known; None while nothing is."""
        known = [e for e in self.entries if e.counts is not None and not e.dropped]
        possible = sum(e.weight for e in known if not e.bonus)
        return sum(e.weight * e.share for e in known) / possible if possible else None

    @property
    def percent(self) -> float | None:
        """None while something needs review, or nothing is known."""
        return None if self.needed or self.so_far is None else round(100 * self.so_far, 2)


def standings(course: Course, taught: Sequence[Taught], people: Mapping[str, RosterEntry]) -> list[Standing]:
    """Everybody on the roster, and whoever handed in anything besides, by id."""
    everybody = {*people, *(student for one in taught for student in one.earned)}
    return [_standing(s, people.get(s, RosterEntry(s)), course, taught) for s in sorted(everybody)]


def _standing(student: str, person: RosterEntry, course: Course, taught: Sequence[Taught]) -> Standing:
    left = course.late_days or 0
    entries = []
    for one in taught:
        entry = _entry(one, course)
        earned = one.earned.get(student)
        if not one.earned:
            entry = replace(entry, note=NOT_YET)
        elif earned is None:
            known = None if one.unclaimed else 0.0
            entry = replace(entry, score=known, counts=known, note=UNCLAIMED if one.unclaimed else MISSING)
        else:
            paid = min(left, earned.days)
            left -= paid
            entry = replace(entry, late_days=paid, note=earned.waits)
            if not earned.waits:
                entry = replace(entry, score=earned.scores[0], counts=earned.scores[paid])
        entries.append(entry)
    budget = left if course.late_days is not None else None
    return Standing(student, person, _dropped(entries, course.drop_lowest), budget)


def _entry(one: Taught, course: Course) -> TermEntry:
    name, points = one.assignment.name, one.assignment.max_points
    weight = course.weights.get(name, points)
    return TermEntry(name, one.assignment.title, points, weight, name in course.bonus)


def _dropped(entries: Sequence[TermEntry], count: int) -> tuple[TermEntry, ...]:
    """The same, with the lowest shares marked. Nothing is dropped until all that could be is known, and
    one that counts is left."""
    regular = [e for e in entries if not e.bonus and e.note != NOT_YET]
    if any(e.counts is None for e in regular):
        return tuple(entries)
    lowest = sorted(regular, key=lambda e: e.share)[: max(0, min(count, len(regular) - 1))]
    return tuple(replace(e, dropped=True) if e in lowest else e for e in entries)


def as_csv(course: Course, taught: Sequence[Taught], standings: Iterable[Standing]) -> str:
    """A line a student. `<assignment>` is the score that exports have, `<assignment> counts` that with late
    days paid; what is not known is blank."""
    parts = ("", " counts", " late days", " dropped")
    names = [one.assignment.name for one in taught]
    budget = ["late_days_left"] if course.late_days is not None else []
    columns = [f"{name}{part}" for name in names for part in parts]
    rows: list[list[object]] = [[*WHO, *columns, *budget, "percent", "needed"]]
    for one in standings:
        who = [one.student, *one.person.last_first, one.person.email, one.person.section]
        cells = [c for e in one.entries for c in (e.score, e.counts, e.late_days, "yes" if e.dropped else "")]
        days = [one.late_days_left] if budget else []
        rows.append([*who, *cells, *days, one.percent, one.needed])
    return csv_of(rows)


def class_page(course: Course, taught: Sequence[Taught], standings: Sequence[Standing]) -> str:
    known = [one.percent for one in standings if one.percent is not None]
    means = {one.assignment.name: _mean(standings, one.assignment.name) for one in taught}
    return pages.page(
        "term.html",
        course=course,
        entries=[_entry(one, course) for one in taught],
        graded={one.assignment.name for one in taught if one.earned},
        standings=standings,
        means=means,
        of_final="" if len(known) == len(standings) else f" of {len(known)} who are final",
        mean=statistics.mean(known) if known else None,
        median=statistics.median(known) if known else None,
        waiting=sum(bool(one.needed) for one in standings),
        href=lambda student: f"students/{quote(student)}.html",
    )


def _mean(standings: Iterable[Standing], name: str) -> float | None:
    entries = (e for one in standings for e in one.entries if e.assignment == name)
    found = [e.counts for e in entries if e.counts is not None]
    return statistics.mean(found) if found else None


def student_page(course: Course, standing: Standing) -> str:
    return pages.page("term_student.html", course=course, one=standing, NOT_YET=NOT_YET)
