"""The release itself, and files of another assignment, are named as such."""

import json
import re

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.release.package import skeleton, solved

ONE, TWO = course.load("assignment1"), course.load("assignment2")
AS_GIVEN = "as it was given out"


def files(assignment: course.Assignment) -> dict[str, bytes]:
    """The release, as a hand-in."""
    library = {path: text.encode() for path, text in skeleton(assignment).files.items()}
    notebooks = {f"{n.name}.ipynb": given_out(assignment, n.name) for n in assignment.notebooks}
    return library | notebooks


def given_out(assignment: course.Assignment, name: str) -> bytes:
    return (assignment.release_folder / f"{name}.ipynb").read_bytes()


def reported(given: dict[str, bytes], assignment: course.Assignment) -> list[str]:
    problems = intake.arrange("s001", given, assignment).problems
    return [p for p in problems if AS_GIVEN in p or "another assignment" in p]


def run(notebook: bytes) -> bytes:
    content = json.loads(notebook)
    content["cells"][4]["execution_count"] = 1
    return json.dumps(content).encode()


def test_the_release_itself():
    [problem] = reported(files(ONE), ONE)
    assert problem.startswith(
        "this is assignment1 as it was given out: nothing is written, answered or run; "
    )
    assert "it was not saved" in problem


def test_with_the_line_ends_of_windows():
    given = {path: data.replace(b"\n", b"\r\n") for path, data in files(ONE).items()}
    assert len(reported(given, ONE)) == 1


def test_a_notebook_that_was_not_saved():
    given = files(TWO) | {path: text.encode() for path, text in solved(TWO).items()}
    given["Dropout.ipynb"] = run(given["Dropout.ipynb"])
    names = {problem.split()[0] for problem in reported(given, TWO)}
    assert names == {"FullyConnectedNets.ipynb", "BatchNormalization.ipynb", "ConvolutionalNetworks.ipynb"}


def test_a_library_that_was_not_saved():
    given = files(ONE)
    given["two_layer_net.ipynb"] = run(given["two_layer_net.ipynb"])
    assert [problem.split()[0] for problem in reported(given, ONE)] == ["cs_lib"]


def test_work_of_another_assignment():
    given = files(TWO) | {path: text.encode() for path, text in solved(ONE).items()}
    problems = [problem for problem in reported(given, TWO) if "another assignment" in problem]
    assert any(re.match(r"cs_lib/layers.py lacks \d+ of the \d+ functions", problem) for problem in problems)


@pytest.mark.parametrize("assignment", [ONE, TWO], ids=["one", "two"])
def test_work_of_this_assignment_is_not_suspected(assignment):
    given = {path: run(data) if path.endswith(".ipynb") else data for path, data in files(assignment).items()}
    given |= {path: text.encode() for path, text in solved(assignment).items()}
    assert reported(given, assignment) == []


def test_a_notebook_that_cannot_be_read_is_not_called_untouched():
    assert not reported(files(ONE) | {"two_layer_net.ipynb": b"{"}, ONE)[1:]
