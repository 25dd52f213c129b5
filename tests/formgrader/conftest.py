"""A small class, graded; its answers are chosen so that some need review."""

import copy
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course

GOOD = "1 and 2."
DOUBTFUL = (
    "Answer: 1. The sigmoid saturates for large inputs. "
    "The other two functions are linear, so they do not saturate."
)
HOSTILE = (
    "1 and 3.\n\n<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
)
QUESTION, OTHER = "inline_two_layer_net_1", "inline_two_layer_net_2"
ANSWERS = {
    "s001": {
        QUESTION: GOOD,
        OTHER: "1 and 3. They are the usual methods, as everybody in the class has said.",
    },
    "s002": {QUESTION: DOUBTFUL, OTHER: HOSTILE},
    "s003": {QUESTION: DOUBTFUL, OTHER: "*Your answer here.*"},
}


def hand_in(folder: Path, student: str, answers: Mapping[str, str]) -> None:
    """A notebook with these answers, and nothing else."""
    [notebook] = course.load("assignment1").notebooks
    content = copy.deepcopy(json.loads(notebook.path.read_text(encoding="utf-8")))
    for cell in content["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    path = folder / student / "assignment1/two_layer_net.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def grade(submitted: Path, out: Path) -> None:
    arguments = [
        "grade",
        "assignment1",
        str(submitted),
        "--out",
        str(out),
        "--jobs",
        "1",
        "--formgrader",
        "--json",
    ]
    assert cli.main(arguments) == codes.ATTENTION  # answers to review


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class as handed in (`submitted`) and graded (`out`); tests work on copies."""
    folder = tmp_path_factory.mktemp("class")
    for student, answers in ANSWERS.items():
        hand_in(folder / "submitted", student, answers)
    grade(folder / "submitted", folder / "out")
    return folder


@pytest.fixture
def submitted(graded_class: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded_class / "submitted", tmp_path / "submitted"))


@pytest.fixture
def out(graded_class: Path, tmp_path: Path) -> Path:
    """Where the graded class lies."""
    return Path(shutil.copytree(graded_class / "out", tmp_path / "out"))
