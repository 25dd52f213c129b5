"""The zip on a machine without the kit: what requirements.txt brings is all that a student's day needs."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.release.build import archive_path, write_archive

from .conftest import texts

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Assignment 1's zip, unpacked, with its requirements in a new environment beside it."""
    place = tmp_path_factory.mktemp("fresh")
    assignment = course.load("assignment1")
    archive = place / archive_path(assignment).name
    write_archive(assignment, assignment.release_folder, archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place)
    subprocess.run([sys.executable, "-m", "venv", place / "assignment1/.venv"], check=True)
    # Compiling all of Jupyter takes as long as the rest; what is used is compiled when it is imported.
    install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
    assert run(place / "assignment1", *install, "-r", "requirements.txt").returncode == 0
    return place / "assignment1"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A Python command in the new environment, which knows nothing of this one."""
    python = folder / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    return subprocess.run([python, *words], cwd=folder, env=known, capture_output=True, text=True)


def run_all(folder: Path) -> list[str]:
    """Run the notebook as Jupyter would; what its cells show when they end with an error."""
    how = ["--to=notebook", "--execute", "--inplace", "--ExecutePreprocessor.timeout=900"]
    done = run(folder, "-m", "nbconvert", *how, "two_layer_net.ipynb")
    assert done.returncode == 0, done.stderr
    cells = json.loads((folder / "two_layer_net.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return ["\n".join(o["traceback"]) for o in outputs if o["output_type"] == "error"]


def test_the_kit_is_not_there(folder):
    assert "ModuleNotFoundError" in run(folder, "-c", "import autograder").stderr


def test_from_the_first_check_to_the_hand_in(folder):
    first = run(folder, "work.py", "check", "affine_forward")
    assert (first.returncode, first.stderr) == (1, "")
    assert "affine_forward, 2 points: to do" in first.stdout

    shown = run_all(folder)  # untouched: runs through, and each thing that is missing is one line
    assert shown
    assert [text for text in shown if "\n" in text] == []

    for file, text in texts("assignment1")[1].items():
        (folder / file).write_text(text, encoding="utf-8")
    right = run(folder, "work.py", "check", "affine_forward", "relu_backward", "two_layer_net", "solver")
    assert right.returncode == 0, right.stdout

    run_all(folder)  # the search is not written, all else runs
    packed = run(folder, "work.py", "pack")
    assert "no answer to question 1, question 2" in packed.stdout
    assert "wrong by its own checks" not in packed.stdout
    assert (folder / "hand-in.zip").exists()
