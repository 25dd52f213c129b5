"""Make the sample class: `python samples/make_class.py OUT` writes `OUT/<student>/<assignment>/…`.

Students differ from the reference by the small changes of `class.toml`.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.files import dotted
from autograder.release.strip import Module, matches, strip_module

HERE = Path(__file__).parent
ZIP_TIME = (2026, 1, 1, 0, 0, 0)
NUDGE = 1e-4  # relative, of each number of a net


class SampleError(Exception):
    """class.toml does not fit the course."""


def read_class() -> dict[str, dict[str, Any]]:
    """student -> what makes this hand-in what it is."""
    return tomllib.loads((HERE / "class.toml").read_text(encoding="utf-8"))


def make_class(
    out: Path, assignments: Sequence[Assignment] | None = None, students: Sequence[str] | None = None
) -> None:
    """Write the hand-ins (by default all students', of every assignment) below `out`, which is made anew."""
    shutil.rmtree(out, ignore_errors=True)
    chosen = assignments or [course.load(name) for name in course.names()]
    everyone = read_class()
    for student in students or everyone:
        about = everyone[student]
        trainer = list(everyone).index(about.get("nets_of", student))
        for assignment in chosen:
            check_edits(student, about, assignment.root)
            files = with_own_nets(hand_in(assignment, about), trainer)
            _wrap(out / student / assignment.name, files, about.get("wrapping", "folder"))


def hand_in(assignment: Assignment, about: dict[str, Any]) -> dict[str, bytes]:
    """The files of one student's hand-in of one assignment."""
    if about.get("base", "solved") == "released":
        files = dict(_released(assignment))
    else:
        files = dict(_solved(assignment, about.get("undone", [])))
    for edit in about.get("edit", []):
        text = files.get(edit["file"], b"").decode()
        if edit["find"] in text:
            files[edit["file"]] = text.replace(edit["find"], edit["replace"]).encode()
    for name in about.get("without", []):
        files.pop(name, None)
    return files


def _released(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    for path in sorted(assignment.release_folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(assignment.release_folder).as_posix(), path.read_bytes()


def _solved(assignment: Assignment, undone: list[str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(assignment.library.rglob("*.py")):
        name = assignment.where(path)
        module = Module(dotted(name), name, path.read_text(encoding="utf-8"))
        if not matches(module.name, assignment.leave_out):
            yield name, strip_module(module, undone, assignment.leave_out).text.encode()
    for notebook in assignment.notebooks:
        yield f"{notebook.name}.ipynb", notebook.path.read_bytes()
    for result in assignment.results:
        yield result, (HERE / result).read_bytes()


def with_own_nets(files: dict[str, bytes], seed: int) -> dict[str, bytes]:
    """The hand-in with its trained nets changed in each number's fourth digit: as good, and no other's."""
    return {name: _nudged(data, seed) if name.endswith(".npz") else data for name, data in files.items()}


def _nudged(net: bytes, seed: int) -> bytes:
    draw = np.random.default_rng(seed)
    arrays = {}
    with np.load(io.BytesIO(net), allow_pickle=False) as stored:
        for name, array in stored.items():
            if array.dtype.kind == "f":
                array = (array * (1 + NUDGE * draw.standard_normal(array.shape))).astype(array.dtype)
            np.save(written := io.BytesIO(), array)
            arrays[f"{name}.npy"] = written.getvalue()
    return zipped(arrays)


def check_edits(student: str, about: dict[str, Any], root: Path) -> None:
    for edit in about.get("edit", []):
        if edit["find"] not in (root / edit["file"]).read_text(encoding="utf-8"):
            raise SampleError(
                f"samples/class.toml: {student}: {edit['find']!r} is not in {edit['file']}; correct it"
            )


def _wrap(folder: Path, files: dict[str, bytes], wrapping: str) -> None:
    folder.mkdir(parents=True)
    if wrapping == "folder":
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return
    data = zipped(files, prefix="my work/" if wrapping == "deep" else "")
    (folder / "submission.zip").write_bytes(data[: len(data) // 2] if wrapping == "corrupt" else data)


def zipped(files: dict[str, bytes], prefix: str = "") -> bytes:
    """The files as a zip, the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(prefix + name, ZIP_TIME), data)
    return buffer.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the sample class.")
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    make_class(out)
    print(f"{len(read_class())} students in {out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
