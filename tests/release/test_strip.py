"""What is left of a module."""

import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.errors import ReleaseError
from autograder.release.strip import Module, matches, strip_module

from .conftest import LAYERS

TODO = ["lib.layers.scale_forward", "lib.layers.Net"]
LEAVE_OUT = [
    "lib.layers.leaky_*",
    "lib.layers._leak",
    "lib.extra",
    "lib.layers.Net.later",
    "lib.layers.SLOPE",
]


def strip(text: str, todo: list[str] | None = None, leave_out: list[str] | None = None) -> str:
    return strip_module(Module("lib.layers", "lib/layers.py", dedent(text)), todo or [], leave_out or []).text


def test_the_skeleton_is_what_a_student_should_see() -> None:
    assert strip(LAYERS, TODO, LEAVE_OUT) == dedent('''\
        """Layers."""

        import numpy as np

        from . import helpers


        def scale_forward(x, s):
            """Multiply by s."""
            # TODO: Multiply x by s,
            # and keep what backward needs.
            raise NotImplementedError("scale_forward is not written yet")
            return scaled_rows, cache


        def shift_forward(x, b):
            """Add b. Given in the demo."""
            out = helpers.plus(x, b)
            return out, None


        class Net:
            """A net of one layer."""

            def __init__(self):
                # TODO: Make the weight.
                raise NotImplementedError("Net.__init__ is not written yet")

            def loss(self, x):
                """Half the sum of squares."""
                scores = x
                # TODO: Compute the loss.
                raise NotImplementedError("Net.loss is not written yet")
                return 0.5 * np.sum(scores**2)
        ''')


def test_a_method_alone_can_be_to_do() -> None:
    text = strip(LAYERS, ["lib.layers.Net.loss"])
    assert "Net.loss is not written yet" in text
    assert "self.weight_of_the_layer = np.ones(3) * 2.5" in text
    assert text.count("TODO") == 1


def test_with_nothing_to_do_only_marks_and_tasks_vanish() -> None:
    text = strip(LAYERS)
    assert "SOLUTION" not in text
    assert "TODO" not in text
    assert "scaled_rows = x.reshape(x.shape[0], -1) * s" in text


def test_stripping_twice_changes_nothing() -> None:
    once = strip(LAYERS)
    assert strip(once) == once


def test_the_skeleton_is_formatted() -> None:
    ruff = shutil.which("ruff") or str(Path(sys.executable).parent / "ruff")
    text = strip(LAYERS, TODO, LEAVE_OUT)
    command = [ruff, "format", "--line-length", "110", "--stdin-filename", "a.py", "-"]
    assert subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout == text


def test_a_name_that_only_left_out_code_imports_is_no_longer_imported() -> None:
    text = """\
        import copy
        import math

        from . import one, two


        def kept():
            return copy.copy(one.x)


        def gone():
            return math.pi + two.x
    """
    kept = strip(text, leave_out=["lib.layers.gone"])
    assert kept.startswith("import copy\n\nfrom . import one\n\n\ndef kept")


def test_an_import_students_need_for_their_solution_stays() -> None:
    text = """\
        import math


        def f():
            # TODO: Use math.
            # BEGIN SOLUTION
            return math.pi
            # END SOLUTION
    """
    assert strip(text, ["lib.layers.f"]).startswith("import math")


def test_a_long_import_is_wrapped_again() -> None:
    names = ", ".join(f"a_rather_long_name_{i}" for i in range(6))
    text = (
        f"from .somewhere import {names}, dropped\n\nuse = ({names})\n\n\ndef gone():\n    return dropped\n"
    )
    kept = strip(text, leave_out=["lib.layers.gone"])
    assert kept.startswith("from .somewhere import (\n    a_rather_long_name_0,\n")
    assert "dropped" not in kept


def test_a_left_out_module_is_no_longer_imported() -> None:
    assert "extra" not in strip(
        "import numpy as np\nfrom . import extra\n\nX = np.pi\n", leave_out=["lib.extra"]
    )
    assert "extra" not in strip("import lib.extra\nfrom .other import x\n\nX = x\n", leave_out=["lib.extra"])


def test_decorators_and_comments_go_with_a_left_out_function() -> None:
    text = """\
        def kept():
            pass


        # About the group of functions below.


        # Slow.
        @decorated
        @again(1)
        def gone():
            pass
            # the end of it


        X = 1
    """
    assert strip(text, leave_out=["lib.layers.gone"]) == "def kept():\n    pass\n\n\nX = 1\n"


def test_a_comment_that_ends_other_code_stays() -> None:
    text = "X = 1\n# X is one.\n\n\ndef gone():\n    pass\n"
    assert strip(text, leave_out=["lib.layers.gone"]) == "X = 1\n# X is one.\n"


def test_comments_for_linters_do_not_reach_students() -> None:
    text = "def f(x):\n    y = x  # noqa: RET504\n    return y  # as it is\n"
    assert strip(text) == "def f(x):\n    y = x\n    return y  # as it is\n"


def test_a_task_without_text_is_refused() -> None:
    text = "def f():\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n    return x\n"
    with pytest.raises(
        ReleaseError, match=r"lib/layers.py:2: lib.layers.f is to do: expected a comment '# TODO"
    ):
        strip(text, ["lib.layers.f"])


def test_a_todo_elsewhere_is_refused() -> None:
    with pytest.raises(
        ReleaseError, match=r"lib/layers.py:2: expected '# TODO' only in the comment right above"
    ):
        strip("def f():\n    # TODO: tidy up\n    return 1\n")


@pytest.mark.parametrize(
    ("name", "glob", "fits"),
    [
        ("lib.layers.conv_forward", "lib.layers.conv_*", True),
        ("lib.layers.conv_forward.inner", "lib.layers.conv_*", False),
        ("lib.layers", "lib.*", True),
        ("lib.layers.f", "lib.*", False),
        ("lib.layers.f", "lib.layers.F", False),
    ],
)
def test_a_glob_matches_part_by_part(name: str, glob: str, fits: bool) -> None:
    assert matches(name, [glob]) is fits
