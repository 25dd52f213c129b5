"""A kit with an assignment of its own, small and quick, graded by the real command line.

It is a course of its own, so that a test may change graders, points and settings, and kill what it likes,
without touching ours. The engine is that of the checkout; who changes it takes a copy first, as these are
500 files, which a slow disk takes a second to be rid of.
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NAME = "lesson"
COURSE = f'title = "A small course"\npackage = "cs_lib"\nassignments = ["{NAME}"]\n'

GRADERS = """
from autograder.checks.checks import Case, cases, close


@cases("double", Case("small", x=2), Case("large", x=10**6), Case("negative", kind="edge", x=-3))
def test_double(student, case):
    close(student.call("layers.double", case.x), 2 * case.x, name="out", rtol=0)


@cases("noise", Case("mean"))
def test_noise(student, case):
    close(student.call("layers.noise", 100).shape[0], 100, name="size", rtol=0)
"""
GIVEN = """import numpy as np


def double(x):
    raise NotImplementedError


def noise(n):
    raise NotImplementedError
"""
DOUBLED = GIVEN.replace("raise NotImplementedError", "return 2 * x", 1)
RIGHT = DOUBLED.replace("raise NotImplementedError", "return np.random.rand(n)")
WRONG = RIGHT.replace("2 * x", "x + 2")
POINTS = {"double": 4.0, "noise": 1.0, "inline_nb_1": 2.0}


def cell(grade_id: str, points: float) -> dict[str, Any]:
    inline = grade_id.startswith("inline")
    mark = {"grade": True, "solution": inline, "locked": not inline, "task": False, "schema_version": 3}
    mark |= {"grade_id": grade_id, "points": points, "cell_type": "markdown" if inline else "code"}
    made = {"cell_type": mark["cell_type"], "id": grade_id.replace("_", "-"), "metadata": {"nbgrader": mark}}
    made["source"] = "*Your answer here.*" if inline else "check()"
    return made if inline else {**made, "execution_count": None, "outputs": []}


def notebook(points: dict[str, float], answer: str = "") -> str:
    cells = [cell(*item) for item in points.items()]
    if answer:
        cells[-1]["source"] = answer
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


class Kit:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.submitted = home / "submitted"
        self.engine = ROOT  # the folder that holds the package `autograder`
        home.mkdir(parents=True)
        (home / "course.toml").write_text(COURSE)
        self.write_settings()
        self.write_points(**POINTS)
        self.write_graders(GRADERS)
        given = home / f"release/{NAME}/cs_lib"
        given.mkdir(parents=True)
        (given / "__init__.py").write_text("")
        (given / "layers.py").write_text(GIVEN)

    def copy_engine(self) -> None:
        """An engine of its own, without graders, for a test that changes it."""
        skip = shutil.ignore_patterns("graders", "rubrics")  # what is compiled saves each run a second
        shutil.copytree(ROOT / "autograder", self.home / "autograder", ignore=skip)
        self.engine = self.home

    def write_settings(self, more: str = "") -> None:
        folder = self.home / "source" / NAME
        folder.mkdir(parents=True, exist_ok=True)
        text = f'title = "Lesson"\nnotebooks = ["nb"]\n{more}'
        (folder / "assignment.toml").write_text(text)

    def write_points(self, **points: float) -> None:
        (self.home / f"source/{NAME}/nb.ipynb").write_text(notebook(points))

    def write_graders(self, text: str) -> None:
        folder = self.home / "graders" / NAME
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test_lesson.py").write_text(textwrap.dedent(text))

    def hand_in(self, student: str, code: str = RIGHT, answer: str = "", **more: bytes) -> None:
        folder = self.submitted / student
        (folder / "cs_lib").mkdir(parents=True, exist_ok=True)
        (folder / "cs_lib/layers.py").write_text(code)
        (folder / "nb.ipynb").write_text(notebook(POINTS, answer))
        for name, data in more.items():
            (folder / name).write_bytes(data)

    def hand_in_many(self, count: int) -> list[str]:
        """Every third is wrong, every fifth has an answer to be read."""
        students = [f"s{number:03}" for number in range(count)]
        for number, student in enumerate(students):
            self.hand_in(student, WRONG if number % 3 == 0 else RIGHT, "Because." if number % 5 == 0 else "")
        return students

    def command(self, out: Path, *more: str) -> list[str]:
        grade = ["grade", NAME, str(self.submitted), "--out", str(out), *more]
        return [sys.executable, "-P", "-m", "autograder", *grade]

    @property
    def environment(self) -> dict[str, str]:
        places = os.pathsep.join(dict.fromkeys((str(self.home), str(self.engine))))
        return {**os.environ, "PYTHONPATH": places, "OPENBLAS_NUM_THREADS": "1"}

    def start(self, out: Path, *more: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(  # type: ignore[call-overload]
            self.command(out, *more), text=True, cwd=self.home, env=self.environment, **pipes
        )

    def grade(self, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(out, *more), text=True, capture_output=True, cwd=self.home, env=self.environment
        )


def records_of(out: Path, folder: str = "records") -> dict[str, Any]:
    """Every record, without its times."""
    return {
        path.stem: timeless(json.loads(path.read_text())) for path in sorted((out / folder).glob("*.json"))
    }


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    record = {key: value for key, value in record.items() if key not in ("seconds", "student_seconds")}
    for grade in record["grades"].values():
        for case in grade["cases"]:
            case.pop("seconds")
    return record


def points(out: Path, students: Iterable[str], grade_id: str) -> list[float | None]:
    records = records_of(out)
    return [records[student]["grades"][grade_id]["points"] for student in students]
