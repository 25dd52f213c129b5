"""`autograder term`: what every assignment of the course came to, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.course import assignment as courses
from autograder.course import roster
from autograder.course.course import Course
from autograder.course.matched import match
from autograder.course.roster import RosterEntry
from autograder.errors import FolderError
from autograder.files import write_atomically
from autograder.gradebook.graded import Graded
from autograder.records.store import IGNORE
from autograder.reports import term_scores
from autograder.reports.term_scores import Earned, Standing, Taught


@dataclass(frozen=True)
class Written:
    """What a term came to."""

    standings: list[Standing]
    not_graded: list[str]  # assignments without results
    faults: Mapping[str, str]  # student -> what cannot be shown


def write(course: Course, results: Path, roster_file: Path | None, to: Path, final: bool) -> Written:
    """The CSV and the page of the class, and a page for each student, in `to`.

    Raises:
        FolderError: no assignment has results in `results`/<assignment>.
        ExportError, RosterError: the roster is wrong, or does not fit.
    """
    taught, faults = [], dict[str, str]()
    known = roster.read(roster_file) if roster_file else None
    people: dict[str, RosterEntry] = {one.id: one for one in known or ()}
    for name in course.assignments:
        graded = Graded(courses.load(name, course), results / name)
        earned = {}
        if graded.has_records():
            owners = match(graded.students, known).found
            for record in graded.records():
                student = owners[record.student].id if record.student in owners else record.student
                earned[student] = Earned.of(record, graded.assignment, final)
        faults |= {student: f"{name}: {what}" for student, what in graded.faults.items()}
        taught.append(Taught(graded.assignment, earned, bool(graded.unclaimed) and not final))
    if not any(one.earned for one in taught):
        raise FolderError(f"{results}: expected results in {results}/<assignment>, found none; grade first")
    standings = term_scores.standings(course, taught, people)
    write_atomically(to / ".gitignore", IGNORE)
    write_atomically(to / "term.csv", term_scores.as_csv(course, taught, standings))
    write_atomically(to / "term.html", term_scores.class_page(course, taught, standings))
    for one in standings:
        write_atomically(to / "students" / f"{one.student}.html", term_scores.student_page(course, one))
    return Written(standings, [one.assignment.name for one in taught if not one.earned], faults)
