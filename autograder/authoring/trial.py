"""`autograder try`: an author's graders on one hand-in, each with the line and the traceback it ended at.

The judge keeps no traceback, since a student must not see one. So each check is wrapped: what it raises is
noted here, and goes on to the judge as if nobody had looked.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from autograder import intake
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.course import FILE, Course
from autograder.errors import CourseError, IntakeError
from autograder.files import whole
from autograder.intake import Source, Submission
from autograder.judge.check import Check
from autograder.judge.grading import load_checks, without_cell, without_grader
from autograder.judge.hand_in import Judge
from autograder.judge.neighbours import graders_importable
from autograder.records.record import CaseResult
from autograder.release.package import handed_in, skeleton, solved
from autograder.sandbox.level import Level

SOLUTION, SKELETON = "solution", "skeleton"


@dataclass(frozen=True)
class Tried:
    """What one check came to."""

    check: Check
    case: CaseResult
    error: Exception | None  # what it raised, the first time it ran

    def line(self, course_: Course) -> str:
        """The author's own line at which it ended: file, number, text."""
        own = [frame for frame in self._frames() if Path(frame.filename).is_relative_to(course_.graders)]
        if not own:
            return ""
        where = course_.where(Path(own[-1].filename))
        return f"{where}:{own[-1].lineno}: {own[-1].line}"

    def trace(self) -> str:
        """From the grader on; what called it is no business of its author's."""
        if self.error is None:
            return ""
        frames, end = traceback.format_list(self._frames()), traceback.format_exception_only(self.error)
        return "".join(["Traceback (most recent call last):\n", *frames, *end])

    def _frames(self) -> traceback.StackSummary:
        frames = traceback.extract_tb(self.error.__traceback__) if self.error else []
        ours = [at for at, frame in enumerate(frames) if frame.filename == __file__]
        return traceback.StackSummary.from_list(frames[ours[-1] + 1 :] if ours else frames)


def find(course_: Course, grader: str) -> tuple[Assignment, Callable[[Check], bool]]:
    """What to try: an assignment, a grader's file, or a grade id, alone or as ASSIGNMENT/GRADE_ID.

    Raises:
        CourseError: there is no such thing, or more than one.
    """
    if grader in course_.assignments:
        return course.load(grader, course_), lambda check: True
    path = Path(grader).resolve()
    for name in course_.assignments:
        if path.is_file() and path.is_relative_to(course_.graders / name):
            return course.load(name, course_), partial(_is_from, path)
    first, _, rest = grader.rpartition("/")
    loaded = [course.load(name, course_) for name in course_.assignments if first in ("", name)]
    having = [one for one in loaded if any(cell.grade_id == rest for cell in one.grade_cells)]
    if len(having) > 1:
        several = " or ".join(f"{one.name}/{rest}" for one in having)
        raise CourseError(f"{grader}: expected one grade cell, got several; write {several}")
    if not having:
        known = ", ".join(course_.assignments)
        if grader.endswith(".py") and not path.is_file():
            raise CourseError(f"{grader}: expected a grader's file, found no such file; correct the path")
        raise CourseError(
            f"{grader}: expected an assignment of {FILE} ({known}), a grader's file or a grade id; correct it"
        )
    return having[0], lambda check: check.grade_id == rest


def _is_from(path: Path, check: Check) -> bool:
    """Whether a grader's file holds a check, written there or taken from a neighbour."""
    modules = [m for m in list(sys.modules.values()) if getattr(m, "__file__", None) == str(path)]
    return any(value is check.function for module in modules for value in vars(module).values())


def hand_in(assignment: Assignment, which: str, models: Path | None = None) -> Submission:
    """The solution, the skeleton, or a student's folder or zip.

    Raises:
        IntakeError: it cannot be read.
    """
    if which == SKELETON:
        return Submission(
            SKELETON, {path: text.encode() for path, text in skeleton(assignment).files.items()}
        )
    if which == SOLUTION:
        found = {name: models / Path(name).name for name in assignment.results} if models else {}
        results = {name: whole(path) for name, path in found.items() if path.is_file()}
        if found and not results:
            named = ", ".join(path.name for path in found.values())
            raise IntakeError(f"{models}: expected trained models ({named}), found none; correct the path")
        return handed_in(SOLUTION, assignment, solved(assignment), results)
    path = Path(which)
    if not path.exists():
        raise IntakeError(f"{which}: expected {SOLUTION}, {SKELETON}, a folder or a zip, found no such file")
    submission = intake.read(Source(path.stem, path), assignment)
    if submission.unreadable:
        raise IntakeError(f"{which}: {submission.unreadable.removeprefix(f'{path.name}: ')}")
    return submission


def run(
    assignment: Assignment,
    wanted: Callable[[Check], bool],
    submission: Submission,
    level: Level | None = None,
) -> tuple[list[Tried], list[str]]:
    """Run the checks that are wanted, and those they build on, which decide how they run.

    Returns: what each came to; and what could not be tried, cells without a grader if all are wanted.
    """
    raised: dict[tuple[str, str], Exception] = {}
    with graders_importable(assignment.course):
        checks = load_checks(assignment)
        chosen = [check for check in checks if wanted(check)]
        needed = _with_their_ground(chosen, checks)
        watched = [replace(check, function=_watched(check, raised)) for check in needed]
        with Judge(assignment, watched, level) as judge:
            record = judge.record(submission)
    cases = {(id_, case.id): case for id_, grade in record.grades.items() for case in grade.cases}
    missing = without_cell(assignment, chosen)
    missing += without_grader(assignment, checks) if chosen == checks else []
    found = [check for check in chosen if check.key in cases]
    return [Tried(check, cases[check.key], raised.get(check.key)) for check in found], missing


def _with_their_ground(chosen: Sequence[Check], checks: Sequence[Check]) -> list[Check]:
    """The checks, with all of the cells whose functions they build on."""
    ids, fresh = set[str](), {check.grade_id for check in chosen}
    while fresh:
        ids |= fresh
        names = {name for check in checks if check.grade_id in fresh for name in check.builds_on}
        fresh = {name.rpartition(".")[2] for name in names} - ids
    own = {check.grade_id for check in chosen}
    return [c for c in checks if c in chosen or (c.grade_id in ids - own)]


def _watched(check: Check, raised: dict[tuple[str, str], Exception]) -> Callable[..., Any]:
    def watched(**given: Any) -> Any:
        try:
            return check.function(**given)
        except Exception as error:
            raised.setdefault(check.key, error)
            raise

    return watched
