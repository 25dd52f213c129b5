"""What a grading run makes of records: gradebook, feedback, class report, notebooks, lists.

Each is brought up to date by every run, and in none of them is anything that no record holds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder import bounded
from autograder.course.assignment import Assignment
from autograder.course.matched import match
from autograder.errors import MACHINE, RecordError, apart, note
from autograder.files import text_of, write_if_other
from autograder.intake import Source
from autograder.intake.written import PICTURE
from autograder.records import changes as regrade
from autograder.records.record import Record
from autograder.records.store import COMPARED, Store
from autograder.runs.request import Request
from autograder.safe_text import say


def _records(sources: Sequence[Source], store: Store, faults: dict[str, str]) -> Iterator[Record]:
    """The newest record of each student of this run, one at a time: a class is larger than memory."""

    def newest(source: Source) -> Record:
        graded = store.newest(source.student)
        if graded is None:
            raise RecordError("the record just written cannot be read; grade again")
        return graded

    return (graded for _, graded in apart(sources, newest, "no record", faults))


def with_decisions(
    request: Request, store: Store, faults: dict[str, str], on_pages: Mapping[str, Record]
) -> Iterator[Record]:
    """The same, with what people entered in the gradebook; read where they are not `on_pages`."""
    yield from (on_pages[source.student] for source in request.sources if source.student in on_pages)
    rest = [source for source in request.sources if source.student not in on_pages]
    if not rest:
        return
    records = _records(rest, store, faults)
    if request.dry_run and not (request.out / "gradebook.db").exists():
        yield from records
        return
    from autograder.gradebook.decisions import decided

    yield from decided(records, request.url, request.assignment, faults)


def render(request: Request, store: Store, faults: dict[str, str]) -> dict[str, Record]:
    """Bring gradebook, feedback, class report and grades up to the records; those, as they are shown."""
    from autograder.gradebook.book import Gradebook
    from autograder.gradebook.graded import UNCLAIMED, Graded
    from autograder.runs import publish as reporting

    assignment, out = request.assignment, request.out
    graded = Graded(assignment, out, request.url, faults)
    seen: set[str] = set()
    with Gradebook(request.url, assignment) as book:
        book.catch_up(_noting_seen(_records(request.sources, store, faults), assignment, seen), faults)
        matched = match(graded.students, request.roster)
        book.name({student: matched.names(student) for student in matched.found})
    _notebooks(request, store, faults, seen)
    write_if_other(out / UNCLAIMED, json.dumps(request.unclaimed, indent=1) + "\n")
    # Of all, also where only a part was graded.
    on_pages = reporting.write_pages(graded, matched if request.roster else None)
    if (out / COMPARED).is_file():
        write_changes(out)
    return on_pages


def write_changes(out: Path) -> None:
    """The list of changes as CSV; one that is damaged is left as it is, until grading again makes another."""
    try:
        changes = regrade.from_json(text_of(out / COMPARED))
    except (ValueError, RecursionError):
        say(f"{out / COMPARED}: expected a list of changes, got something else; delete it")
        return
    write_if_other(out / "changes.csv", regrade.as_csv(changes))


def _notebooks(request: Request, store: Store, faults: dict[str, str], seen: Collection[str]) -> None:
    """The notebooks that people look at: all for formgrader, with the settings to start it; else those in
    which more is to be read than a record holds."""
    chosen = request.sources
    if not request.formgrader:
        chosen = [source for source in chosen if source.student in seen]
    if not chosen:
        return
    from autograder import intake  # nbconvert takes a second to import
    from autograder.bridge import formgrader

    if request.formgrader:
        formgrader.settings(request.out, request.assignment, request.url)

    def publish(source: Source) -> None:
        graded = store.newest(source.student)
        if graded is not None:
            submission = intake.read(source, request.assignment)
            formgrader.publish(request.out, request.assignment, submission, graded)

    for source, error in zip(chosen, bounded.each(publish, chosen), strict=True):
        if error is None:
            continue
        if isinstance(error, OSError) and error.errno in MACHINE:
            raise error
        graded = store.newest(source.student)
        if graded is not None:
            note(faults, source.student, "no notebooks for formgrader", error)
            nothing = intake.Submission(source.student)  # an older notebook would not be this hand-in
            formgrader.publish(request.out, request.assignment, nothing, graded)


def _noting_seen(records: Iterable[Record], assignment: Assignment, seen: set[str]) -> Iterator[Record]:
    """The records as they come; into `seen` go the students of whom a person reads a picture, code
    or work on a task."""
    kinds = {cell.grade_id: cell.kind for cell in assignment.grade_cells if cell.manual}
    for graded in records:
        waiting = [grade_id for grade_id in graded.waiting if grade_id in kinds]
        if any(kinds[g] != "inline" or PICTURE.search(graded.answers.get(g, "")) for g in waiting):
            seen.add(graded.student)
        yield graded
