"""One grading run: what has changed is graded, compared with what was, and only then published.

Every step can be killed and done again: records are kept as they are made, and gradebook, feedback and
exports are renderings of records, brought up to date by each run.
"""

from __future__ import annotations

import importlib
import json
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from autograder import bounded, plugins
from autograder.apart import MACHINE, apart, note
from autograder.course.assignment import Assignment
from autograder.course.matched import match
from autograder.course.roster import Roster
from autograder.errors import FolderError, GradingError, RecordError
from autograder.files import text_of, write_if_other
from autograder.intake import Source
from autograder.intake.written import PICTURE
from autograder.judge.task import Task
from autograder.records import changes as regrade
from autograder.records.changes import Change
from autograder.records.record import Record
from autograder.records.store import COMPARED, OUT_FOLDERS, Store
from autograder.reports.score import needed, score
from autograder.runs.typed_points import note_typed
from autograder.safe_text import say, shown
from autograder.sandbox.level import Level
from autograder.workers import pool
from autograder.workers.unchanged import unchanged

RESULTS = ("gradebook.db", "grades.csv", ".lock")  # what only a run writes
# What comes after grading, imported while processes grade: SQLAlchemy, nbgrader's tables, templates.
AFTERWARDS = ("autograder.gradebook.book", "autograder.runs.publish", "autograder.gradebook.objections")
HOPELESS = 5  # hand-ins from the start of a run with one and the same fault: the run stops


class Steps(Protocol):
    """What is reported of each hand-in as it is done."""

    def step(self, failing: bool = False, error: bool = False, unchanged: bool = False) -> None: ...

    def say(self, what: str) -> None: ...


Progress = Callable[[str, int], AbstractContextManager[Steps]]  # a title, and how many there are


class Silent:
    """Progress that nobody looks at."""

    def step(self, failing: bool = False, error: bool = False, unchanged: bool = False) -> None:
        pass

    def say(self, what: str) -> None:
        say(what)


def silent(title: str, total: int) -> AbstractContextManager[Steps]:
    return nullcontext(Silent())


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    assignment: Assignment
    sources: Sequence[Source]
    level: Level
    out: Path
    gradebook: str = ""  # SQLAlchemy URL; empty: OUT/gradebook.db
    jobs: int = 1
    scheduler: str = ""  # address of a Dask scheduler; empty: processes of this machine
    dry_run: bool = False
    formgrader: bool = False  # also write the notebooks that formgrader opens
    roster: Roster | None = None  # who everybody is, in gradebook, pages and grades
    students: tuple[str, ...] = ()  # only these; empty: all who handed in and have not withdrawn
    withdrawn: tuple[str, ...] = ()  # who are to be left out from now on
    progress: Progress = silent
    unclaimed: tuple[str, ...] = ()  # what lies in the class's folder and is nobody's hand-in

    @property
    def url(self) -> str:
        """Of the gradebook."""
        from autograder.gradebook.url import sqlite_url  # SQLAlchemy, see AFTERWARDS

        return self.gradebook or sqlite_url(self.out / "gradebook.db")


@dataclass(frozen=True)
class GradedLine:
    """One student in the result; the whole story is in the record."""

    student: str
    points: float
    max_points: float
    waiting: list[str]
    problems: list[str]
    isolation: str
    errors: int = field(default=0, kw_only=True)  # cells that nobody could grade
    penalty: float = field(default=0.0, kw_only=True)  # what lateness took off, `points` being what is left
    proposed: float = field(default=0.0, kw_only=True)  # among `points`, and confirmed by nobody yet
    needed: str = field(default="", kw_only=True)  # what a person has yet to do, in words

    @staticmethod
    def of(graded: Record, assignment: Assignment, kept: str = "") -> GradedLine:
        """With the same numbers as gradebook, report and CSV. `kept` says why it could not be graded again,
        so that the result of before stays."""
        earned = score(graded, assignment, proposals=True)
        if graded.fault and not any(graded.fault in said for said in (*graded.problems, kept)):
            kept = (
                f"not graded as a whole, by a fault of ours: {graded.fault}; the same command tries it again"
            )
        return GradedLine(
            graded.student,
            earned.final,
            graded.max_points,
            graded.waiting,
            [*graded.problems, *([kept] if kept else [])],
            graded.isolation,
            errors=sum(g.state == "error" for g in graded.grades.values()) or int(bool(kept)),
            penalty=earned.penalty,
            proposed=earned.proposed,
            needed=needed(graded) or ("not graded again" if kept else ""),
        )


@dataclass(frozen=True)
class Result:
    lines: list[GradedLine]
    changes: list[Change]
    graded_again: int  # students who had a record before
    graded_first: int
    seconds: float
    left_out: list[str] = field(default_factory=list)  # who withdrew and still has a hand-in there
    faults: dict[str, str] = field(default_factory=dict)  # student -> what could not be made or entered
    fault: str = ""  # of ours, that met every hand-in of a small class, and what to do


def is_results(folder: Path) -> bool:
    """Whether this is what a run wrote: its records, with what only a run writes beside them."""
    here = [name for name in OUT_FOLDERS if any((folder / name).glob("*.json"))]
    return bool(here) and any((folder / name).exists() for name in RESULTS)


def refuse_overlap(folder: Path, out: Path) -> None:
    """Raises FolderError where results would be taken for hand-ins, or written among them."""
    if is_results(folder):
        raise FolderError(
            f"{folder}: expected the hand-ins, got a folder of results, which autograder grade wrote; "
            "give the folder that holds the students' folders"
        )
    hand_ins, results = folder.resolve(), out.resolve()
    ours = [results / name for name in ("records", "pending", "feedback", "autograded", "withdrawn")]
    if hand_ins == results or any(hand_ins.is_relative_to(place) for place in ours):
        raise FolderError(
            f"--out {out}: expected another folder than the hand-ins', {folder}; give one of its own"
        )
    if results.is_relative_to(hand_ins) and not results.relative_to(hand_ins).parts[0].startswith("."):
        raise FolderError(
            f"--out {out}: lies inside {folder}, where each folder is a student's; give a folder outside it"
        )


def grade(request: Request, tell: Callable[[list[Change], int], None]) -> Result:
    """Grade, compare, `tell(changes, graded again)`, publish. A dry run ends before it writes anything.

    Raises:
        GradingError, SandboxError: nothing, or no more, can be graded.
        FolderError: OUT holds another assignment, or a student asked for is not there.
        RecordError: another run is at work in the same folder.
        GradebookError: the gradebook is locked, read-only or gone; the records are kept.
    """
    started, faults = time.perf_counter(), dict[str, str]()
    with _store(request) as store:
        store.refuse_other(request.assignment.name)
        if not request.dry_run:
            store.publish()  # what a killed run left to do
        request, left_out = _chosen(request, store)
        fault = _grade_changed(request, store)
        seconds = time.perf_counter() - started
        kept = _keep_good_ones(store)
        first, again, changes = _compare(store)
        for what in store.broken.values():
            say(shown(what))
        tell(changes, again)
        on_pages: dict[str, Record] = {}
        if not request.dry_run:
            if first or again:
                _note_typed(request, store)
                store.compared(regrade.as_json(changes))
                store.publish()
            on_pages = _render(request, store, faults)

        def line_of(graded: Record) -> GradedLine:
            line = GradedLine.of(graded, request.assignment, kept.get(graded.student, ""))
            broken = store.broken.get(graded.student)
            return replace(line, problems=[*line.problems, broken]) if broken else line

        decided = _decided(request, store, faults, on_pages)
        lines = {one.student: line for one, line in apart(decided, line_of, "no result", faults)}
        in_order = [lines[source.student] for source in request.sources if source.student in lines]
        return Result(in_order, changes, again, first, seconds, left_out, faults, fault)


def _chosen(request: Request, store: Store) -> tuple[Request, list[str]]:
    """The request with the hand-ins that are to be graded, and who is left out, having withdrawn."""
    here = {source.student for source in request.sources}
    for student in request.students:
        if student not in here:
            raise FolderError(
                f"--student {student}: expected one of the {len(here)} students with a hand-in there, got "
                "none; correct the id"
            )
    if request.dry_run:
        apart = {*store.withdrawn(), *request.withdrawn}
    else:
        for student in request.students:
            store.readmit(student)
        for student in request.withdrawn:
            store.withdraw(student)
        apart = set(store.withdrawn())
    wanted = set(request.students) or here - apart
    sources = [source for source in request.sources if source.student in wanted]
    return replace(request, sources=sources), sorted((here & apart) - wanted)


@contextmanager
def _store(request: Request) -> Iterator[Store]:
    """The store in OUT, locked; for a dry run, one whose new records go away with it."""
    if request.dry_run:
        with tempfile.TemporaryDirectory(prefix="autograder-") as scratch:
            yield Store(request.out, pending=Path(scratch))
    else:
        store = Store(request.out)
        with store.locked():
            yield store


def _grade_changed(request: Request, store: Store) -> str:
    """Grade; the one fault that all hand-ins met, in a sentence."""
    tasks = [Task(source, store.known(source.student)) for source in request.sources]
    plan = pool.Plan(request.assignment.name, request.assignment.root, request.level)
    title = f"{request.assignment.name}, isolation {request.level.name}"
    faults: list[str] = []  # of the first that were graded, while each has one
    with request.progress(title, len(tasks)) as progress:

        def done(task: Task, graded: Record | None) -> None:
            if graded is None:
                progress.step(unchanged=True)
                return
            store.save(graded)
            _stop_if_hopeless(faults, graded)
            cases = [case for grade in graded.grades.values() for case in grade.cases]
            progress.step(
                failing=any(case.outcome == "failed" for case in cases),
                error=any(grade.state == "error" for grade in graded.grades.values()),
            )

        same = unchanged(tasks, request.assignment, max(1, request.jobs))
        for task in tasks:
            if task.source.student in same:
                done(task, None)
        tasks = [task for task in tasks if task.source.student not in same]
        if request.scheduler:
            plugins.load("dask").run(plan, tasks, request.scheduler, done, progress.say)
        else:
            pool.run(plan, tasks, max(1, request.jobs), done, progress.say, _prepare)
    return _met_by_all(faults)


def _met_by_all(faults: list[str]) -> str:
    """What is to be said of a class that is too small to be stopped early."""
    if len(set(faults)) != 1 or not faults[0] or len(faults) >= HOPELESS:
        return ""
    who = f"None of the {len(faults)} hand-ins" if len(faults) > 1 else "No hand-in"
    return (
        f"{who} could be graded as a whole, for one reason: {faults[0]}; put that right and run the same "
        "command again, which grades them anew"
    )


def _prepare() -> None:
    for module in AFTERWARDS:
        importlib.import_module(module)


def _stop_if_hopeless(faults: list[str], graded: Record) -> None:
    """Raises GradingError once the first HOPELESS hand-ins all met one and the same fault of ours."""
    if len(faults) == HOPELESS:
        return
    whole = all(grade.state == "error" for grade in graded.grades.values() if grade.cases)
    faults.append(graded.fault if whole else "")
    if len(faults) == HOPELESS and graded.fault and len(set(faults)) == 1:
        raise GradingError(
            f"the first {HOPELESS} hand-ins could all not be graded, for one reason: {graded.fault}; "
            "put that right and run the same command again, which grades them anew"
        )


def _keep_good_ones(store: Store) -> dict[str, str]:
    """Where a fault of ours met a hand-in whose published record has none, the published one stays; why."""
    kept = {}
    for after in store.fresh():
        before = store.before(after.student)
        if after.fault and before is not None and not before.fault:
            store.forget(after.student)
            kept[after.student] = f"not graded again, so the result of before stays: {after.fault}"
    return kept


def _compare(store: Store) -> tuple[int, int, list[Change]]:
    """How many were graded for the first time, how many again, and what that changes."""
    first = again = 0
    changes: list[Change] = []
    for after in store.fresh():
        before = store.before(after.student)
        if before is None:
            first += 1
        else:
            again += 1
            changes += regrade.compare(before, after)
    return first, again, changes


def _note_typed(request: Request, store: Store) -> None:
    """Points typed in formgrader were given to the answers of before; after the moving nobody knows these."""
    changes = ((store.before(after.student), after) for after in store.fresh())
    note_typed(lambda: request.url, request.assignment, changes)


def _records(request: Request, store: Store, faults: dict[str, str]) -> Iterator[Record]:
    """The newest record of each student of this run, one at a time: a class is larger than memory."""

    def newest(source: Source) -> Record:
        graded = store.newest(source.student)
        if graded is None:
            raise RecordError("the record just written cannot be read; grade again")
        return graded

    return (graded for _, graded in apart(request.sources, newest, "no record", faults))


def _decided(
    request: Request, store: Store, faults: dict[str, str], on_pages: Mapping[str, Record]
) -> Iterator[Record]:
    """The same, with what people entered in the gradebook; read where they are not `on_pages`."""
    yield from (on_pages[source.student] for source in request.sources if source.student in on_pages)
    rest = [source for source in request.sources if source.student not in on_pages]
    if rest:
        yield from _read_decided(replace(request, sources=rest), store, faults)


def _read_decided(request: Request, store: Store, faults: dict[str, str]) -> Iterator[Record]:
    records = _records(request, store, faults)
    if request.dry_run and not (request.out / "gradebook.db").exists():
        return records
    from autograder.gradebook.decisions import decided

    return decided(records, request.url, request.assignment, faults)


def _render(request: Request, store: Store, faults: dict[str, str]) -> dict[str, Record]:
    """Bring gradebook, feedback, class report and grades up to the records; those, as they are shown."""
    from autograder.gradebook.book import Gradebook
    from autograder.gradebook.graded import UNCLAIMED, Graded
    from autograder.runs import publish as reporting

    assignment, out = request.assignment, request.out
    graded = Graded(assignment, out, request.url, faults)
    seen: set[str] = set()
    with Gradebook(request.url, assignment) as book:
        book.catch_up(_noting_seen(_records(request, store, faults), assignment, seen), faults)
        matched = match(graded.students, request.roster)
        book.name({student: matched.names(student) for student in matched.found})
    _publish(request, store, faults, seen)
    write_if_other(out / UNCLAIMED, json.dumps(request.unclaimed, indent=1) + "\n")
    on_pages: dict[str, Record] = {}
    if graded.has_records():
        # Of all, also where only a part was graded.
        on_pages = reporting.write_pages(graded, matched if request.roster else None)
    if (out / COMPARED).is_file():
        _write_changes(out)
    return on_pages


def _write_changes(out: Path) -> None:
    """The list of changes as CSV; one that is damaged is left as it is, until grading again makes another."""
    try:
        changes = regrade.from_json(text_of(out / COMPARED))
    except (ValueError, RecursionError):
        say(f"{out / COMPARED}: expected a list of changes, got something else; delete it")
        return
    write_if_other(out / "changes.csv", regrade.as_csv(changes))


def _publish(request: Request, store: Store, faults: dict[str, str], seen: Collection[str]) -> None:
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
    """The records as they come; into `seen` go the students with a notebook that a person looks at."""
    kinds = {cell.grade_id: cell.kind for cell in assignment.grade_cells if cell.manual}
    for graded in records:
        if _is_seen(graded, kinds):
            seen.add(graded.student)
        yield graded


def _is_seen(graded: Record, kinds: Mapping[str, str]) -> bool:
    """Whether a person reads something of this hand-in that is a picture, code or work on a task; `kinds` has
    the cells that people read."""
    waiting = [grade_id for grade_id in graded.waiting if grade_id in kinds]
    return any(kinds[g] != "inline" or PICTURE.search(graded.answers.get(g, "")) for g in waiting)
