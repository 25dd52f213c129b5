"""The engine serves any course: no file of it names a thing of this one."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import autograder
from autograder.course import assignment as course
from autograder.course.course import find

ENGINE = Path(autograder.__file__).parent
OURS = find()
OLDER_COURSES = (
    "sandbox/older_packages.py",
    "sandbox/meanings.py",
)  # they know this family of courses by its names


def engine_files() -> list[Path]:
    own = (OURS.graders, OURS.rubrics)
    return [
        path
        for path in sorted(ENGINE.rglob("*"))
        if path.is_file() and path.suffix in {".py", ".html", ".js", ".css", ".toml", ".txt"}
        if not any(path.is_relative_to(folder) for folder in own)
        if path.relative_to(ENGINE).as_posix() not in OLDER_COURSES
    ]


@cache
def names_of_this_course() -> re.Pattern[str]:
    """Its package, assignments, notebooks, grade ids, tasks and data, as words."""
    words = {OURS.package, "CIFAR", "cifar10", "CS_DATASETS"}
    for name in OURS.assignments:
        assignment = course.load(name)
        words |= {name, *(notebook.name for notebook in assignment.notebooks)}
        words |= {cell.grade_id for cell in assignment.grade_cells}
        words |= {entry.rpartition(".")[2] for entry in assignment.todo}
    words -= {"Dropout", "loss", "_step", "sgd", "adam", "rmsprop"}  # words of the language, too
    return re.compile(rf"\b({'|'.join(sorted(map(re.escape, words)))})\b")


def says(path: Path) -> Iterator[str]:
    """What a file says to the machine or to people: all but comments and docstrings, which give examples."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield text
        return
    tree = ast.parse(text)
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


@pytest.mark.parametrize("path", engine_files(), ids=lambda p: p.relative_to(ENGINE).as_posix())
def test_no_file_of_the_engine_names_a_thing_of_this_course(path: Path) -> None:
    assert [text for text in says(path) if names_of_this_course().search(text)] == []
