"""A student's folder of an assignment, without what is large, and the program `work.py` in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autograder.course import assignment as course
from autograder.release.package import skeleton, solved
from autograder.release.student_tool import WORK, work_text

ROOT = Path(__file__).parents[2]
# Results of checks by the text of all that decides them, as work.py keeps them: what one test has run is not
# run again by the next.
KNOWN: dict[str, list[str]] = {}


@cache
def texts(name: str) -> tuple[dict[str, str], dict[str, str], str]:
    """The library as given out, solved, and work.py."""
    assignment = course.load(name, ROOT)
    given = skeleton(assignment).files
    return given, solved(assignment), work_text(assignment, given)


@dataclass(frozen=True)
class Ran:
    code: int
    text: str  # on stdout

    def line(self, word: str) -> str:
        """The first line with this word; all spaces are made one."""
        lines = [" ".join(line.split()) for line in self.text.splitlines()]
        return next((line for line in lines if word in line), "")


@dataclass(frozen=True)
class Folder:
    path: Path
    name: str

    def work(self, *words: str, **environment: str) -> Ran:
        memory = self.path / ".work-results.json"
        if KNOWN and not memory.exists():
            memory.write_text(json.dumps(KNOWN), encoding="utf-8")
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": "", **environment}
        command = [sys.executable, WORK, *words]
        run = subprocess.run(command, cwd=self.path, env=env, capture_output=True, timeout=900)
        assert run.stderr == b"", run.stderr.decode()
        with suppress(FileNotFoundError, ValueError):
            KNOWN.update(json.loads(memory.read_text(encoding="utf-8")))
        return Ran(run.returncode, run.stdout.decode(env.get("PYTHONIOENCODING", "utf-8")))

    def read(self, file: str) -> str:
        return (self.path / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        (self.path / file).parent.mkdir(parents=True, exist_ok=True)
        (self.path / file).write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        text = self.read(file)
        assert old in text, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new, 1))

    def solve(self, *files: str) -> None:
        solutions = texts(self.name)[1]
        for file in files or solutions:
            self.write(file, solutions[file])

    def fill(self, function: str, code: str, file: str = "cs_lib/layers.py") -> None:
        """Write one function: `code` takes the place of its line that raises."""
        self.change(file, f'raise NotImplementedError("{function} is not written yet")', code)

    def cells(self, notebook: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change cells of a notebook that nbgrader knows, given with its marks."""
        file = f"{notebook}.ipynb"
        content = json.loads(self.read(file))
        for cell in content["cells"]:
            change(cell)
        self.write(file, json.dumps(content))

    def answer(self, notebook: str, text: str) -> None:
        def change(cell: dict[str, Any]) -> None:
            marks = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == "markdown" and marks.get("solution"):
                cell["source"] = [text]

        self.cells(notebook, change)


def unpack(name: str, path: Path) -> Folder:
    given, _, tool = texts(name)
    folder = Folder(path, name)
    shutil.copytree(ROOT / "release" / name, path, ignore=shutil.ignore_patterns("cs_lib", WORK, "figures"))
    for file, text in {**given, WORK: tool}.items():
        folder.write(file, text)
    return folder


@pytest.fixture
def one(tmp_path: Path) -> Folder:
    """Assignment 1 as it was given out."""
    return unpack("assignment1", tmp_path / "assignment1")


@pytest.fixture
def two(tmp_path: Path) -> Folder:
    """Assignment 2 as it was given out."""
    return unpack("assignment2", tmp_path / "assignment2")
