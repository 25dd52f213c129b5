"""The examples of the instructor's guide do what the guide says."""

import re
import tomllib
from pathlib import Path

import pytest

from autograder.checks.checks import CheckFailed
from autograder.course.settings import OPTIONAL, REQUIRED
from autograder.release.strip import Module, strip_module

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/instructor-guide.md").read_text(encoding="utf-8")
SOLVED, RELEASED, GRADER = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
NAME = "cs_lib.layers.leaky_relu_forward"


class Plain:
    """Calls the function of a text, as the sandbox's student does."""

    def __init__(self, text: str) -> None:
        self.names: dict = {}
        exec("import numpy as np\n" + text, self.names)

    def call(self, name: str, *args, keep: int, **kwargs):
        return self.names[name.removeprefix("layers.")](*args, **kwargs)


def grade(text: str) -> dict[str, bool]:
    """Which cases of the guide's grader pass."""
    names: dict = {}
    exec(GRADER, names)
    test, passed = names["test_leaky_relu_forward"], {}
    (mark,) = test.pytestmark
    for parameters in mark.args[1]:
        try:
            test(Plain(text), parameters.values[0])
            passed[parameters.id] = True
        except CheckFailed:
            passed[parameters.id] = False
    return passed


def test_the_marks_strip_as_shown() -> None:
    module = Module("cs_lib.layers", "cs_lib/layers.py", SOLVED)
    todo = strip_module(module, [NAME], ()).text
    assert todo.endswith(RELEASED)
    given = strip_module(module, (), ()).text
    assert "SOLUTION" not in given
    assert "TODO" not in given
    assert "out = np.where(x > 0, x, slope * x)" in given


def test_the_grader_takes_the_solution_and_not_a_mistake(pytestconfig: pytest.Config) -> None:
    pytestconfig.addinivalue_line(
        "markers", "grade(grade_id, kind, weight, hint): the cell a case counts for"
    )
    assert grade(SOLVED) == {"default": True, "steep": True, "flat": True}
    assert grade(SOLVED.replace("slope * x", "0.1 * x")) == {"default": True, "steep": False, "flat": False}


def test_the_settings_are_known() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    table = tomllib.loads(text)
    assert set(table) <= {*REQUIRED, *OPTIONAL}
    assert set(REQUIRED) <= set(table)
