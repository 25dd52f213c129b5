"""What a result depends on, as hashes: the hand-in, all that decides points, what the code runs on."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.files import contents_below, files_below
from autograder.intake import Submission
from autograder.intake.given import given
from autograder.judge import imported
from autograder.records.record import Hashes

ENGINE = Path(__file__).parents[1]
# Whole rooms, and ground files: a change in any of them can change points.
DECIDING = (
    *("answers", "checks", "course", "intake", "judge", "records", "sandbox"),
    *("__init__.py", "bounded.py", "errors.py", "files.py", "notebook.py", "safe_text.py"),
    *("inherited.py", "toml_table.py"),
)


# By the names they are imported by. tests/test_digests.py compares them with what deciding code imports.
LIBRARIES = ("msgpack", "msgspec", "nbformat", "numpy", "pyseccomp", "pytest", "rapidfuzz", "snowballstemmer")
EQUIVALENTS = "equivalents.toml"  # beside graders: what proves them, and decides no points


@cache
def graders_digest(assignment: Assignment) -> str:
    """Hash of all that decides points: graders and what they import, expected arrays, rubric, questions,
    settings, points, and the files that stand in for what a student did not hand in. What else is read of
    the release and the source decides how a hand-in is read, and shows in the hand-in's own hash."""
    cells = [(c.grade_id, c.points, c.kind, c.manual, c.notebook) for c in assignment.grade_cells]
    asked = [(question.grade_id, question.asked) for question in assignment.questions]
    functions = [notebook.name for notebook in assignment.notebooks if notebook.has_functions]
    about = (cells, asked, functions, assignment.package, assignment.course.packages, libraries(assignment))
    total = hashlib.sha256(repr(about).encode("utf-8", "surrogatepass"))
    for name, data in _deciding(assignment):
        total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def libraries(assignment: Assignment) -> tuple[str, ...]:
    """What student code may import and what graders do: other versions may give other results."""
    return imported.libraries(assignment, LIBRARIES)


def _deciding(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    """Files that decide points. Graders of other assignments do not: theirs lie in folders of their own."""
    course, own = assignment.course, assignment.graders
    proving = own / imported.RIGHT, own / EQUIVALENTS
    for path in files_below(course.graders):
        name = path.relative_to(course.graders)
        proves = any(path.is_relative_to(place) for place in proving)
        if name.parts[0] not in assignment.others and not proves and not course.is_of_students(path):
            yield name.as_posix(), path.read_bytes()
    rubrics = sorted(course.rubrics.glob("*.toml"))  # all: one may refer to another
    for path in (assignment.settings, *rubrics):
        if path.exists():
            yield path.name, path.read_bytes()
    yield from _released(assignment.release_folder, assignment.package).items()
    yield from solved_files(assignment.library).items()


def environment() -> tuple[str, ...]:
    """What hand-ins are graded on, in words."""
    return (
        f"Python {platform.python_version()}",
        f"{platform.system()} on {platform.machine()}",
        *(f"{name} {imported.version(name)}" for name in LIBRARIES),
    )


@cache
def environment_digest() -> str:
    """Hash of what the student's code runs on: the machine's side, and this kit's judge and sandbox."""
    total = hashlib.sha256(repr(environment()).encode())
    for path in deciding_code():
        total.update(path.relative_to(ENGINE).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


def deciding_code() -> list[Path]:
    """The engine's own files that decide points."""
    chosen = [ENGINE / name for name in DECIDING]
    return sorted(path for place in chosen for path in (files_below(place) if place.is_dir() else [place]))


def hashes(assignment: Assignment, submission: Submission) -> Hashes:
    return Hashes(submission.digest(), graders_digest(assignment), environment_digest())


@cache
def _released(folder: Path, package: str) -> dict[str, bytes]:
    return contents_below(folder / package, folder, "*.py")


@cache
def solved_files(library: Path) -> dict[str, bytes]:
    """The solved package, which answers what the tested functions build on."""
    return contents_below(library, library.parent, "*.py")


def forget() -> None:
    """Have the course's files read anew, in a process that outlives a change of them."""
    for kept in (graders_digest, _released, solved_files, given):
        kept.cache_clear()


def with_given_files(assignment: Assignment, submission: Submission) -> dict[str, bytes]:
    """The student's package, with files they did not hand in taken from the release as it was given out."""
    return {**_released(assignment.release_folder, assignment.package), **submission.package}
