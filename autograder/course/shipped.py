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
        if not any(path.is_relative_to(folder) for folder in apart) and not (
            own and own.is_of_students(path)
        ):
            yield path


def files_to_grade(assignment: Assignment) -> Iterator[Path]:
    """Notebooks and package as they were given out are among them. What is of students is not, wherever it
    lies: neither the class list nor a hand-in, nor the answers that are kept beside rubrics."""
    own = assignment.course
    yield own.settings
    yield from (own.settings_of(name) for name in own.assignments)
    yield from (notebook.path for notebook in assignment.notebooks)
    yield from sorted(own.rubrics.glob("*.toml"))
    yield from files_below(assignment.library, "*.py")
    for folder in (own.graders, assignment.release_folder):
        yield from (path for path in files_below(folder) if not own.is_of_students(path))
