"""Functions that students write in notebooks are called as any others; nothing else of a notebook runs."""

import json
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.intake import Submission
from autograder.judge.grading import grade_one
from autograder.judge.notebook_code import module_name, notebook_modules
from autograder.records.record import Record
from autograder.sandbox.level import unsafe

GRADER = """
from autograder.checks.checks import Case, cases, close


@cases("twice", Case("small", x=2), Case("large", x=10**6))
def test_twice(student, case):
    close(student.call("notebooks.nb.twice", case.x), 2 * case.x, name="out", rtol=0)
"""
WANTED = "def twice(x):\n    # BEGIN SOLUTION\n    return FACTOR * x\n    # END SOLUTION\n"


def mark(grade_id: str, **flags: object) -> dict[str, object]:
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**plain, "grade_id": grade_id, "cell_type": "code", **flags}}


def notebook(*sources: str) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    cells.append(
        {"cell_type": "code", "metadata": mark("twice", grade=True, locked=True, points=2), "source": ""}
    )
    cells[-2]["metadata"] = mark("write_twice", solution=True)
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def lesson(tmp_path: Path) -> Assignment:
    for path, text in {
        "course.toml": 'title = "C"\npackage = "lib"\nassignments = ["lesson"]\n',
        "lib/__init__.py": "",
        "source/lesson/assignment.toml": 'title = "L"\nnotebooks = ["nb"]\n',
        "source/lesson/nb.ipynb": notebook("FACTOR = 2", WANTED).decode(),
        "graders/lesson/test_nb.py": GRADER,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return course.load("lesson", tmp_path)


def graded(lesson: Assignment, *sources: str) -> Record:
    submission = Submission("s001", {"lib/__init__.py": b""}, {"nb": notebook(*sources)})
    return grade_one(lesson, submission, unsafe())


RIGHT = "def twice(x):\n    return FACTOR * x"


@pytest.mark.parametrize(
    "before",
    [
        ["FACTOR = 2"],
        ["%matplotlib inline\nimport math\nFACTOR = 2", "raise SystemExit('a cell that tries things out')"],
        ["FACTOR = 2", "this is no Python", "%%time\nFACTOR = 3", "while True: pass"],
        ["import not_there_while_grading", "FACTOR: int = 2", "print(twice(3))"],
    ],
    ids=["plain", "magic", "unreadable", "missing module"],
)
def test_what_stands_around_a_function_does_not_matter(lesson: Assignment, before: list[str]) -> None:
    assert graded(lesson, *before, RIGHT).grades["twice"].points == 2.0


def test_a_wrong_function_loses_its_points(lesson: Assignment) -> None:
    grade = graded(lesson, "FACTOR = 3", RIGHT).grades["twice"]
    assert grade.points == 0.0
    assert all(case.outcome == "failed" for case in grade.cases)


def test_a_function_that_is_not_there_is_named(lesson: Assignment) -> None:
    [first, *_] = graded(lesson, "FACTOR = 2", "def twice(x:").grades["twice"].cases
    assert (first.outcome, "twice" in first.message) == ("failed", True)


def test_notebooks_without_functions_to_write_make_no_module(lesson: Assignment, tmp_path: Path) -> None:
    assert set(notebook_modules(lesson, Submission("s", notebooks={"nb": notebook("")}))) == {
        "lib/notebooks/__init__.py",
        "lib/notebooks/nb.py",
    }
    assert notebook_modules(lesson, Submission("s", notebooks={"nb": b"{"})) == {}
    (tmp_path / "source/lesson/nb.ipynb").write_bytes(notebook("FACTOR = 2", "best = 3"))
    plain = course.load("lesson", tmp_path)
    assert notebook_modules(plain, Submission("s", notebooks={"nb": notebook("")})) == {}


@pytest.mark.parametrize(("name", "module"), [("nb", "nb"), ("01-warm up", "_01_warm_up"), ("a.b", "a_b")])
def test_a_notebooks_name_becomes_a_modules(name: str, module: str) -> None:
    assert module_name(name) == module
