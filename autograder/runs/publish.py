"""`autograder report` and `autograder export`: what is made of records, once people have had their say."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.course import roster
from autograder.course.matched import Matched, match
from autograder.errors import ExportError
from autograder.files import write_atomically
from autograder.gradebook.graded import Graded
from autograder.records.record import Record
from autograder.reports import canvas, class_report, exports, feedback, gradescope, junit

FORMATS = ("nbgrader", "canvas", "gradescope", "junit", "cases")
SHOWN = 20  # names on one line


def matched_with(graded: Graded, file: Path | None) -> Matched | None:
    return match(graded.students, roster.read(file)) if file else None


def write_pages(graded: Graded, matched: Matched | None = None) -> None:
    """Every student's feedback, the class report and nbgrader's CSV, in OUT."""
    report = class_report.render(_with_feedback(graded), graded.assignment, matched)
    write_atomically(graded.out / "report.html", report)
    grades = exports.nbgrader_csv(graded.records(), graded.assignment, matched)
    write_atomically(graded.out / "grades.csv", grades)


def _with_feedback(graded: Graded) -> Iterator[Record]:
    for one in graded.records():
        page = feedback.render(one, graded.assignment)
        write_atomically(graded.out / "feedback" / f"{one.student}.html", page)
        yield one


def export(graded: Graded, format: str, roster_file: Path | None, to: Path) -> Matched | None:
    """Write one of FORMATS to `to`, a file, or for gradescope a folder.

    Raises:
        ExportError, RosterError: the roster is missing or does not fit.
    """
    if format == "canvas":
        return _canvas(graded, roster_file, to)
    matched = matched_with(graded, roster_file)
    records, assignment = graded.records(), graded.assignment
    if format == "gradescope":
        for one in records:
            text = gradescope.results_json(one, assignment)
            write_atomically(to / one.student / "results.json", text)
    elif format == "junit":
        write_atomically(to, junit.junit_xml(records, assignment))
    elif format == "cases":
        write_atomically(to, exports.cases_csv(records, assignment, matched))
    else:
        write_atomically(to, exports.nbgrader_csv(records, assignment, matched))
    return matched


def _canvas(graded: Graded, roster_file: Path | None, to: Path) -> Matched:
    if roster_file is None:
        raise ExportError("canvas: expected --roster FILE, the gradebook as Canvas exports it, got none")
    filled = canvas.canvas_csv(graded.records(), graded.assignment, roster_file)
    write_atomically(to, filled.text)
    for note in filled.notes:
        print(f"autograder: {note}", file=sys.stderr)
    return filled.matched


def tell(matched: Matched | None) -> bool:
    """Say who did not match; whether that needs attention."""
    if matched is None:
        return False
    for people, words in (
        (matched.strangers, "not on the roster"),
        ([person.id for person in matched.missing], "on the roster, but handed in nothing"),
    ):
        if people:
            print(f"autograder: {len(people)} {words}: {_listed(people)}", file=sys.stderr)
    return bool(matched.strangers)


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(repr(name) for name in listed[:SHOWN]) + more
