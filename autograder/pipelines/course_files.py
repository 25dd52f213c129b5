"""Of a course, the files that grading one assignment needs; no student's among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.course import FILE
from autograder.errors import CourseError
from autograder.files import files_below, text_of, whole
from autograder.toml_table import SETTINGS, parsed

ROSTER = re.compile(r"^\s*roster\s*=.*\n?", re.MULTILINE)


def course_files(assignment: Assignment) -> dict[str, bytes]:
    """Name below the course's root -> content.

    Raises:
        CourseError: the release is not built, or the roster's line cannot be left out.
    """
    if not (assignment.release_folder / assignment.package).is_dir():
        raise CourseError(
            f"release/{assignment.name}: expected the release, found none; run autograder release first"
        )
    root = assignment.root
    files = {path.relative_to(root).as_posix(): whole(path) for path in _needed(assignment)}
    files[FILE] = _without_roster(assignment).encode()
    return files


def _needed(assignment: Assignment) -> Iterator[Path]:
    course = assignment.course
    for name in course.assignments:
        yield course.root / "source" / name / SETTINGS
    yield from (notebook.path for notebook in assignment.notebooks)
    for folder in (course.graders, course.rubrics, assignment.library, assignment.release_folder):
        for path in files_below(folder):
            if "__pycache__" not in path.parts:
                yield path


def _without_roster(assignment: Assignment) -> str:
    """`course.toml` without the class list, which says who the students are and stays here."""
    text = ROSTER.sub("", text_of(assignment.course.settings))
    with suppress(CourseError):  # half of a value that went over several lines is left
        if "roster" not in parsed(text, FILE, CourseError):
            return text
    raise CourseError(f'{FILE}: roster: expected one line, roster = "FILE", got another form; write it so')
