"""What Jupyter keeps of a file in `.ipynb_checkpoints`: how it was when somebody last saved it by hand.

It is never graded. But where the file itself is missing or is as it was given out, it may be the work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake.archives import CHECKPOINTS, Tree
from autograder.intake.given import given, plain
from autograder.intake.kinds import Other
from autograder.intake.unworked import is_given

MARK = "-checkpoint"
SAVED = "what Jupyter saved"  # as a kind of file


def origin(name: str) -> str:
    """The file that this is a checkpoint of; empty if it is none."""
    path = PurePosixPath(name)
    if path.parent.name != CHECKPOINTS or not path.stem.endswith(MARK):
        return ""
    return (path.parent.parent / (path.stem.removesuffix(MARK) + path.suffix)).as_posix()


def saved(tree: Tree, name: str) -> Other:
    """A checkpoint, to compare. It counts for nothing, so no limit of the hand-in is spent on it."""
    try:
        return Other(SAVED, _digest(tree.read(name)))
    except IntakeError:
        return Other(SAVED)  # like nothing that was given out


def suspects(
    found: Mapping[str, Other],
    package: Mapping[str, bytes],
    notebooks: Mapping[str, bytes],
    assignment: Assignment,
) -> Iterator[str]:
    """The checkpoints that may be the work: of a file that is not there or untouched, and not the same."""
    known = given(assignment)
    for name, other in found.items():
        if other.kind != SAVED:
            continue
        base = PurePosixPath(origin(name)).name
        places = [place for place in known.package if PurePosixPath(place).name == base]
        untouched = [p for p in places if p not in package or plain(package[p]) == known.package[p]]
        if any(other.print != _digest(known.package[p].encode()) for p in untouched):
            yield name
        notebook = base.removesuffix(".ipynb")
        if notebook not in known.notebooks or base == notebook:
            continue
        data = notebooks.get(notebook)
        if data is None or (is_given(notebook, data, known) and other.print != _digest(data)):
            yield name


def _digest(data: bytes) -> str:
    return hashlib.sha256(plain(data).encode()).hexdigest()
