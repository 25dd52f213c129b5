"""`autograder report` and `autograder export`: what is made of records, once people have had their say."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from autograder import bounded
from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.course.matched import Matched, match
from autograder.errors import ExportError
from autograder.files import write_atomically
from autograder.gradebook.graded import Graded
from autograder.records.record import Record
from autograder.reports import canvas, class_report, exports, feedback, gradescope, junit
from autograder.reports.score import needed

FORMATS = ("nbgrader", "canvas", "gradescope", "junit", "cases")
SHOWN = 20  # names on one line
CHUNK = 100  # records in memory at a time


def matched_with(graded: Graded, file: Path | None) -> Matched | None:
    return match(graded.students, roster.read(file)) if file else None


def write_pages(graded: Graded, matched: Matched | None = None) -> dict[str, str]:
    """Every student's feedback, the class report and the CSV of grades, in OUT; who waits, and for what."""
    waiting: dict[str, str] = {}
    records = _noting(_with_feedback(graded), waiting)
    report = class_report.render(records, graded.assignment, matched)
    write_atomically(graded.out / "report.html", report)
    grades = exports.nbgrader_csv(graded.records(), graded.assignment, matched, so_far=True)
    write_atomically(graded.out / "grades.csv", grades)
    return waiting


def _with_feedback(graded: Graded) -> Iterator[Record]:
    records = graded.records()
    while chunk := list(islice(records, CHUNK)):
        pages = bounded.each(partial(feedback.render, assignment=graded.assignment), chunk)
        for one, page in zip(chunk, pages, strict=True):
            if isinstance(page, Exception):
                print(f"autograder: {one.student}: no feedback page: {page}", file=sys.stderr)
            else:
                write_atomically(graded.out / "feedback" / f"{one.student}.html", page)
            yield one


@dataclass(frozen=True)
class Exported:
    """What an export came to."""

    students: int
    matched: Matched | None = None
    needed: Mapping[str, str] = field(default_factory=dict)  # student -> what a person has yet to do


def export(graded: Graded, format: str, roster_file: Path | None, to: Path, final: bool = False) -> Exported:
    """Write one of FORMATS to `to`, a file, or for gradescope a folder. Points that need review are
    left blank, unless these are `final`.

    Raises:
        ExportError, RosterError: the roster is missing or does not fit.
    """
    waiting: dict[str, str] = {}
    records, assignment = _noting(graded.records(), waiting), graded.assignment
    if format == "canvas":
        matched: Matched | None = _canvas(records, assignment, roster_file, to, final)
        return Exported(len(graded.students), matched, waiting)
    matched = matched_with(graded, roster_file)
    if format == "gradescope":
        for one in records:
            text = gradescope.results_json(one, assignment, final)
            write_atomically(to / one.student / "results.json", text)
    elif format == "junit":
        write_atomically(to, junit.junit_xml(records, assignment, final))
    elif format == "cases":
        write_atomically(to, exports.cases_csv(records, assignment, matched, final))
    else:
        write_atomically(to, exports.nbgrader_csv(records, assignment, matched, final))
    return Exported(len(graded.students), matched, waiting)


def _noting(records: Iterable[Record], waiting: dict[str, str]) -> Iterator[Record]:
    """The records as they come, with a note of those whose score is no grade yet."""
    for one in records:
        if what := needed(one):
            waiting[one.student] = what
        yield one


def _canvas(
    records: Iterable[Record], assignment: Assignment, roster_file: Path | None, to: Path, final: bool
) -> Matched:
    if roster_file is None:
        raise ExportError("canvas: expected --roster FILE, the gradebook as Canvas exports it, got none")
    filled = canvas.canvas_csv(records, assignment, roster_file, final)
    write_atomically(to, filled.text)
    for note in filled.notes:
        print(f"autograder: {note}", file=sys.stderr)
    return filled.matched


def tell_needed(exported: Exported, final: bool) -> bool:
    """Name the students whose points are left blank, or count all the same; whether a person is needed."""
    for student, what in islice(exported.needed.items(), SHOWN):
        print(f"autograder: {student!r}: {what}{'' if final else '; left blank'}", file=sys.stderr)
    if len(exported.needed) > SHOWN:
        print(f"autograder: and {len(exported.needed) - SHOWN} more", file=sys.stderr)
    if exported.needed and final:
        print("autograder: --final: what is proposed counts, what is not known counts 0", file=sys.stderr)
    elif exported.needed:
        advice = "review them and export again, or say --final"
        print(f"autograder: {len(exported.needed)} need review: {advice}", file=sys.stderr)
    return bool(exported.needed) and not final


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
