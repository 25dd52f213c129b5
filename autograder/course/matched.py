"""Hand-ins and the roster, put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from autograder.course.roster import Roster, RosterEntry
from autograder.errors import ExportError


@dataclass
class Matched:
    """Hand-ins and the roster, put together."""

    found: dict[str, RosterEntry] = field(default_factory=dict)  # by the name of the hand-in
    strangers: list[str] = field(default_factory=list)  # hand-ins of nobody on the roster
    missing: list[RosterEntry] = field(default_factory=list)  # who handed in nothing

    def names(self, student: str) -> tuple[str, str, str]:
        """Last name, first name and e-mail address."""
        person = self.found.get(student)
        return (*person.last_first, person.email) if person else ("", "", "")

    def called(self, student: str) -> str:
        """`Last, First`; empty where nobody knows."""
        person = self.found.get(student)
        return person.called if person else ""


def match(students: Iterable[str], roster: Roster | None) -> Matched:
    """Who handed in what.

    Raises:
        ExportError: a hand-in may be of several people, or one person has several.
    """
    matched = Matched()
    if roster is None:
        return matched
    owners: dict[str, str] = {}
    for student in students:
        people = roster.match([student])
        if len(people) > 1:
            several = " and ".join(person.id for person in people)
            raise ExportError(
                f"roster: expected one person known as {student!r}, got {several}; make ids differ"
            )
        if not people:
            matched.strangers.append(student)
        elif people[0].id in owners:
            both = f"{owners[people[0].id]!r} and {student!r}"
            raise ExportError(
                f"roster: expected one hand-in of {people[0].id!r}, got {both}; keep one of them"
            )
        else:
            owners[people[0].id] = student
            matched.found[student] = people[0]
    matched.missing = [person for person in roster if person.id not in owners]
    return matched
