"""`nbgrader autograde` is ours: the course's settings put the sandboxed graders in the place of a kernel."""

from pathlib import Path

import pytest
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, SaveAutoGrades
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from autograder.autograde import GradeSubmission

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def preprocessors() -> list[type]:
    """What nbgrader runs over a submission, with the settings of this course."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    converter = Autograde(coursedir=CourseDirectory(config=config), config=config)
    return [import_item(p) if isinstance(p, str) else p for p in converter.autograde_preprocessors]


def test_nbgrader_grades_through_our_graders(preprocessors: list[type]) -> None:
    assert preprocessors[0] is GradeSubmission


def test_no_kernel_runs_a_students_notebook(preprocessors: list[type]) -> None:
    assert not {Execute, SaveAutoGrades} & set(preprocessors)
