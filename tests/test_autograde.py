"""`nbgrader autograde`, run by hand, gives the points that `autograder grade` gives."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader import api
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from autograder.authoring.new import init
from autograder.bridge import autograde
from autograder.bridge.formgrader import cell_text
from autograder.records.record import CaseResult, Grade
from tests.faults.test_kill import gradebook_rows
from tests.small_kit import NAME, POINTS, RIGHT, WRONG, Kit, notebook

ROOT = Path(__file__).parents[1]
LIBRARY = '''import numpy as np


def double(x):
    """Twice x."""
    # TODO: return twice x.
    # BEGIN SOLUTION
    out = 2 * x
    # END SOLUTION
    return out


def noise(n):
    """n random numbers."""
    # TODO: draw n numbers from NumPy's global state.
    # BEGIN SOLUTION
    out = np.random.rand(n)
    # END SOLUTION
    return out
'''
WARNS = RIGHT.replace(
    "    return 2 * x", "    import sys\n    print('careful', file=sys.stderr)\n    return 2 * x"
)


def nbgrader(kit: Kit, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "nbgrader", *arguments],
        cwd=kit.home, env=kit.environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def without(cell_id: str) -> str:
    content = json.loads(notebook(POINTS))
    content["cells"] = [cell for cell in content["cells"] if cell["id"] != cell_id]
    return json.dumps(content)


def twice(cell_id: str) -> str:
    content = json.loads(notebook(POINTS))
    content["cells"] += [{**cell, "id": "copy"} for cell in content["cells"] if cell["id"] == cell_id]
    return json.dumps(content)


def old(text: str) -> str:
    """The notebook in format 3."""
    content = json.loads(text)
    for cell in content["cells"]:
        del cell["id"]
    return nbformat.writes(nbformat.convert(nbformat.from_dict({**content, "nbformat_minor": 4}), 3), 3)


def unlabelled(text: str) -> str:
    """The notebook with the answer's metadata dropped."""
    content = json.loads(text)
    content["cells"][-1]["metadata"] = {}
    return json.dumps(content)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Kit, Path]:
    """A small course, released and graded both ways."""
    home = tmp_path_factory.mktemp("autograde")
    kit = Kit(home / "kit")
    shutil.copy(ROOT / "nbgrader_config.py", kit.home)
    kit.write_settings('todo = ["cs_lib.layers.double", "cs_lib.layers.noise"]\n')
    (kit.home / "cs_lib").mkdir()
    (kit.home / "cs_lib/__init__.py").write_text("")
    (kit.home / "cs_lib/layers.py").write_text(LIBRARY)
    for name in ("README.md", "requirements.txt"):
        (kit.home / "source" / NAME / name).write_text("numpy\n")
    nbgrader(kit, "generate_assignment", NAME, "--create", "--force")
    hand_ins = {
        "right": (RIGHT, notebook(POINTS, "Because.")),
        "wrong": (WRONG, notebook(POINTS)),
        "warns": (WARNS, notebook(POINTS)),
        "twice": (RIGHT, twice("double")),
        "deleted": (RIGHT, without("double")),
        "foreign": (RIGHT, notebook({**POINTS, "of_another_course": 1.0})),
        "no-answer": (RIGHT, without("inline-nb-1")),
        "torn": (RIGHT, notebook(POINTS)[:200]),
        "old": (RIGHT, old(notebook(POINTS, "Because."))),
        "unlabelled": (RIGHT, unlabelled(notebook(POINTS, "Because."))),
        "early": (RIGHT, notebook(POINTS)),
        "pipes": (RIGHT, notebook(POINTS)),
        "no-time": (RIGHT, notebook(POINTS)),
    }
    kit.students = list(hand_ins)  # type: ignore[attr-defined]
    for student, (code, content) in hand_ins.items():
        kit.hand_in(f"{student}/{NAME}", code)
        (kit.submitted / student / NAME / "nb.ipynb").write_text(content)
    (kit.submitted / "early" / NAME / "timestamp.txt").write_text("2000-01-01 00:00:00 UTC")
    (kit.submitted / "no-time" / NAME / "timestamp.txt").write_bytes(b"yesterday \xff")
    (kit.submitted / "pipes" / NAME / "nb.ipynb").unlink()
    for name in ("nb.ipynb", "timestamp.txt", "data.csv"):
        os.mkfifo(kit.submitted / "pipes" / NAME / name)
    with contextlib.chdir(kit.submitted / "pipes" / NAME), socket.socket(socket.AF_UNIX) as line:
        line.bind("s")  # its name may not be long
    nbgrader(kit, "autograde", NAME)
    assert kit.grade(home / "out").returncode == 1  # a person is needed
    return kit, home / "out"


def test_both_ways_give_the_same_gradebook(graded: tuple[Kit, Path]) -> None:
    kit, out = graded
    by_hand = gradebook_rows(kit.home)
    assert by_hand == gradebook_rows(out)
    scores = {(student, cell): score for student, cell, score, _ in by_hand}
    assert {
        student: scores[student, "double"]
        for student in kit.students  # type: ignore[attr-defined]
    } == {
        "right": 4.0,
        "wrong": 1.6,
        "warns": 4.0,
        "twice": 4.0,
        "deleted": 4.0,
        "foreign": 4.0,
        **dict.fromkeys(("no-answer", "torn", "old", "unlabelled", "early", "pipes", "no-time"), 4.0),
    }


def test_an_answer_is_no_zero_either_way(graded: tuple[Kit, Path]) -> None:
    kit, out = graded
    for student, waits in (("torn", True), ("old", True), ("unlabelled", True), ("no-answer", False)):
        rows = [r for r in gradebook_rows(kit.home) if r[:2] == (student, "inline_nb_1")]
        assert rows == [r for r in gradebook_rows(out) if r[:2] == (student, "inline_nb_1")]
        assert [bool(waiting) for *_, waiting in rows] == [waits], student
    page = (kit.home / f"autograded/unlabelled/{NAME}/nb.ipynb").read_text()
    assert "the text shown was found in cell 3" in page


def test_nobody_dates_a_hand_in_from_inside(graded: tuple[Kit, Path]) -> None:
    kit, _ = graded
    with api.Gradebook(f"sqlite:///{kit.home}/gradebook.db") as book:
        assert book.find_submission(NAME, "early").timestamp is None


def test_the_outcome_stands_below_the_cell(graded: tuple[Kit, Path]) -> None:
    kit, _ = graded
    content = json.loads((kit.home / f"autograded/wrong/{NAME}/nb.ipynb").read_text())
    [cell] = [c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "double"]
    [output] = cell["outputs"]
    text = "".join(output["text"])
    assert "double: 1.6 of 4 points" in text
    assert "failed  double[large]" in text


def test_a_deleted_cell_is_there_again(graded: tuple[Kit, Path]) -> None:
    kit, _ = graded
    content = json.loads((kit.home / f"autograded/deleted/{NAME}/nb.ipynb").read_text())
    ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in content["cells"]]
    assert ids.count("double") == 1


def test_a_students_library_is_not_overwritten(graded: tuple[Kit, Path]) -> None:
    kit, _ = graded
    assert (kit.home / f"autograded/wrong/{NAME}/cs_lib/layers.py").read_text() == WRONG
    assert not (kit.home / f"autograded/wrong/{NAME}/assignment.toml").exists()


@pytest.fixture(scope="module")
def preprocessors() -> list[type]:
    """What nbgrader runs over a submission, with the settings of this course."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    converter = Autograde(coursedir=CourseDirectory(config=config), config=config)
    return [import_item(p) if isinstance(p, str) else p for p in converter.autograde_preprocessors]


@pytest.mark.long
def test_a_new_course_grades_with_nbgrader_in_the_sandbox(tmp_path: Path) -> None:
    """Its package ships stripped, and what a hand-in's cells do on the instructor's machine is nothing."""
    home, escaped = tmp_path / "course", tmp_path / "escaped"
    init(home, "Demo", "stats", "first")

    def typed(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "nbgrader", *arguments],
            cwd=home, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    typed("generate_assignment", "first", "--create", "--force")
    released = home / "release/first"
    assert "not written yet" in (released / "stats/first.py").read_text()
    assert (released / "work.py").exists()
    assert not (released / "assignment.toml").exists()
    hand_in = home / "submitted/s001/first"
    shutil.copytree(released, hand_in)
    content = json.loads((hand_in / "first.ipynb").read_text())
    escape = f"import pathlib\npathlib.Path({str(escaped)!r}).write_text('x')"
    content["cells"].append({**nbformat.v4.new_code_cell(escape)})
    (hand_in / "first.ipynb").write_text(json.dumps(content))
    typed("autograde", "first", "--create", "--force")
    assert not escaped.exists()
    page = json.loads((home / "autograded/s001/first/first.ipynb").read_text())
    shown = [output for cell in page["cells"] for output in cell.get("outputs", [])]
    assert any("standardize: 0 of 2 points" in "".join(output.get("text", "")) for output in shown)


def test_nbgrader_grades_through_our_graders(preprocessors: list[type]) -> None:
    assert preprocessors[0] is autograde.EnterRecord
    assert AssignLatePenalties in preprocessors


def test_no_kernel_runs_a_students_notebook(preprocessors: list[type]) -> None:
    assert not {Execute, SaveAutoGrades} & set(preprocessors)


def test_what_is_reported_below_a_cell() -> None:
    cases = (
        CaseResult("c[a]", "core", 1.0, "passed"),
        CaseResult("c[b]", "core", 1.0, "failed", "out is wrong", "Look at the axis."),
    )
    assert cell_text(Grade("c", "nb", 1.0, 2.0, "graded", cases)).splitlines() == [
        "c: 1 of 2 points",
        "  passed  c[a]",
        "  failed  c[b]",
        "          out is wrong",
        "          Look at the axis.",
    ]
    assert cell_text(Grade("c", "nb", None, 2.0, "error", comment="Ours.")) == "c: needs review\nOurs.\n"
