"""`autograder report` and `autograder export`: what is made of records, once people have had their say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from autograder import bounded
from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.course.matched import Matched, match
from autograder.errors import ExportError, note
from autograder.files import to_disk, write_atomically, write_if_other
from autograder.gradebook.graded import Graded
from autograder.records.record import Record
from autograder.reports import canvas, exports, feedback, gradescope, junit
from autograder.reports.pages import template
from autograder.reports.score import needed
from autograder.safe_text import listed, plural, say

T = TypeVar("T")
LMS = ("moodle-feedback", "canvas-comments")  # feedback pages, as an LMS takes them back
FORMATS = ("nbgrader", "canvas", "gradescope", "junit", "cases", *LMS, "mail")
SHOWN = 20  # names on one line
CHUNK = 100  # records in memory at a time


def matched_with(graded: Graded, file: Path | None) -> Matched | None:
    return match(graded.students, roster.read(file)) if file else None


def write_pages(graded: Graded, matched: Matched | None = None) -> dict[str, Record]:
    """Every student's feedback, the class report and the CSV of grades, in OUT; the records, without cases.

    Each record is read once. What went wrong over a student is in `graded.faults` afterwards.
    """
    from autograder.reports import class_report  # brings NumPy, which no export needs

    for page in ("feedback.html", "class_report.html"):
        template(page)  # compiled once here, and not by each process that tries records
    shown: list[Record] = []
    records = _with_feedback(graded, matched or Matched())
    report = class_report.render(records, graded.assignment, matched, shown)
    write_if_other(graded.out / "report.html", report)
    for student in set(graded.faults) - {one.student for one in shown}:
        _page(graded, student, feedback.not_made(student, graded.assignment))
    if shown or graded.faults:
        to_disk(graded.out / "feedback")
    sound = (one for one in shown if one.student not in graded.faults)
    grades = exports.nbgrader_csv(
        sound, graded.assignment, matched, so_far=True, unclaimed=bool(graded.unclaimed)
    )
    write_if_other(graded.out / "grades.csv", grades)
    return {one.student: one for one in shown}


def _page(graded: Graded, student: str, page: str) -> None:
    write_if_other(graded.out / "feedback" / f"{student}.html", page, named=False)


def _with_feedback(graded: Graded, matched: Matched) -> Iterator[Record]:
    records = _sound(graded.records(), graded, partial(_in_pages, graded.assignment))
    objections = graded.objections()

    def made(one: Record) -> str:
        called, mine = matched.called(one.student), objections.get(one.student, ())
        return feedback.render(one, graded.assignment, called=called, objections=mine)

    for one, page in _tried(records, made):
        if isinstance(page, Exception):
            note(graded.faults, one.student, "no feedback page", page)
            page = feedback.not_made(one.student, graded.assignment)
        _page(graded, one.student, page)
        yield one


def _sound(
    records: Iterable[Record], graded: Graded, shown: Callable[[list[Record]], object]
) -> Iterator[Record]:
    """The records that can be shown, tried inside limits before they count in a page of all. A hundred are
    tried together; each by itself only where that fails. Of the others `graded.faults` says why not."""
    remaining = iter(records)
    while chunk := list(islice(remaining, CHUNK)):
        [result] = bounded.each(shown, [chunk])
        if isinstance(result, Exception):
            yield from (one for one, _ in _each(chunk, lambda one: shown([one]), "left out", graded.faults))
        else:
            yield from chunk


def _in_pages(assignment: Assignment, records: list[Record]) -> None:
    from autograder.reports import class_report  # as above

    for record in records:
        needed(record)
    class_report.render(records, assignment)
    exports.nbgrader_csv(records, assignment)


def _in_export(format: str, assignment: Assignment, records: list[Record]) -> None:
    for record in records:
        needed(record)
    if format == "junit":
        junit.junit_xml(records, assignment)
    elif format == "cases":
        exports.cases_csv(records, assignment)
    else:
        exports.nbgrader_csv(records, assignment)


def _each(
    records: Iterable[Record], run: Callable[[Record], T], what: str, faults: dict[str, str]
) -> Iterator[tuple[Record, T]]:
    """Each record with what `run` makes of it inside limits; where it makes nothing, `faults` says why."""
    for one, made in _tried(records, run):
        if isinstance(made, Exception):
            note(faults, one.student, what, made)
        else:
            yield one, made


def _tried(records: Iterable[Record], run: Callable[[Record], T]) -> Iterator[tuple[Record, T | Exception]]:
    """Each record with what `run` makes of it inside limits, or why it makes nothing."""
    remaining = iter(records)
    while chunk := list(islice(remaining, CHUNK)):
        yield from zip(chunk, bounded.each(run, chunk), strict=True)


@dataclass(frozen=True)
class Exported:
    """What an export came to."""

    students: int
    matched: Matched | None
    needed: Mapping[str, str]  # student -> what a person has yet to do
    faults: Mapping[str, str]  # student -> why nothing of theirs is in it
    unclaimed: Sequence[str]  # hand-ins that may be of somebody who is counted as without one


def export(
    graded: Graded,
    format: str,
    roster_file: Path | None,
    to: Path,
    final: bool = False,
    download: Path | None = None,
) -> Exported:
    """Write one of FORMATS to `to`, a file, or for gradescope and mail a folder. Points that need review are
    left blank, and pages with such points out, unless these are `final`.

    Raises:
        ExportError, RosterError: the roster is missing or does not fit.
        IntakeError: `download`, which the LMS gave out, cannot be read.
    """
    waiting: dict[str, str] = {}
    assignment, unclaimed = graded.assignment, graded.unclaimed
    shown = partial(_in_export, format, assignment)
    records = _noting(_sound(graded.records(), graded, shown), waiting)
    if format == "canvas":
        matched: Matched | None = _canvas(records, assignment, roster_file, to, final)
    else:
        matched = matched_with(graded, roster_file)
    if format == "gradescope":
        render = partial(gradescope.results_json, assignment=assignment, final=final)
        for one, text in _each(records, render, "no results.json", graded.faults):
            write_atomically(to / one.student / "results.json", text)
    elif format in LMS or format == "mail":
        _give_back(graded, format, records, matched or Matched(), to, final, download, roster_file)
    elif format == "junit":
        write_atomically(to, junit.junit_xml(records, assignment, final))
    elif format == "cases":
        write_atomically(to, exports.cases_csv(records, assignment, matched, final))
    elif format == "nbgrader":
        blank = bool(unclaimed) and not final
        write_atomically(to, exports.nbgrader_csv(records, assignment, matched, final, unclaimed=blank))
    return Exported(len(graded.students), matched, waiting, graded.faults, unclaimed)


def _give_back(
    graded: Graded,
    format: str,
    records: Iterable[Record],
    matched: Matched,
    to: Path,
    final: bool,
    download: Path | None,
    roster_file: Path | None,
) -> None:
    from autograder.runs import giving_back  # brings what reads hand-ins; other formats do without

    kept = [one for one in records if final or not needed(one)]

    def made(one: Record) -> str:
        return feedback.render(one, graded.assignment, called=matched.called(one.student))

    pages = {one.student: page for one, page in _each(kept, made, "no page", graded.faults)}
    if format == "mail":
        missing = giving_back.write_mail(to, pages, kept, graded.assignment, matched)
    else:
        people = roster.read(roster_file) if roster_file else None
        missing = giving_back.write_lms(format, to, pages, download, graded.assignment, people)
    graded.faults.update(missing)


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
    for what in filled.notes:
        say(what)
    return filled.matched


def say_needed(exported: Exported, final: bool) -> bool:
    """Name the students whose points are left blank, or count all the same; whether a person is needed."""
    for student, what in islice(exported.needed.items(), SHOWN):
        say(f"{student!r}: {what}{'' if final else '; left blank'}")
    if len(exported.needed) > SHOWN:
        say(f"and {len(exported.needed) - SHOWN} more")
    for student, what in islice(exported.faults.items(), SHOWN):
        say(f"{student!r}: {what}")
    for what in exported.unclaimed[:SHOWN]:
        nothing = "who handed in nothing counts 0" if final else "who handed in nothing is left blank"
        say(f"whose is it? {what}; until that is known, {nothing}")
    if exported.needed and final:
        say("--final: what is proposed counts, what is not known counts 0")
    elif exported.needed:
        who = plural(len(exported.needed), "student", "need")
        say(f"{who} review: review them and export again, or say --final")
    return bool(exported.faults) or (bool(exported.needed or exported.unclaimed) and not final)


def say_matched(matched: Matched | None) -> bool:
    """Say who did not match; whether that needs attention."""
    if matched is None:
        return False
    for people, words in (
        (matched.strangers, "not on the roster"),
        ([person.id for person in matched.missing], "on the roster, but handed in nothing"),
    ):
        if people:
            say(f"{len(people)} {words}: {listed(map(repr, people), SHOWN)}")
    return bool(matched.strangers)
