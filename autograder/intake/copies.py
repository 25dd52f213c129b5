"""Of several files for one place, and of several hand-ins in one, those that count.

What was given out and not worked on never counts against work, and what is equal is one. A whole hand-in is
chosen, not its best parts. Where more than one remains, the choice is made by name and depth, so that it is
the same every time, and a person is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake.changed_names import is_backup, newest_first
from autograder.intake.given import Given, plain
from autograder.intake.notebook_files import is_as_given, parsed
from autograder.safe_text import listed

SHOWN = 8  # names of files, in one sentence


@dataclass(frozen=True)
class Found:
    """A file that may stand for a place of the assignment."""

    place: str  # "lib/shapes.py", "areas.ipynb", "results/areas.npz"
    path: str  # in the hand-in
    data: bytes = field(repr=False)
    root: str  # the folder that the hand-in it belongs to begins at
    exact: bool  # it has the name that it should have
    other_name: str = ""  # of the package, where it has one
    by: str = "by its name"  # how it was recognised, if it has another name
    doubt: str = ""  # why a person confirms that it is this file

    @property
    def whole(self) -> str:
        """The hand-in it belongs to: two packages side by side are two."""
        return f"{self.root}/{self.other_name}".strip("/") if self.other_name else self.root


def folder_of(path: str) -> str:
    """The folder that a file lies in; empty at the top."""
    parent = PurePosixPath(path).parent.as_posix()
    return "" if parent == "." else parent


@dataclass
class Taken:
    """What counts."""

    files: dict[str, Found] = field(default_factory=dict)  # place -> file
    spares: list[tuple[str, str, bytes]] = field(default_factory=list)  # notebook, path, content
    noted: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)  # place -> why a person is asked

    @property
    def used(self) -> set[str]:
        return {f.path for f in self.files.values()}

    @property
    def roots(self) -> list[str]:
        return sorted({f.root for f in self.files.values()}, key=lambda r: (r.count("/"), r))

    def of(self, ending: str) -> dict[str, bytes]:
        return {place: f.data for place, f in self.files.items() if place.endswith(ending)}


def choose(found: Sequence[Found], given: Given, assignment: Assignment) -> Taken:
    taken = Taken()
    by_root: dict[str, dict[str, list[Found]]] = {}
    for file in found:
        by_root.setdefault(file.whole, {}).setdefault(file.place, []).append(file)
    wholes = {root: _one_each(places, given, taken) for root, places in by_root.items()}
    worked_on = {root: any(not _is_given(f, given) for f in files) for root, files in wholes.items()}
    order = sorted(wholes, key=lambda r: _rank(r, wholes[r], worked_on[r]))
    for root in order:
        files = wholes[root]
        against = [f for f in files if f.place in taken.files and not _equal(f, taken.files[f.place])]
        if not against:
            for file in files:
                if file.place in taken.files:
                    taken.noted += [f"{file.path} is the same as {taken.files[file.place].path}"]
                else:
                    taken.files[file.place] = file
        else:
            _leave(root, files, against, worked_on[root], taken)
    _tell_names(taken, assignment)
    for place, kept in taken.files.items():
        if kept.doubt:
            taken.doubts.setdefault(place, kept.doubt)
    return taken


def _rank(root: str, files: Sequence[Found], worked_on: bool) -> tuple[object, ...]:
    """The one worked on first, then the most complete, then the highest in the folders or the latest."""
    other = any(f.other_name for f in files)
    parts = {"package" if f.place.endswith(".py") else f.place for f in files}
    depth = root.count("/") if root else -1
    return (not worked_on, other, -len(parts), depth, newest_first(root), root)


def _one_each(places: Mapping[str, list[Found]], given: Given, taken: Taken) -> list[Found]:
    """One file for each place below one root."""
    chosen = []
    for place, files in sorted(places.items()):
        first, *others = sorted(
            files,
            key=lambda f: (is_backup(f.path), _is_given(f, given), not f.exact, newest_first(f.path), f.path),
        )
        chosen.append(first)
        for other in others:
            if _equal(first, other):
                taken.noted.append(f"{other.path} is the same as {first.path}")
            elif _is_given(other, given):
                taken.noted.append(f"{other.path} is not used: as it was given out; took {first.path}")
            elif is_backup(other.path) and not is_backup(first.path):
                taken.noted.append(f"{other.path} is not used: an older version of {first.path}, by its name")
            else:
                _ask(first, other, taken)
        if is_backup(first.path):
            why = f"{first.path} is an older version by its name, and no newer one was handed in"
            taken.doubts.setdefault(place, why)
    return chosen


def _ask(first: Found, other: Found, taken: Taken) -> None:
    """Two versions of one file that differ."""
    taken.noted.append(f"{other.path} differs from {first.path}; took {first.path}, and a person is asked")
    if first.place.endswith(".ipynb"):  # its answers are compared one by one
        taken.spares.append((first.place.removesuffix(".ipynb"), other.path, other.data))
    else:
        taken.doubts.setdefault(
            first.place, f"two versions of {first.place} were handed in: {first.path} and {other.path}"
        )


def _leave(
    root: str, files: Sequence[Found], against: Sequence[Found], worked_on: bool, taken: Taken
) -> None:
    """A second hand-in in the same: named, and asked about unless nobody worked on it."""
    where = f"{root}/" if root else "the top folder"
    if not worked_on:
        taken.noted.append(f"{where} is not used: as it was given out")
        return
    for file in against:
        _ask(taken.files[file.place], file, taken)
    rest = [f for f in files if f not in against]
    for file in rest:
        if file.place not in taken.files:
            taken.doubts.setdefault(file.place, f"{file.place} is only in {where}, which is another version")
            if file.place.endswith(".ipynb"):
                taken.spares.append((file.place.removesuffix(".ipynb"), file.path, file.data))
    if rest:
        names = listed((f.path for f in rest), SHOWN)
        taken.noted.append(f"not used, since {where} is another version: {names}")


def _tell_names(taken: Taken, assignment: Assignment) -> None:
    other = {f.other_name for f in taken.files.values()} - {""}
    for name in sorted(other):
        taken.noted.append(f"the package is called {name}; graded as {assignment.package}")
    for place, file in sorted(taken.files.items()):
        if not file.exact:
            taken.noted.append(f"{file.path} is taken as {place}, {file.by}")


def _equal(one: Found, other: Found) -> bool:
    if one.data == other.data:
        return True
    if one.place.endswith(".py"):
        return plain(one.data) == plain(other.data)
    if not one.place.endswith(".ipynb"):
        return False
    try:
        return _texts(one) == _texts(other)
    except IntakeError:  # one of them cannot be read
        return False


def _is_given(file: Found, given: Given) -> bool:
    """Whether this is as it was given out; a trained model never is, and nor is a module of one's own."""
    if file.place.endswith(".py"):
        return given.is_module(file.place, file.data)
    return file.place.endswith(".ipynb") and is_as_given(_notebook(file), file.data, given)


def _notebook(file: Found) -> str:
    return file.place.removesuffix(".ipynb")


def _texts(file: Found) -> list[str]:
    """What stands in the cells of a notebook, without outputs and metadata."""
    return [cell.spaced for cell in parsed(_notebook(file), file.data)]
