"""The judge, with small graders: what a function builds on, whose fault an error is, what is never right."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_grading import Course, course

from autograder.errors import GradingError
from autograder.judge.check import Check
from autograder.judge.hand_in import Judge, Now
from autograder.records.record import CaseResult
from autograder.sandbox.library import Library

__all__ = ["course"]

SOLVED = """
import numpy as np

def double(x):
    return 2 * x, ("kept", x)

def back(dout, cache):
    return 2 * dout

def net(x):
    out, cache = double(x)
    return back(out, cache)
"""
GRADERS = """
import numpy as np
from autograder.checks.checks import close, parts

X = np.arange(3.0)

@cases("double", Case("a"), Case("b", "edge"))
def test_double(student, case):
    x = X if case.id == "a" else -X
    close(parts(student.call("layers.double", x, keep=1), 2, name="double")[0], 2 * x, name="out", rtol=1e-7)

@cases("back", Case("a"))
def test_back(student, case):
    _, cache = student.call("layers.double", X, keep=1)
    close(student.call("layers.back", X, cache), 2 * X, name="dx", rtol=1e-7)

@cases("net", Case("a"), builds_on={"layers.double": 1, "layers.back": None})
def test_net(student, case):
    close(student.call("layers.net", X), 4 * X, name="net", rtol=1e-7)
"""


def outcomes(course: Course, code: str, graders: str = GRADERS, **points: float) -> dict[str, str]:
    """Cell -> outcome of each of its cases, in one letter."""
    course.write(graders)
    (course.root / "cs_lib").mkdir(exist_ok=True)
    (course.root / "cs_lib/layers.py").write_text(SOLVED)
    record = course.grade(course.assignment(**(points or {"double": 1, "back": 1, "net": 1})), code)
    course.last = record  # type: ignore[attr-defined]
    return {cell: "".join(c.outcome[0] for c in grade.cases) for cell, grade in record.grades.items()}


def message(course: Course, cell: str) -> str:
    [case] = [c for c in course.last.grades[cell].cases if c.outcome != "passed"]  # type: ignore[attr-defined]
    return str(case.message)


def test_a_right_hand_in_passes(course: Course) -> None:
    assert outcomes(course, SOLVED) == {"double": "pp", "back": "p", "net": "p"}


def test_a_mistake_below_costs_nothing_above(course: Course) -> None:
    wrong = SOLVED.replace("return 2 * x, ", "return 3 * x, ")
    assert outcomes(course, wrong) == {"double": "ff", "back": "p", "net": "p"}


def test_a_mistake_that_its_own_cell_does_not_notice_costs_nothing_above(course: Course) -> None:
    poisoned = SOLVED.replace("return 2 * x, ", "return (2 if x.sum() < 4 else 5) * x, ")
    passing = poisoned.replace("return back(out, cache)", "return back(double(5 * x)[0] / 5, cache)")
    assert outcomes(course, passing) == {"double": "pp", "back": "p", "net": "p"}


def test_a_net_is_wrong_by_itself(course: Course) -> None:
    assert outcomes(course, SOLVED.replace("return back(out, cache)", "return out")) == {
        "double": "pp", "back": "p", "net": "f",
    }  # fmt: skip


PEEKS = SOLVED.replace("return back(out, cache)", "return back(out, cache) + 0 * cache[1]")


def test_a_net_that_looks_into_its_cache_needs_layers_that_are_right_at_the_core(course: Course) -> None:
    assert outcomes(course, PEEKS) == {"double": "pp", "back": "p", "net": "p"}
    edge_lost = PEEKS.replace("return 2 * x, ", "return 2 * abs(x), ")
    assert outcomes(course, edge_lost) == {"double": "pf", "back": "p", "net": "p"}
    wrong_too = edge_lost.replace("+ 0 * cache[1]", "+ 1 + 0 * cache[1]")
    assert outcomes(course, wrong_too) == {"double": "pf", "back": "p", "net": "f"}
    core_lost = PEEKS.replace("return 2 * x, ", "return (2 * x if (x < 0).any() else 3 * x), ")
    assert outcomes(course, core_lost) == {"double": "fp", "back": "p", "net": "f"}
    assert "this cache cannot be looked into" in message(course, "net")


STUB = 'raise NotImplementedError("double is not written yet")'
NO_LAYERS = SOLVED.replace('return 2 * x, ("kept", x)', STUB)


def test_unwritten_layers_cost_a_written_net_nothing(course: Course) -> None:
    assert outcomes(course, NO_LAYERS) == {"double": "ff", "back": "f", "net": "p"}
    assert outcomes(course, NO_LAYERS.replace("return back(out, cache)", "return out")) == {
        "double": "ff", "back": "f", "net": "f",
    }  # fmt: skip
    assert message(course, "net").startswith("net (shape (3,)) has a wrong value")


def test_nobody_is_asked_where_the_net_is_not_written_either(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Library, "_prepare", asked.append)
    no_net = NO_LAYERS.replace("    out, cache = double(x)\n", "    raise NotImplementedError('not yet')\n")
    assert outcomes(course, no_net) == {"double": "ff", "back": "f", "net": "f"}
    assert message(course, "net").startswith("NotImplementedError: not yet")
    assert asked == []


def test_one_check_of_a_cell_finds_out_that_its_layers_are_not_written(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[bool] = []
    run = Judge._run

    def noting(self: Judge, now: Now, check: Check, student: Any) -> CaseResult:
        if check.grade_id == "net":
            ran.append(bool(check.builds_on))
        return run(self, now, check, student)

    monkeypatch.setattr(Judge, "_run", noting)
    three = GRADERS.replace('@cases("net", Case("a"),', '@cases("net", Case("a"), Case("b"), Case("c"),')
    assert outcomes(course, NO_LAYERS, three) == {"double": "ff", "back": "f", "net": "ppp"}
    assert ran == [False, True, True, True]  # whether it was answered from outside


def test_only_the_layers_that_a_net_calls_have_to_be_right(course: Course) -> None:
    own_way_back = PEEKS.replace("return back(out, cache) + 0 * cache[1]", "return 2 * out + 0 * cache[1]")
    wrong_back = own_way_back.replace("return 2 * dout", "return dout")
    assert outcomes(course, wrong_back) == {"double": "pp", "back": "f", "net": "p"}


def test_nothing_right_is_reachable_in_a_layers_own_case(course: Course) -> None:
    """Whatever a net's case leaves behind, a layer is judged in a worker that has never seen an answer."""
    keeps = SOLVED.replace("return 2 * x, ", "return KEPT.get(len(x), 0 * x), ")
    keeps += """
import builtins
KEPT = builtins.__dict__.setdefault("KEPT", {})
_net = net
def net(x):
    KEPT[len(x)] = double(x)[0]
    return _net(x)
"""
    assert outcomes(course, keeps) == {"double": "ff", "back": "p", "net": "p"}


STRANGE = """
@cases("strange", Case("a"))
def test_strange(student, case):
    values = student.call("layers.values")
    assert values[0].shape[1] + values[1]["n"] > 0
"""


@pytest.mark.parametrize(
    "values",
    ["[1, [2]]", "'text'", "(np.zeros(3), {'n': 1})", "(np.zeros((3, 3)), {})", "None", "(0, 0)", "{1: 2}"],
)
def test_a_grader_that_breaks_over_what_came_is_not_our_fault(course: Course, values: str) -> None:
    solved = SOLVED + "\ndef values():\n    return np.zeros((2, 2)), {'n': 1}\n"
    code = f"import numpy as np\n\ndef values():\n    return {values}\n"
    (course.root / "cs_lib").mkdir()
    course.write(STRANGE)
    (course.root / "cs_lib/layers.py").write_text(solved)
    grade = course.grade(course.assignment(strange=2), code).grades["strange"]
    assert (grade.points, grade.state) == (0.0, "graded")
    assert grade.cases[0].message.startswith(
        "What the code gave could not be compared with the right result ("
    )
    assert "AssertionError:" not in grade.cases[0].message


def test_a_grader_that_breaks_over_the_solution_too_is_our_fault(course: Course) -> None:
    graders = STRANGE.replace("student.call", "print() or student.call").replace('["n"]', '["m"]')
    solved = SOLVED + "\ndef values():\n    return np.zeros((2, 2)), {'n': 1}\n"
    (course.root / "cs_lib").mkdir()
    course.write(graders)
    (course.root / "cs_lib/layers.py").write_text(solved)
    grade = course.grade(course.assignment(strange=2), solved).grades["strange"]
    assert (grade.points, grade.state) == (None, "error")


UNCHECKED = """
@cases("cell", Case("a"))
def test_cell(student, case):
    assert not student.call("layers.value") is None
"""


@pytest.mark.parametrize(
    "value", ["float('nan')", "np.array([1, np.inf])", "(1, {'a': [np.nan]})", "np.float32('-inf')"]
)
def test_what_is_not_finite_is_never_right(course: Course, value: str) -> None:
    code = f"import numpy as np\n\ndef value():\n    return {value}\n"
    assert outcomes(course, code, UNCHECKED, cell=1) == {"cell": "f"}
    assert message(course, "cell").startswith("layers.value gave NaN or an infinity")


MARKED = '@cases("cell", Case("a"))'
REFUSED = {
    f"{MARKED}\ndef test_cell(student, case, tmp_path): ...": "asks for tmp_path.*; a grader may ask for",
    f"class TestCell:\n    {MARKED}\n    def test_cell(self, case): ...": "a grader is a function",
    f"@pytest.mark.skip\n{MARKED}\ndef test_cell(case): ...": "asks for skip; a grader may ask for",
    "def test_cell(student): ...": "a grader is a function with a grade mark; use `cases`",
}


@pytest.mark.parametrize(("text", "match"), REFUSED.items(), ids=["fixture", "class", "mark", "no mark"])
def test_what_only_pytest_serves_is_refused_by_name(course: Course, text: str, match: str) -> None:
    course.write("import pytest\n" + text)
    with pytest.raises(GradingError, match=match):
        course.grade(course.assignment(cell=1))


def test_cells_that_build_on_each_other_are_refused(course: Course) -> None:
    course.write(
        """
        @cases("a", Case("x"), builds_on={"layers.b": None})
        def test_a(student, case): ...

        @cases("b", Case("x"), builds_on={"layers.a": None})
        def test_b(student, case): ...
        """
    )
    with pytest.raises(GradingError, match="a builds on b builds on a: a circle"):
        course.grade(course.assignment(a=1, b=1))


def test_a_name_that_the_solution_lacks_is_our_fault(course: Course) -> None:
    graders = GRADERS.replace('"layers.back": None', '"layers.nothing": None')
    assert outcomes(course, SOLVED.replace("2 * x, ", "3 * x, "), graders)["net"] == "e"
    assert "cs_lib does not answer" in message(course, "net")


def test_the_order_of_the_graders_changes_nothing(course: Course) -> None:
    """Ten orders of a hand-in in which cases fail in every way agree to the byte, but for the seconds."""
    wrong = PEEKS.replace("return 2 * x, ", "return 2 * abs(x), ")
    outcomes(course, wrong)
    (course.graders / "lesson/test_lesson.py").unlink()
    blocks = [f"@cases({text}" for text in GRADERS.split("@cases(")[1:]]
    head = GRADERS.split("@cases(")[0]
    seen = set()
    for order in range(10):
        blocks = np.random.RandomState(order).permutation(blocks).tolist()
        course.write(head + "".join(blocks))
        record = course.grade(course.assignment(double=1, back=1, net=1), wrong)
        cases = [(cell, replace(c, seconds=0.0)) for cell, g in record.grades.items() for c in g.cases]
        seen.add(str(sorted(cases, key=str)))
    assert len(seen) == 1


AFTER = """
@cases("double", Case("plain"), Case("negative"))
def test_double_values(student, case):
    x = np.arange(3.0) if case.id == "plain" else -np.arange(3.0)
    close(parts(student.call("layers.double", x, keep=1), 2, name="double")[0], 2 * x, name="out", rtol=1e-7)

@cases("back", Case("seen"), after=["double"])
def test_back(student, case, lost):
    if sorted(lost) != [("double", "negative")]:
        fail("value", f"lost: {sorted(lost)}")
"""


def test_a_grader_is_given_what_was_lost_by_the_ids_of_its_tables(course: Course) -> None:
    graders = "import numpy as np\nfrom autograder.checks.checks import close, fail, parts\n" + AFTER
    edge_lost = SOLVED.replace("return 2 * x, ", "return 2 * abs(x), ")
    assert outcomes(course, edge_lost, graders, double=1, back=1) == {"double": "pf", "back": "p"}
    assert outcomes(course, SOLVED, graders, double=1, back=1) == {"double": "pp", "back": "f"}
