"""*Run All* on unfinished work: whatever is to do shows as one line, and nothing as a traceback."""

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.release import student_tool, work
from autograder.release.package import solved

from .conftest import ROOT
from .kernel import kernel

STATES: dict[str, Callable[[str], bool]] = {  # name -> whether a function is written
    "untouched": lambda name: False,
    "first function": lambda name: name.endswith("affine_forward"),
    "forward only": lambda name: "_forward" in name,
    "layers only": lambda name: ".layers." in name,
    "constructors missing": lambda name: name != "cs_lib.classifiers.cnn" and ".classifiers." not in name,
}


def partly(name: str, written: Callable[[str], bool], folder: Path) -> None:
    """A student's folder, in which some of the functions are written."""
    assignment = course.load(name, ROOT)
    solutions = solved(assignment)
    shutil.copytree(ROOT / "release" / name, folder)
    for item in filter(written, assignment.todo):
        file, function = student_tool._place(item, solutions)
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(filled(text, solutions[file], function), encoding="utf-8")
    (folder / "datasets").symlink_to(ROOT / "datasets")


def filled(given: str, solution: str, name: str) -> str:
    """The text of a file with a function, or all methods of a class, as the solution has them."""
    new = work.functions(ast.parse(solution))
    for each, node in reversed(work.functions(ast.parse(given)).items()):
        if each == name or each.startswith(f"{name}."):
            lines = given.split("\n")
            lines[node.lineno - 1 : node.end_lineno] = work.segment(solution, new[each]).split("\n")
            given = "\n".join(lines)
    return given


def tracebacks(notebook: Path) -> dict[str, str]:
    """What each cell shows that is longer than a line, of all that end with an error."""
    found = {}
    with kernel(notebook.parent, CS_CIFAR10="subset") as opened:
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                error = opened.run("".join(cell["source"])).error
                if error.count("\n"):
                    found[cell["id"]] = error
    return found


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
def test_nothing_but_lines(path, state, tmp_path):
    partly(path.parent.name, STATES[state], tmp_path / "work")
    assert tracebacks(tmp_path / "work" / path.name) == {}
