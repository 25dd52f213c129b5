"""What `autograder init`, `autograder new` and `autograder try` print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.authoring import new as authoring
from autograder.authoring import trial
from autograder.authoring.trial import Tried
from autograder.cli.terminal import Terminal
from autograder.course import course as courses
from autograder.course.course import Course
from autograder.release import build
from autograder.sandbox.level import Level


def init(folder: Path, title: str, package: str, assignment: str) -> None:
    made = authoring.init(folder, title, package, assignment)
    print(build.build(assignment, made.root))
    print(f"{folder} is a course; next: cd {folder}, then autograder verify")


def new(assignment: str) -> None:
    course = courses.find()
    _listed(authoring.new(course, assignment))
    print(build.build(assignment, course.root))
    print(f"next: autograder verify {assignment}")


def try_(grader: str, which: str, models: Path | None, level: Level) -> bool:
    """Run graders and show what each case came to; whether all passed."""
    course = courses.find()
    assignment, wanted = trial.find(course, grader)
    submission = trial.hand_in(assignment, which, models)
    tried = list(trial.run(assignment, wanted, submission, level))
    for one in tried:
        _show(one, course)
    passed = sum(one.case.outcome == "passed" for one in tried)
    print(f"{passed} of {len(tried)} cases passed on the {submission.student} of {assignment.name}")
    return passed == len(tried)


def _show(one: Tried, course: Course) -> None:
    console = Terminal()
    head = f"{one.case.outcome:<8}{one.check.grade_id}: {one.case.id}"
    console.print(f"{head}  ({one.case.kind}, {one.case.seconds:.3f} s)", highlight=False, soft_wrap=True)
    if one.case.outcome == "passed":
        return
    lines = [one.case.message, one.case.hint and f"hint: {one.case.hint}", one.line(course)]
    for text in filter(None, lines):
        console.print(_indented(text), highlight=False, soft_wrap=True)
    if one.case.outcome == "error":
        console.print(_indented(one.trace()), highlight=False, soft_wrap=True)


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.rstrip().splitlines())


def _listed(paths: Iterable[str]) -> None:
    for path in paths:
        print(f"  {path}")
