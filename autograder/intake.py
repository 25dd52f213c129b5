"""Submissions in, whatever their wrapping.

`find` lists who handed in what, cheaply. `read` brings one hand-in into memory as a `Submission`:
the package's files, the notebooks and the trained models, each under the name the assignment gives
it, wherever in the hand-in they lay. Nothing is ever unpacked to disk, and nothing is dropped
silently: whatever is unusual is a sentence in `Submission.problems`.
"""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.course import Assignment

MAX_FILE_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 192 * 2**20
MAX_FILES = 4000

# What operating systems, editors and Jupyter leave behind, and the data set, which we have ourselves.
IGNORED_FOLDERS = {
    "__pycache__",
    ".ipynb_checkpoints",
    "__MACOSX",
    ".git",
    ".venv",
    "datasets",
    "node_modules",
}
WANTED_SUFFIXES = {".py", ".ipynb", ".npz"}


class IntakeError(Exception):
    """A hand-in, or a folder of them, that cannot be read."""


@dataclass(frozen=True)
class Source:
    """Where one student's hand-in lies: a folder or a zip."""

    student: str
    path: Path


@dataclass(frozen=True)
class Submission:
    """One hand-in in memory. Paths are those of the assignment, not of the wrapping."""

    student: str
    package: dict[str, bytes] = field(default_factory=dict)  # "cs_lib/layers.py" -> text
    notebooks: dict[str, bytes] = field(default_factory=dict)  # "two_layer_net" -> JSON
    results: dict[str, bytes] = field(default_factory=dict)  # "results/conv_net.npz" -> bytes
    problems: tuple[str, ...] = ()
    unreadable: str = ""  # why nothing could be read at all

    def digest(self) -> str:
        total = hashlib.sha256()
        for kind in (self.package, self.notebooks, self.results):
            for name, data in sorted(kind.items()):
                total.update(f"{name}\0{len(data)}\0".encode() + data)
        return total.hexdigest()


def find(folder: Path, assignment: str) -> list[Source]:
    """Every student's hand-in below `folder`, by student.

    `<student>/<assignment>/…`, `<student>/…`, and zips of either (`<student>.zip`,
    `<student>/<anything>.zip`).
    """
    if not folder.is_dir():
        raise IntakeError(
            f"{folder}: no such folder; give the folder that holds one folder or zip per student"
        )
    sources: dict[str, Source] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in IGNORED_FOLDERS:
            continue
        if entry.is_dir() or entry.suffix.lower() == ".zip":
            student = entry.name if entry.is_dir() else entry.stem
            if student in sources:
                raise IntakeError(f"{folder}: both {student}/ and {student}.zip; keep the one that counts")
            sources[student] = Source(student, _inner(entry, assignment))
    if not sources:
        raise IntakeError(
            f"{folder}: holds no student folders and no zips; expected <student>/… or <student>.zip"
        )
    return list(sources.values())


def _inner(entry: Path, assignment: str) -> Path:
    """The folder or zip inside a student's folder that holds the assignment."""
    if not entry.is_dir():
        return entry
    if (entry / assignment).is_dir():
        entry = entry / assignment
    visible = [p for p in entry.iterdir() if not p.name.startswith(".") and p.name != "timestamp.txt"]
    zips = [p for p in visible if p.suffix.lower() == ".zip"]
    return zips[0] if len(zips) == 1 and len(visible) == 1 else entry


def read(source: Source, assignment: Assignment) -> Submission:
    """One hand-in as a `Submission`. An unreadable one comes back empty, with the reason in `unreadable`."""
    try:
        walk = _from_zip(source.path) if source.path.is_file() else _from_folder(source.path)
        files = _bounded(walk)
    except IntakeError as error:
        return Submission(source.student, unreadable=str(error))
    return arrange(source.student, files, assignment)


def _bounded(walk: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for name, data in walk:
        total += len(data)
        if total > MAX_TOTAL_BYTES or len(files) >= MAX_FILES:
            limit = f"{MAX_TOTAL_BYTES // 2**20} MB or {MAX_FILES} files"
            raise IntakeError(
                f"the hand-in is larger than {limit}; hand in notebooks, cs_lib and results only"
            )
        files[name] = data
    return files


def _wanted(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in WANTED_SUFFIXES and not IGNORED_FOLDERS & set(path.parts[:-1])


def _from_folder(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not _wanted(name) or not stat.S_ISREG(path.lstat().st_mode):
            continue
        if not path.resolve().is_relative_to(root.resolve()):
            raise IntakeError(f"{name}: leads outside the hand-in through a link; hand in the file itself")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise IntakeError(f"{name}: larger than {MAX_FILE_BYTES // 2**20} MB")
        yield name, path.read_bytes()


def _from_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                _refuse_unsafe(path.name, info)
                if not info.is_dir() and _wanted(info.filename):
                    yield info.filename, _read_member(path.name, archive, info)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise IntakeError(f"{path.name}: not a readable zip ({error}); ask for it again") from None


def _refuse_unsafe(archive: str, info: zipfile.ZipInfo) -> None:
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if ".." in parts or info.filename.startswith(("/", "\\")) or (parts and parts[0].endswith(":")):
        raise IntakeError(
            f"{archive}: unsafe, the entry {info.filename!r} points outside the zip; refused whole"
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise IntakeError(f"{archive}: unsafe, the entry {info.filename!r} is a symbolic link; refused whole")


def _read_member(archive: str, opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """One entry, never more than the cap: the size a zip states about itself is not believed."""
    with opened.open(info) as member:
        data = member.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise IntakeError(
            f"{archive}: {info.filename!r} unpacks to more than {MAX_FILE_BYTES // 2**20} MB; refused"
        )
    return data


def arrange(student: str, files: dict[str, bytes], assignment: Assignment) -> Submission:
    """Give every file the place the assignment has for it; say what is missing or was found elsewhere."""
    problems: list[str] = []
    package = _package(files, assignment.package, problems)
    notebooks: dict[str, bytes] = {}
    for notebook in assignment.notebooks:
        data = _by_name(files, f"{notebook.name}.ipynb", problems)
        if data is None:
            problems.append(f"{notebook.name}.ipynb is missing; its inline questions earn nothing")
        else:
            notebooks[notebook.name] = data
    results = {
        name: data for name in assignment.results if (data := _by_name(files, name, problems)) is not None
    }
    return Submission(student, package, notebooks, results, tuple(problems))


def _package(files: dict[str, bytes], package: str, problems: list[str]) -> dict[str, bytes]:
    roots = {
        PurePosixPath(*p.parts[: p.parts.index(package)])
        for p in map(PurePosixPath, files)
        if package in p.parts[:-1]
    }
    if not roots:
        problems.append(f"no {package}/ folder; every function in it counts as not handed in")
        return {}
    root = min(roots, key=lambda r: (len(r.parts), str(r)))
    if len(roots) > 1:
        problems.append(f"{len(roots)} {package}/ folders; graded the one in {str(root)!r}")
    prefix = "" if root == PurePosixPath() else f"{root}/"
    inside = f"{prefix}{package}/"
    return {
        n.removeprefix(prefix): data
        for n, data in files.items()
        if n.startswith(inside) and n.endswith(".py")
    }


def _by_name(files: dict[str, bytes], wanted: str, problems: list[str]) -> bytes | None:
    """The file at `wanted`, or the one of that name nearest to the top."""
    if wanted in files:
        return files[wanted]
    base = PurePosixPath(wanted).name
    found = sorted((n for n in files if PurePosixPath(n).name == base), key=lambda n: (n.count("/"), n))
    if not found:
        return None
    if len(found) > 1:
        problems.append(f"{len(found)} files called {base}; took {found[0]}")
    return files[found[0]]


def read_cells(name: str, data: bytes) -> list[dict]:
    """The cells of a handed-in notebook. Raises IntakeError for what is not a notebook."""
    try:
        cells = json.loads(data)["cells"]
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise TypeError("cells is not a list of cells")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntakeError(
            f"{name}.ipynb: not a readable notebook ({type(error).__name__}: {error})"
        ) from None
    return cells


def answers(name: str, data: bytes) -> dict[str, str]:
    """grade_id -> text of every nbgrader cell of a handed-in notebook.

    Of a cell that a student duplicated, the last copy with something written in it counts.
    """
    found: dict[str, str] = {}
    for cell in read_cells(name, data):
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        source = cell.get("source", "")
        text = "".join(s for s in source if isinstance(s, str)) if isinstance(source, list) else str(source)
        if isinstance(grade_id, str) and (not is_placeholder(text) or grade_id not in found):
            found[grade_id] = text
    return found


def is_placeholder(answer: str) -> bool:
    """Whether this is the empty answer cell of the release."""
    return answer.strip().strip("*_.").lower() in ("", "your answer here")
