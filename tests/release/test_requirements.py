"""A release asks students to install what grading lets their code import, in the version that grading has."""

from collections.abc import Callable
from importlib.metadata import version

import pytest

from autograder.errors import ReleaseError
from autograder.release.build import build
from autograder.release.requirements import completed

from .conftest import Course

Quiet = Callable[[str], None]


def test_a_package_of_the_course_is_pinned_in_the_release(demo: Course, quiet: Quiet) -> None:
    """By the name that pip knows, once, whatever modules of it are named; not what the source asks for."""
    with (demo.root / "course.toml").open("a") as file:
        file.write('\n[environment]\npackages = ["yaml.nodes", "yaml", "jinja2"]\n')
    demo.write("source/demo/requirements.txt", "# For students.\nnumpy>=2,<3\nJinja2>=3,<4")
    build("demo", demo.root, quiet)
    assert (demo.release / "requirements.txt").read_text() == (
        "# For students.\nnumpy>=2,<3\nJinja2>=3,<4\n"
        f"PyYAML=={version('PyYAML')}  # as grading has it\n"
    )  # fmt: skip


def test_a_course_without_packages_keeps_its_file() -> None:
    assert completed("numpy~=2.4.6", ()) == "numpy~=2.4.6"


def test_a_package_that_is_not_installed_is_refused() -> None:
    with pytest.raises(
        ReleaseError, match=r"packages: expected what is installed .*, got 'no_such'; install"
    ):
        completed("numpy\n", ["no_such.part"])
