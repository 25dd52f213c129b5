"""nbgrader's own `quickstart` course, moved over by the steps of docs/authoring.md, is released."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbformat import NotebookNode

from autograder.errors import CourseError, ReleaseError
from autograder.release.build import build

# What `nbgrader quickstart` copies.
EXAMPLE = Path(nbgrader.__file__).parent / "docs/source/user_guide/source"


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """Steps 1 to 3: settings, the files for students, a package."""
    shutil.copytree(EXAMPLE / "ps1", tmp_path / "source/ps1")
    for path, text in {
        "course.toml": 'title = "C101"\npackage = "c101"\nassignments = ["ps1"]\n',
        "source/ps1/assignment.toml": 'title = "Problem set 1"\nnotebooks = ["problem1", "problem2"]\n',
        "source/ps1/README.md": "# Problem set 1\n",
        "source/ps1/requirements.txt": "numpy\n",
        "c101/__init__.py": "",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def refused(root: Path) -> str:
    with pytest.raises((CourseError, ReleaseError)) as found:
        build("ps1", root, lambda text: None)
    return str(found.value)


def change(root: Path, how: Callable[[NotebookNode], None]) -> None:
    for path in sorted((root / "source/ps1").glob("*.ipynb")):
        content = nbformat.read(path, as_version=4)
        how(content)
        nbformat.write(content, path)


def save_with_ids(content: NotebookNode) -> None:
    content.nbformat_minor = 5
    for number, cell in enumerate(content.cells):
        cell["id"] = f"cell-{number}"


def select_kernel(content: NotebookNode) -> None:
    content.metadata.kernelspec["name"] = "python3"


def one_sign(content: NotebookNode) -> None:
    for cell in content.cells:
        cell.source = re.sub("#+ (BEGIN|END) SOLUTION", r"# \1 SOLUTION", cell.source)


@pytest.mark.long
def test_each_step_is_asked_for_and_they_are_all(moved: Path) -> None:
    for message, how in (
        ("expected notebook format 4.5 or later, got 4.0", save_with_ids),
        ("expected the kernel python3, got python", select_kernel),
        ("expected exactly '# BEGIN SOLUTION' or '# END SOLUTION', got '### BEGIN SOLUTION'", one_sign),
    ):
        assert message in refused(moved)
        change(moved, how)
    assert "source/ps1/jupyter.png: expected only notebooks" in refused(moved)
    (moved / "source/ps1/jupyter.png").unlink()
    made = build("ps1", moved, lambda text: None)
    assert {"problem1.ipynb", "problem2.ipynb", "c101/__init__.py", "work.py"} <= set(made.files)
    assert made.assignment.max_points == 13
