"""nbgrader's own example course, as `nbgrader quickstart` copies it, moved over as docs/authoring.md says."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbgrader
import pytest

from autograder.errors import CourseError, ReleaseError
from autograder.release.build import build

EXAMPLE = Path(nbgrader.__file__).parent / "docs/source/user_guide/source/ps1"
PAGE = Path(__file__).parents[2] / "docs/authoring.md"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The course after the steps that add files."""
    folder = tmp_path / "source/ps1"
    shutil.copytree(EXAMPLE, folder)
    (tmp_path / "course.toml").write_text('title = "Example"\npackage = "example"\nassignments = ["ps1"]\n')
    (tmp_path / "example").mkdir()
    (tmp_path / "example/__init__.py").write_text("")
    (folder / "assignment.toml").write_text('title = "Set 1"\nnotebooks = ["problem1", "problem2"]\n')
    (folder / "README.md").write_text("# Set 1\n")
    (folder / "requirements.txt").write_text("numpy\n")
    return tmp_path


def in_notebooks(course: Path, change: Callable[[dict], None]) -> None:
    for path in (course / "source/ps1").glob("*.ipynb"):
        notebook = json.loads(path.read_text())
        change(notebook)
        path.write_text(json.dumps(notebook))


def saved_anew(notebook: dict) -> None:
    notebook["nbformat_minor"] = 5
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number}"


def python3(notebook: dict) -> None:
    notebook["metadata"]["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}


def two_signs(notebook: dict) -> None:
    for cell in notebook["cells"]:
        text = "".join(cell["source"]).replace("### BEGIN SOLUTION", "# BEGIN SOLUTION")
        cell["source"] = text.replace("### END SOLUTION", "# END SOLUTION")


def test_what_stops_the_example_is_what_the_guide_names(example: Path) -> None:
    def refused(message: str, guide: str) -> None:
        with pytest.raises((ReleaseError, CourseError), match=message):
            build("ps1", example, lambda _: None)
        assert guide in " ".join(PAGE.read_text(encoding="utf-8").split())

    refused(r"expected notebook format 4.5 or later, got 4\.0", "a notebook of a format before 4.5")
    in_notebooks(example, saved_anew)
    refused("expected the kernel python3, got python;", "a kernel called otherwise than `python3`")
    in_notebooks(example, python3)
    refused("got '### BEGIN SOLUTION'", "three signs")
    in_notebooks(example, two_signs)
    refused(r"source/ps1/jupyter.png: expected only notebooks", "`jupyter.png` goes")
    (example / "source/ps1/jupyter.png").unlink()
    assert build("ps1", example, lambda _: None).files
