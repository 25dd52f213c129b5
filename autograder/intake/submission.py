"""One hand-in in memory.

`find` lists who handed in what, cheaply. `read` brings one hand-in into memory as a `Submission`: the
package's files, the notebooks and the trained models, each under the name the assignment gives it. Nothing
is dropped silently: whatever is unusual is a sentence in `Submission.problems`.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.policy import utc
from autograder.errors import IntakeError
from autograder.intake import archives
from autograder.intake.archives import (
    IGNORED_FOLDERS,
    Budget,
    Tree,
    ignored,
    is_archive,
    is_foreign,
    odd,
    open_archive,
    open_tree,
    stem,
)
from autograder.intake.arrange import arranged
from autograder.safe_text import shown

WANTED_SUFFIXES = {".py", ".ipynb", ".npz"}
STAMP = "timestamp.txt"  # nbgrader's: when this was handed in
ABOUT = "collected.json"  # ours: what `autograder collect` knows besides


@dataclass(frozen=True)
class Source:
    """Where one student's hand-in lies: a folder or an archive."""

    student: str
    path: Path
    aliases: tuple[str, ...] = ()  # other names of the package, beside those of the assignment


@dataclass(frozen=True)
class Submission:
    """One hand-in in memory. Paths are those of the assignment, not of the wrapping."""

    student: str
    package: dict[str, bytes] = field(default_factory=dict)  # "cs_lib/layers.py" -> text
    notebooks: dict[str, bytes] = field(default_factory=dict)  # "two_layer_net" -> JSON
    results: dict[str, bytes] = field(default_factory=dict)  # "results/conv_net.npz" -> bytes
    problems: tuple[str, ...] = ()
    unreadable: str = ""  # why nothing could be read at all
    handed_in: str = ""  # ISO 8601 in UTC; empty if nobody knows
    extension_days: float = 0.0
    aliases: tuple[str, ...] = ()  # under which the package's own imports find it, with the bridge on

    def digest(self) -> str:
        """Hash of what the record depends on. The time counts, for it is in the record."""
        total = hashlib.sha256()
        for kind in (self.package, self.notebooks, self.results):
            for name, data in sorted(kind.items()):
                total.update(f"{name}\0{len(data)}\0".encode() + data)
        total.update(json.dumps([self.handed_in, self.extension_days, self.aliases]).encode())
        return total.hexdigest()


def find(folder: Path, assignment: str, aliases: tuple[str, ...] = ()) -> list[Source]:
    """Every student's hand-in below `folder`, by student.

    `<student>/<assignment>/…`, `<student>/…`, and archives of either (`<student>.zip`,
    `<student>/<anything>.zip`). A student who handed in other assignments only is left out.
    """
    if not folder.is_dir():
        raise IntakeError(
            f"{folder}: no such folder; give the folder that holds one folder or zip per student"
        )
    sources: dict[str, Source] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in IGNORED_FOLDERS:
            continue
        if entry.is_dir() or is_archive(entry.name):
            student = entry.name if entry.is_dir() else stem(entry.name)
            if why := odd(entry.name):
                raise IntakeError(f"{folder}: {entry.name!r}: {why}; rename it, or collect the hand-ins")
            if student in sources:
                raise IntakeError(
                    f"{folder}: both {student}/ and {entry.name}; keep the one that counts, "
                    "or let `autograder collect` choose"
                )
            inner = entry / assignment
            if not inner.is_dir() and _is_for_others(entry, assignment):
                continue
            sources[student] = Source(student, inner if inner.is_dir() else entry, aliases)
    if not sources:
        raise IntakeError(
            f"{folder}: holds no student folders and no zips; expected <student>/… or <student>.zip"
        )
    return list(sources.values())


def _is_for_others(entry: Path, assignment: str) -> bool:
    """Whether a student's folder holds folders of other assignments, and nothing besides."""
    if not entry.is_dir():
        return False
    inside = {p.name for p in entry.iterdir() if not p.name.startswith(".")}
    return bool(inside) and inside <= set(course.names()) - {assignment}


def read(source: Source, assignment: Assignment) -> Submission:
    """One hand-in as a `Submission`. An unreadable one comes back empty, with the reason in `unreadable`."""
    student, aliases = source.student, source.aliases or assignment.intake.package_aliases
    try:
        about = _about(source.path)
        handed_in = stamp(source.path)
        when = handed_in.isoformat() if handed_in else ""
        extension = float(about.get("extension_days", 0.0))
        known = tuple(str(p) for p in about.get("problems", ()))
        if about.get("unreadable"):
            raise IntakeError(str(about["unreadable"]))
        files, told = read_files(open_tree(source.path))
    except IntakeError as error:
        return Submission(student, unreadable=shown(str(error)))
    late = assignment.late.told(handed_in, extension)
    found = arrange(student, files, assignment, aliases)
    problems = (*([late] if late else []), *known, *told, *found.problems)
    return replace(found, problems=tuple(dict.fromkeys(problems)), handed_in=when, extension_days=extension)


def arrange(
    student: str, files: dict[str, bytes], assignment: Assignment, aliases: tuple[str, ...] = ()
) -> Submission:
    """Files under the names the hand-in gave them, as a `Submission`."""
    found = arranged(files, assignment, aliases)
    return Submission(student, found.package, found.notebooks, found.results, found.problems, aliases=aliases)


def stamp(folder: Path) -> datetime | None:
    """When this was handed in, from the file nbgrader keeps beside it. An empty one tells nothing.

    Raises:
        IntakeError: it holds something else than a time.
    """
    path = folder / STAMP
    if not folder.is_dir() or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace").strip()[:100]
    if not text:
        return None
    try:
        return utc(datetime.fromisoformat(text.removesuffix(" UTC")))
    except ValueError:
        raise IntakeError(f"{STAMP}: expected a time such as 2026-02-01 12:00:00 UTC, got {text!r}") from None


def _about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    if not folder.is_dir() or not path.is_file():
        return {}
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(about, dict) or not isinstance(about.get("problems", []), list):
            raise TypeError("not what `autograder collect` writes")
        float(about.get("extension_days", 0.0))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise IntakeError(f"{ABOUT}: cannot be read ({error}); collect again") from None
    return about


def wanted(name: str) -> bool:
    """Whether a file may be part of a hand-in."""
    return PurePosixPath(name).suffix.lower() in WANTED_SUFFIXES and not ignored(name)


def read_files(tree: Tree) -> tuple[dict[str, bytes], list[str]]:
    """All wanted files of a hand-in, also those in archives one level down; and what was unusual."""
    budget, files, told = Budget(), dict[str, bytes](), list[str]()
    for name in tree.names():
        if wanted(name):
            files[name] = budget.spend(tree.read(name))
        elif is_archive(name) and not ignored(name):
            inner = open_archive(io.BytesIO(tree.read(name, archives.MAX_TOTAL_BYTES)), name)
            within = [n for n in inner.names() if wanted(n)]
            files |= {f"{stem(name)}/{n}": budget.spend(inner.read(n)) for n in within}
            deeper = [n for n in inner.names() if is_archive(n) and not ignored(n)]
            told += [*inner.told, *(f"{n}, inside {name}, is an archive too deep to open" for n in deeper)]
        elif is_foreign(name) and not ignored(name):
            told.append(f"{name} is not used: not a zip; ask for it again as one")
    return files, [shown(what) for what in (*tree.told, *told)]
