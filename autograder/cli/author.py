"""What `autograder init` and `autograder new` print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.authoring import new as authoring
from autograder.course import course as courses
from autograder.release import build


def init(folder: Path, title: str, package: str, assignment: str) -> None:
    made = authoring.init(folder, title, package, assignment)
    print(build.build(assignment, made.root))
    print(f"{folder} is a course; next: cd {folder}, then autograder verify")


def new(assignment: str) -> None:
    course = courses.find()
    _listed(authoring.new(course, assignment))
    print(build.build(assignment, course.root))
    print(f"next: autograder verify {assignment}")


def _listed(paths: Iterable[str]) -> None:
    for path in paths:
        print(f"  {path}")
