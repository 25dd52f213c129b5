"""What everybody was given: the release, to tell a student's own work from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.course.assignment import Assignment
from autograder.files import dotted, files_below, whole
from autograder.intake.archives import ignored
from autograder.intake.kinds import HEAD
from autograder.notebook import raw_cells, source_of, without_mark_scheme


@dataclass(frozen=True)
class GivenCell:
    """A cell of a notebook as it was given out."""

    label: str  # its grade id, or ""
    id: str
    kind: str  # markdown | code | raw
    text: str
    role: str  # task | solution: what a student does there

    @cached_property
    def spaced(self) -> str:
        return spaced(self.text)


@dataclass(frozen=True)
class Given:
    """The release in memory; where there is none, the source notebooks without what solves them."""

    package: dict[str, str]  # "lib/shapes.py" -> text
    notebooks: dict[str, tuple[GivenCell, ...]]
    others: dict[str, str]  # further files: "README.md" -> its fingerprint

    def is_module(self, place: str, data: bytes) -> bool:
        """Whether this is a module of the package as it was given out."""
        return plain(data) == self.package.get(place)

    def lacks_work(self, place: str, package: Mapping[str, bytes]) -> bool:
        """Whether a module of the package is not there, or as it was given out."""
        return place not in package or self.is_module(place, package[place])

    def is_other(self, name: str, print: str) -> bool:
        """Whether this is a further file as it was given out."""
        return self.others.get(PurePosixPath(name).name) == print


@lru_cache(maxsize=8)
def given(assignment: Assignment) -> Given:
    folder = assignment.release_folder
    package: dict[str, str] = {}
    others: dict[str, str] = {}
    for path in files_below(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".py" and name.startswith(f"{assignment.package}/"):
            package[name] = plain(whole(path))
        elif not ignored(name, assignment.course.data_folders):
            others[path.name] = fingerprint(whole(path))
    notebooks = {}
    for notebook in assignment.notebooks:
        released = folder / f"{notebook.name}.ipynb"
        notebooks[notebook.name] = (
            cells_of(released) if released.is_file() else _unsolved(cells_of(notebook.path))
        )
    return Given(package, notebooks, others)


def to_do(assignment: Assignment) -> list[str]:
    """The files of the package in which something is to be written."""
    modules = {dotted(place): place for place in given(assignment).package}
    owners = {
        max((module for module in modules if name.startswith(f"{module}.")), key=len, default="")
        for name in assignment.todo
    }
    return sorted(modules[module] for module in owners - {""})


def cells_of(path: Path) -> tuple[GivenCell, ...]:
    """The cells of a notebook of ours; none where there is no such file."""
    if not path.is_file():
        return ()
    return tuple(_cell(raw) for raw in raw_cells(path))


def _cell(raw: dict[str, Any]) -> GivenCell:
    mark = raw.get("metadata", {}).get("nbgrader", {})
    label = mark.get("grade_id", "")
    text = source_of(raw)
    role = "task" if mark.get("task") else "solution" if mark.get("solution") else ""
    if role == "task":
        text = without_mark_scheme(text)
    return GivenCell(label, str(raw.get("id", "")), raw.get("cell_type", ""), text, role)


def _unsolved(cells: tuple[GivenCell, ...]) -> tuple[GivenCell, ...]:
    """Answers of ours are not what was given, so their text is left out."""
    return tuple(
        replace(c, text="")
        if c.label and c.role != "task" and (c.kind == "markdown" or c.role == "solution")
        else c
        for c in cells
    )


@lru_cache(maxsize=32)  # each module of a hand-in is asked about by many
def plain(data: bytes) -> str:
    """Source as text for comparing: line ends, spaces behind lines and a byte order mark do not count."""
    text = data.decode("utf-8-sig", "replace")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def spaced(text: str) -> str:
    """Text for comparing, however it is spaced."""
    return " ".join(text.split())


@lru_cache(maxsize=32)
def lines_of(cells: tuple[GivenCell, ...]) -> frozenset[str]:
    """The lines of a notebook as it was given out, each as it stands there and as `spaced` has it."""
    lines = [line for cell in cells for line in cell.text.splitlines() if line.strip()]
    return frozenset((*lines, *map(spaced, lines)))


def is_among(lines: frozenset[str], line: str) -> bool:
    """Whether a line is one of `lines_of`, however it is spaced."""
    return line in lines or spaced(line) in lines


def fingerprint(data: bytes) -> str:
    """What tells whether a file begins as another does; line ends do not count in a short one."""
    head = data[:HEAD]
    return hashlib.sha256(plain(head).encode() if len(head) < HEAD else head).hexdigest()
