"""What a result depends on, as hashes: the hand-in, all that decides points, what the code runs on."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np

from autograder.course.assignment import Assignment
from autograder.files import contents_below, files_below
from autograder.intake import Submission
from autograder.records.record import Hashes

ENGINE = Path(__file__).parents[1]
# Whole rooms, and ground files: a change in any of them can change points.
DECIDING = (
    *("answers", "checks", "course", "intake", "judge", "records", "sandbox"),
    *("__init__.py", "bounded.py", "errors.py", "files.py", "notebook.py", "safe_text.py"),
    *("inherited.py", "toml_table.py"),
)


EQUIVALENTS, RIGHT = "equivalents.toml", "right"  # beside graders: what proves them, and decides no points


@cache
def graders_digest(assignment: Assignment) -> str:
    """Hash of all that decides points: graders, expected arrays, rubric, settings, points, and the files
    that stand in for what a student did not hand in."""
    cells = [(c.grade_id, c.points, c.kind) for c in assignment.grade_cells]
    total = hashlib.sha256(repr((cells, assignment.package, _versions(assignment.course.packages))).encode())
    for name, data in _deciding(assignment):
        total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def _versions(packages: Iterable[str]) -> list[tuple[str, list[str]]]:
    """What student code may import: other versions may give other results."""
    owners = metadata.packages_distributions() if packages else {}
    return [
        (name, [metadata.version(owner) for owner in owners.get(name.partition(".")[0], ())])
        for name in packages
    ]


def _deciding(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    """Files that decide points. Graders of other assignments do not: theirs lie in folders of their own."""
    course = assignment.course
    for path in files_below(course.graders):
        name = path.relative_to(course.graders)
        proves = path.name == EQUIVALENTS or RIGHT in name.parts
        if name.parts[0] not in assignment.others and not proves:
            yield name.as_posix(), path.read_bytes()
    rubrics = sorted(course.rubrics.glob("*.toml"))  # all: one may refer to another
    for path in (assignment.settings, *rubrics):
        if path.exists():
            yield path.name, path.read_bytes()
    yield from _released(assignment.release_folder, assignment.package).items()
    yield from solved_files(assignment.library).items()


def environment() -> tuple[str, ...]:
    """What the student's code runs on, in words."""
    return (
        f"Python {platform.python_version()}",
        f"NumPy {np.__version__}",
        f"{platform.system()} on {platform.machine()}",
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


def with_given_files(assignment: Assignment, submission: Submission) -> dict[str, bytes]:
    """The student's package, with files they did not hand in taken from the release as it was given out."""
    return {**_released(assignment.release_folder, assignment.package), **submission.package}
