"""What grading elsewhere needs: the engine, and of a course the files of one assignment; no student's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.course import course
from autograder.course.assignment import Assignment
from autograder.files import files_below


def engine_files(home: Path) -> Iterator[Path]:
    """In a checkout, a course may keep its graders among the engine's files: those go with a course."""
    own = course.read(home) if (home / course.FILE).is_file() else None
    apart = (own.graders, own.rubrics) if own else ()
    for path in files_below(home / "autograder"):
        if not any(path.is_relative_to(folder) for folder in apart):
            yield path


def files_to_grade(assignment: Assignment) -> Iterator[Path]:
    """All but the class list; notebooks and package as they were given out are among them."""
    own = assignment.course
    yield own.settings
    yield from (own.settings_of(name) for name in own.assignments)
    yield from (notebook.path for notebook in assignment.notebooks)
    for folder in (own.graders, own.rubrics, assignment.library, assignment.release_folder):
        yield from files_below(folder)
