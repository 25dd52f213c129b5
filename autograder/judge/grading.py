"""Grade hand-ins: hidden graders collected once by pytest, then run for as many submissions as come."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress

import pytest

from autograder.course.assignment import Assignment
from autograder.errors import GradingError
from autograder.intake import Submission
from autograder.judge import digests
from autograder.judge.check import Check
from autograder.judge.hand_in import Judge, sandbox_for
from autograder.judge.imported import RIGHT, strange
from autograder.judge.inline import criteria
from autograder.judge.neighbours import graders_importable
from autograder.judge.plugin import Graders
from autograder.judge.task import Task, read_by, standing_reader
from autograder.judge.variables import variables
from autograder.records.record import Record
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.level import Level, probe

_UNUSED = "terminal cacheprovider warnings logging junitxml pastebin doctest unittest debugging stepwise"
_ARGUMENTS = [
    *("-c", os.devnull, "--import-mode=importlib", "--strict-markers"),
    *("--assert=plain", "--capture=no", "--continue-on-collection-errors"),
    *(argument for name in _UNUSED.split() for argument in ("-p", f"no:{name}")),
]


# pytest as we call it: no plugins or options from whoever's environment this is.
_PLAIN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}


def grade_all(
    assignment: Assignment,
    submissions: Iterable[Submission],
    emit: Callable[[Record], None],
    level: Level | None = None,
) -> None:
    """Grade submissions one after the other, calling `emit` with each record as it is made.

    Raises:
        GradingError: the hidden graders do not load. No submission was graded.
        SandboxError: this machine offers no sandbox and none was asked for.
    """
    level = level or probe()
    with graders_importable(assignment.course), closing(sandbox_for(assignment, level)) as sandbox:
        with suppress(SandboxError):  # the first hand-in tries it again, and says so
            sandbox.begin()  # while the graders are collected
        with Judge(assignment, load_checks(assignment), level, sandbox) as judge:
            for submission in submissions:
                emit(judge.record(submission))


def load_checks(assignment: Assignment) -> list[Check]:
    """The hidden graders of an assignment, and the criteria of its rubrics.

    Raises:
        GradingError: there are none, or they do not load.
    """
    folder, root = assignment.graders, assignment.root
    asked = criteria(assignment.questions)
    if not folder.is_dir():
        if asked:
            return asked
        raise GradingError(f"{folder.relative_to(root).as_posix()}: no hidden graders for this assignment")
    if found := strange(assignment, digests.DECIDING):
        raise GradingError("\n".join(["hidden graders import what no result depends on:", *found]))
    places = [str(folder), "--rootdir", str(root), "--confcutdir", str(assignment.course.graders)]
    graders = Graders(assignment.course.graders)
    with variables(_PLAIN):
        code = pytest.main([*places, f"--ignore={folder / RIGHT}", *_ARGUMENTS], plugins=[graders])
    checks = graders.checks()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise GradingError(f"pytest stopped with {code!r} over the hidden graders of {assignment.name}")
    return [*checks, *asked]


def without_grader(assignment: Assignment, checks: Iterable[Check]) -> list[str]:
    """Cells with points that neither a grader counts for nor a person grades, a line each."""
    graded = {check.grade_id for check in checks}
    return [
        f"source/{assignment.name}/{cell.notebook}.ipynb: {cell.grade_id}: {cell.points:g} points and no "
        "hidden grader; write one, or have a person grade the cell"
        for cell in assignment.grade_cells
        if not cell.manual and cell.grade_id not in graded
    ]


def without_cell(assignment: Assignment, checks: Iterable[Check]) -> list[str]:
    """Graders that count for no cell, a line for each grade id that is not there."""
    folder = assignment.where(assignment.graders)
    ids = {check.grade_id for check in checks} - {cell.grade_id for cell in assignment.grade_cells}
    return [
        f"{folder}: {id_}: a grader for a cell that is not there; correct the name" for id_ in sorted(ids)
    ]


def grade_tasks(
    assignment: Assignment, tasks: Iterable[Task], reply: Callable[[Record | None], None], level: Level | None
) -> None:
    """Read and grade each task, in order; `reply(None)` for one in which nothing has changed."""

    def changed() -> Iterator[Submission]:
        with standing_reader(assignment) as reader:
            for task in tasks:
                submission = task.submission or read_by(reader, task.source)
                if task.known and task.known == digests.hashes(assignment, submission):
                    reply(None)
                else:
                    yield submission

    grade_all(assignment, changed(), reply, level)


def grade_one(assignment: Assignment, submission: Submission, level: Level | None = None) -> Record:
    """The record of a single submission."""
    records: list[Record] = []
    grade_all(assignment, [submission], records.append, level)
    return records[0]
