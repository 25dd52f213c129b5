"""What is to do in a later assignment does not ship solved in an earlier one."""

import pytest

from autograder.course.assignment import load
from autograder.release.build import build
from autograder.release.later import in_no_list
from autograder.release.package import skeleton

from .conftest import Course
from .test_build import Quiet, bytes_of, clicked, refuse, typed

LATER = """\
title = "The next"
package = "demo_lib"
notebooks = ["Next"]
todo = ["demo_lib.layers.shift_forward", "demo_lib.layers.scale_forward", "demo_lib.layers.leaky_forward"]
"""
MESSAGE = (
    r"source/demo/assignment.toml: expected nothing solved that is to do later, got "
    r"demo_lib.layers.shift_forward \(to do in later\); add it to leave_out or todo"
)


@pytest.fixture
def demo(demo: Course) -> Course:
    """With a later assignment, whose notebooks are not written yet."""
    demo.write("source/later/assignment.toml", LATER)
    demo.change("course.toml", '["demo"]', '["demo", "later"]')
    return demo


def allow(demo: Course, *names: str) -> None:
    demo.change("source/demo/assignment.toml", "todo =", f"ships_solved = {list(names)}\ntodo =")


def test_what_is_to_do_later_is_refused_by_name(demo: Course, quiet: Quiet) -> None:
    refuse(demo, quiet, MESSAGE)


def test_so_it_is_where_nbgrader_builds_the_release(demo: Course) -> None:
    result = typed(demo)
    assert result.returncode != 0
    assert "demo_lib.layers.shift_forward (to do in later)" in result.stderr
    assert bytes_of(demo) == {}
    assert not clicked(demo)["success"]


def test_a_class_stands_for_its_methods(demo: Course, quiet: Quiet) -> None:
    demo.change("source/demo/assignment.toml", ', "demo_lib.layers.Net"]', "]")
    demo.change("source/later/assignment.toml", '"demo_lib.layers.shift_forward"', '"demo_lib.layers.Net"')
    refuse(demo, quiet, r"got demo_lib.layers.Net.__init__ \(to do in later\), demo_lib.layers.Net.loss")


def test_an_earlier_assignment_may_ship_solved(demo: Course, quiet: Quiet) -> None:
    demo.change("course.toml", '["demo", "later"]', '["later", "demo"]')
    build("demo", demo.root, quiet)


def test_what_the_settings_allow_ships(demo: Course, quiet: Quiet) -> None:
    allow(demo, "demo_lib.layers.shift_forward")
    build("demo", demo.root, quiet)
    assert "helpers.plus(x, b)" in (demo.release / "demo_lib/layers.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["scale_forward", "leaky_forward", "nothing"])
def test_a_permission_that_nothing_needs_is_refused(demo: Course, quiet: Quiet, name: str) -> None:
    allow(demo, "demo_lib.layers.shift_forward", f"demo_lib.layers.{name}")
    refuse(demo, quiet, rf"ships_solved: demo_lib.layers.{name} is not to do in a later assignment, or does")


def test_a_later_assignment_that_cannot_be_read_is_named(demo: Course, quiet: Quiet) -> None:
    demo.write("source/later/assignment.toml", "todo = [")
    refuse(demo, quiet, r"source/later/assignment.toml: expected TOML in UTF-8, got")


def test_marks_of_what_no_assignment_asks_for_are_named(demo: Course) -> None:
    """The line in assignment.toml was forgotten: students would get the solution, and nobody be asked."""
    demo.change("source/later/assignment.toml", '"demo_lib.layers.shift_forward", ', "")
    assignment = load("demo", demo.root)
    built = skeleton(assignment)
    line = demo_line(demo, "# TODO: Add b to every row.") + 1
    [finding] = in_no_list(assignment, built.given)
    assert finding == (
        f"demo_lib/layers.py:{line}: demo_lib.layers.shift_forward has marks, and is in no assignment's "
        "todo: students get it solved; list it in source/demo/assignment.toml, or delete its marks"
    )
    # What is left out does not reach them, and a class's entry covers its methods.
    assert [name for name, _ in built.given] == ["demo_lib.layers.shift_forward"]


def test_marks_of_what_an_earlier_assignment_asks_for_are_right(demo: Course) -> None:
    demo.change("course.toml", '["demo", "later"]', '["later", "demo"]')
    assignment = load("demo", demo.root)
    built = skeleton(assignment)
    assert built.given
    assert in_no_list(assignment, built.given) == []


def demo_line(demo: Course, text: str) -> int:
    lines = (demo.root / "demo_lib/layers.py").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines].index(text) + 1
