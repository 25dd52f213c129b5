"""What a student may see of a record by now: a page, and the same as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from autograder import bounded
from autograder.course.assignment import Assignment
from autograder.course.roster import Roster, RosterEntry
from autograder.files import write_if_other
from autograder.records.record import Record
from autograder.reports import before_due, feedback, gradescope, pages

PAGE, DATA = "feedback.html", "results.json"  # of each student


def opening(assignment: Assignment, people: Iterable[RosterEntry]) -> datetime | None:
    """When full pages are shown: once nobody can hand in in time any more. None without a due date."""
    late = assignment.late
    due = late.due_for(max((p.extension_days(assignment.name) for p in people), default=0.0))
    return due + timedelta(days=late.grace_days) if due else None


def pages_by_now(
    records: Iterable[Record], assignment: Assignment, people: Iterable[RosterEntry]
) -> dict[str, str] | None:
    """Each student's page as it may be shown before the due date; None where full ones may."""
    opens, view = opening(assignment, people), assignment.course.watch.before_due
    if opens is None or view == "all" or datetime.now(UTC) >= opens:
        return None
    until = in_words(opens, assignment)
    early = {}
    for one in records:
        when = in_words(one.time, assignment) if one.time else ""
        about = [f"This is about your hand-in of {when}."] if when else []
        early[one.student] = before_due.page(one, assignment, view, about, until)
    return early


def in_words(when: datetime, assignment: Assignment) -> str:
    local = when.astimezone(assignment.late.zone)
    return f"{local.day} {local:%B %Y, %H:%M} ({assignment.late.zone})"


@dataclass
class StudentPages:
    assignment: Assignment
    folder: Path  # below which each student has one
    people: Roster | None

    def __post_init__(self) -> None:
        for name in ("before_due.html", "feedback.html"):
            pages.template(name)  # compiled once, not in each process that makes a page

    def write(self, graded: Record, said: Sequence[str], opens: datetime | None, after_due: bool) -> str:
        """Write both where they differ from what is there; what went wrong, in which case a page says so.
        Raises OSError: there is no room, or they may not be written."""
        fault = ""
        try:
            if after_due or self.assignment.course.watch.before_due == "all":
                page, data = bounded.call(partial(self._full, graded, said))
            else:  # fixed words: nothing in it can hold this process up
                page, data = self._before_due(graded, said, opens)
        except OSError:
            raise
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            page, data = feedback.not_made(graded.student, self.assignment), ""
        for name, text in ((DATA, data), (PAGE, page)):
            path = self.folder / graded.student / name
            if not text:
                path.unlink(missing_ok=True)
            else:
                write_if_other(path, text, named=False)  # every run compares it with what it should be
        return fault

    def _full(self, graded: Record, said: Sequence[str]) -> tuple[str, str]:
        noted = replace(graded, problems=(*said, *graded.problems))
        person = self.people.get(graded.student) if self.people else None
        page = feedback.render(noted, self.assignment, called=person.called if person else "")
        return page, gradescope.results_json(noted, self.assignment)

    def _before_due(self, graded: Record, said: Sequence[str], opens: datetime | None) -> tuple[str, str]:
        view = self.assignment.course.watch.before_due
        until = in_words(opens, self.assignment) if opens else ""
        page = before_due.page(graded, self.assignment, view, said, until)
        return page, before_due.results_json(graded, self.assignment, view, said)
