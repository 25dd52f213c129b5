"""An hour in JupyterLab, on the unpacked zip: a mistake, the right line, a fix, an answer, a hand-in."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.release.build import archive_path, write_archive
from tests.formgrader.browser import browser, installed
from tests.formgrader.server import jupyter

from .lab import OPTIONS, Lab

pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(installed()), reason=installed() or "installed")]
TO_DO = 'raise NotImplementedError("affine_forward is not written yet")'
MISTAKE = "out = x @ w + b\n    cache = (x, w)"
RIGHT = "out = x.reshape(x.shape[0], -1) @ w + b\n    cache = (x, w)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The zip that students get, unpacked in an empty folder."""
    assignment = course.load("assignment1")
    archive = tmp_path / archive_path(assignment).name
    write_archive(assignment, assignment.release_folder, archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    return tmp_path / "assignment1"


@pytest.fixture
def lab(folder: Path, tmp_path: Path) -> Iterator[Lab]:
    with (
        jupyter(folder, tmp_path / "jupyter.log", *OPTIONS) as (url, token),
        browser(tmp_path / "driver.log") as opened,
    ):
        yield Lab(opened, url, token, "two_layer_net.ipynb")


def pictures(tmp_path: Path) -> Path:
    """Where pictures of the window go, to be looked at."""
    place = Path(os.environ.get("PICTURES", tmp_path))
    place.mkdir(parents=True, exist_ok=True)
    return place


def test_from_the_zip_to_the_hand_in(lab: Lab, folder: Path, tmp_path: Path) -> None:
    place = pictures(tmp_path)
    library = folder / "cs_lib/layers.py"
    given = library.read_text(encoding="utf-8")
    lab.run_all()  # goes on past everything that is not written
    shown = lab.shows("affine-forward-check").splitlines()
    assert shown[-1].startswith("To do: affine_forward is not written yet (layers.py, line ")
    lab.look("affine-forward-check", place / "to-do.png")

    wrong = given.replace(TO_DO, MISTAKE)
    lab.edit("cs_lib/layers.py", "# A line more.\n" + wrong)
    line = wrong[: wrong.index(MISTAKE)].count("\n") + 2
    shown = lab.run("affine-forward-check")
    assert f"> {line}" in shown
    assert "out = x @ w + b" in shown
    assert "notebook_checks.py" not in shown  # from the cell to the student's line
    lab.look("affine-forward-check", place / "mistake.png")

    lab.edit("cs_lib/layers.py", given.replace(TO_DO, RIGHT.replace("(x, w)", "(x, w")))
    assert lab.run("affine-forward-check").splitlines()[0].endswith("'(' was never closed")
    lab.look("affine-forward-check", place / "broken.png")

    lab.edit("cs_lib/layers.py", given.replace(TO_DO, RIGHT))
    shown = lab.run("affine-forward-check")
    assert "NOT YET" not in shown
    assert shown.splitlines()[-1].split()[1] == "of"
    green = lab.browser.run(
        "return document.querySelectorAll('.jp-OutputArea-output .ansi-green-fg').length;"
    )
    assert green > 1
    lab.look("affine-forward-check", place / "right.png")

    lab.write("answer-1", "The slope of the sigmoid is near zero far from the origin.")
    lab.save()
    packed = subprocess.run([sys.executable, "work.py", "pack"], cwd=folder, capture_output=True, text=True)
    assert packed.returncode == 1, packed.stderr  # much is not written
    assert "not written yet: Solver._step," in packed.stdout
    with zipfile.ZipFile(folder / "hand-in.zip") as archive:
        cells = json.loads(archive.read("two_layer_net.ipynb"))["cells"]
        assert RIGHT in archive.read("cs_lib/layers.py").decode()
    answer = next(cell for cell in cells if cell["id"] == "answer-1")
    assert "near zero" in "".join(answer["source"])
