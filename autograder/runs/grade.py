"""One grading run: what has changed is graded, compared with what was, and only then published.

Every step can be killed and done again: records are kept as they are made, and gradebook, feedback and
exports are renderings of records, brought up to date by each run.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.errors import FolderError, GradingError, apart
from autograder.judge.task import Task
from autograder.records import changes as regrade
from autograder.records.changes import Change
from autograder.records.record import Record
from autograder.records.store import OUT_FOLDERS, Store
from autograder.reports.score import needed, score
from autograder.runs import plugins
from autograder.runs.renderings import render, with_decisions
from autograder.runs.request import Request
from autograder.runs.typed_points import note_typed
from autograder.safe_text import say, shown
from autograder.workers import pool
from autograder.workers.unchanged import unchanged

RESULTS = ("gradebook.db", "grades.csv", ".lock")  # what only a run writes
# What comes after grading, imported while processes grade: SQLAlchemy, nbgrader's tables, templates.
AFTERWARDS = ("autograder.gradebook.book", "autograder.runs.publish", "autograder.gradebook.objections")
HOPELESS = 5  # hand-ins from the start of a run with one and the same fault: the run stops


@dataclass(frozen=True)
class GradedLine:
    """One student in the result; the whole story is in the record."""

    student: str
    points: float
    max_points: float
    waiting: list[str]
    problems: list[str]
    isolation: str
    errors: int  # cells that nobody could grade
    penalty: float  # what lateness took off, `points` being what is left
    proposed: float  # among `points`, and confirmed by nobody yet
    needed: str  # what a person has yet to do, in words

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
    left_out: list[str]  # who withdrew and still has a hand-in there
    faults: dict[str, str]  # student -> what could not be made or entered
    fault: str  # of ours, that met every hand-in of a small class, and what to do


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


def grade(request: Request, show: Callable[[list[Change], int], None]) -> Result:
    """Grade, compare, `show(changes, graded again)`, publish. A dry run ends before it writes anything.

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
        first, again, changes, kept = _compare(store)
        for what in store.broken.values():
            say(shown(what))
        show(changes, again)
        on_pages: dict[str, Record] = {}
        if not request.dry_run:
            if first or again:
                moved = ((store.before(after.student), after) for after in store.fresh())
                note_typed(lambda: request.url, request.assignment, moved)
                store.compared(regrade.as_json(changes))
                store.publish()
            on_pages = render(request, store, faults)

        def line_of(graded: Record) -> GradedLine:
            line = GradedLine.of(graded, request.assignment, kept.get(graded.student, ""))
            broken = store.broken.get(graded.student)
            return replace(line, problems=[*line.problems, broken]) if broken else line

        decided = with_decisions(request, store, faults, on_pages)
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


def _compare(store: Store) -> tuple[int, int, list[Change], dict[str, str]]:
    """How many were graded for the first time, how many again, what that changes, and why it does not: where
    a fault of ours met a hand-in whose published record has none, the published one stays."""
    first = again = 0
    changes: list[Change] = []
    kept: dict[str, str] = {}
    for after in store.fresh():
        before = store.before(after.student)
        if before is None:
            first += 1
        elif after.fault and not before.fault:
            store.forget(after.student)
            kept[after.student] = f"not graded again, so the result of before stays: {after.fault}"
        else:
            again += 1
            changes += regrade.compare(before, after)
    return first, again, changes, kept
