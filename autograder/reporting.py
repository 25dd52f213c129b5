"""`autograder report` and `autograder export`: what is made of records, once people have had their say."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder import record, roster
from autograder.course import Assignment
from autograder.record import Record, RecordError
from autograder.reports import canvas, class_report, exports, feedback, gradescope, junit
from autograder.reports.exports import ExportError, Matched
from autograder.store import sqlite_url

FORMATS = ("nbgrader", "canvas", "gradescope", "junit", "cases")
SHOWN = 20  # names on one line


@dataclass(frozen=True)
class Graded:
    """A graded class: the records in OUT, and the gradebook people enter their points in."""

    assignment: Assignment
    out: Path
    gradebook: str = ""  # SQLAlchemy URL; empty: OUT/gradebook.db, if there is one
    chosen: tuple[str, ...] = ()  # students; empty: everyone who has a record

    @property
    def students(self) -> list[str]:
        """Raises RecordError if nothing has been graded."""
        if self.chosen:
            return list(self.chosen)
        found = sorted(path.stem for path in (self.out / "records").glob("*.json"))
        if not found:
            raise RecordError(f"{self.out / 'records'}: no records; run autograder grade first")
        return found

    def records(self) -> Iterator[Record]:
        """One at a time, with what people entered: a class is larger than memory."""
        url = self.gradebook
        if not url and (self.out / "gradebook.db").exists():
            url = sqlite_url(self.out / "gradebook.db")
        if not url:
            return self._stored()
        from autograder.decisions import decided  # nbgrader takes two seconds to import

        return decided(self._stored(), url, self.assignment)

    def _stored(self) -> Iterator[Record]:
        for student in self.students:
            path = self.out / "records" / f"{student}.json"
            graded = record.load(path)
            if graded.assignment != self.assignment.name:
                raise RecordError(f"{path}: a record of {graded.assignment}, not of {self.assignment.name}")
            yield graded


def matched_with(graded: Graded, file: Path | None) -> Matched | None:
    return exports.match(graded.students, roster.read(file)) if file else None


def write_pages(graded: Graded, matched: Matched | None = None) -> None:
    """Every student's feedback, the class report and nbgrader's CSV, in OUT."""
    report = class_report.render(_with_feedback(graded), graded.assignment, matched)
    record.write_atomically(graded.out / "report.html", report)
    grades = exports.nbgrader_csv(graded.records(), graded.assignment, matched)
    record.write_atomically(graded.out / "grades.csv", grades)


def _with_feedback(graded: Graded) -> Iterator[Record]:
    for one in graded.records():
        page = feedback.render(one, graded.assignment)
        record.write_atomically(graded.out / "feedback" / f"{one.student}.html", page)
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
            record.write_atomically(to / one.student / "results.json", text)
    elif format == "junit":
        record.write_atomically(to, junit.junit_xml(records, assignment))
    elif format == "cases":
        record.write_atomically(to, exports.cases_csv(records, assignment, matched))
    else:
        record.write_atomically(to, exports.nbgrader_csv(records, assignment, matched))
    return matched


def _canvas(graded: Graded, roster_file: Path | None, to: Path) -> Matched:
    if roster_file is None:
        raise ExportError("canvas: expected --roster FILE, the gradebook as Canvas exports it, got none")
    filled = canvas.canvas_csv(graded.records(), graded.assignment, roster_file)
    record.write_atomically(to, filled.text)
    for note in filled.notes:
        print(f"autograder: {note}", file=sys.stderr)
    return filled.matched


def tell(matched: Matched | None) -> bool:
    """Say who did not match; whether that needs a human."""
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
