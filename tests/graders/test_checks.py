"""What the checks accept, what they refuse, and what they say."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import checks
from autograder.checks.checks import Case, CheckFailed

WANT = np.array([[1.5, -2.0, 3.0], [0.25, 5.0, -6.5]])


def refuse(property: str, match: str, check: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(CheckFailed, match=match) as caught:
        check(*args, **options)
    assert caught.value.property == property
    return str(caught.value)


def refuse_close(got: Any, property: str, match: str, want: Any = WANT, **options: Any) -> str:
    return refuse(property, match, checks.close, got, want, name="out of f", **({"rtol": 1e-7} | options))


@pytest.mark.parametrize(
    ("got", "match"),
    [
        (None, "out of f is None: the function returned nothing there"),
        ([1.0, 2.0], "out of f is a list; it must be a NumPy array or a number"),
        ("1", "out of f is a str"),
        (WANT.astype(complex), "out of f holds complex128 entries; it must hold real numbers"),
        (WANT.astype(str), "must hold real numbers"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(got: Any, match: str) -> None:
    refuse_close(got, "type", match)


@pytest.mark.parametrize(
    ("got", "match"),
    [
        (WANT.T, r"has shape \(3, 2\); it must have shape \(2, 3\). It looks transposed"),
        (WANT.reshape(1, 1, 6), "The number of entries is right: bring it into the asked shape"),
        (WANT[0], "Check the axes of the sums and the reshapes"),
    ],
)
def test_a_wrong_shape_is_named_with_what_it_looks_like(got: np.ndarray, match: str) -> None:
    refuse_close(got, "shape", match)


def test_a_number_is_no_array_of_one() -> None:
    refuse_close(np.array([2.0]), "shape", "must have shape", want=2.0)
    checks.close(np.array(2.0), 2.0, name="loss", rtol=1e-7)
    checks.close(2, 2.0, name="loss", rtol=1e-7)


@pytest.mark.parametrize(("bad", "kind"), [(np.nan, "NaN"), (np.inf, "an infinity")])
def test_nan_and_infinity_are_refused_with_their_place(bad: float, kind: str) -> None:
    got = WANT.copy()
    got[1, 2] = bad
    refuse_close(got, "value", f"holds {kind}: 1 of 6 entries, the first at index \\[1, 2\\]")


def test_a_wrong_value_says_how_many_where_and_how_far() -> None:
    got = WANT.copy()
    got[1, 0] += 0.01
    text = refuse_close(got, "value", re.escape("1 of 6 entries, the first at index [1, 0]"))
    assert "Relative error 1.1e-03 normwise, 3.8e-02 elementwise" in text
    assert text.endswith("Work a case of two or three numbers by hand.")
    text = refuse_close(got, "gradient", "wrong gradient", what="gradient")
    assert text.endswith("Compare with a numerical gradient on inputs of two or three numbers.")


def test_messages_hold_no_expected_number() -> None:
    for got in (WANT * 1.1, WANT + 1, WANT.T, -WANT, WANT * np.nan, np.zeros_like(WANT)):
        with pytest.raises(CheckFailed) as caught:
            checks.close(got, WANT, name="out", rtol=1e-7)
        for number in ("1.5", "-2.0", "0.25", "5.0", "6.5"):
            assert number not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda a: a * 0, "Every entry is 0"),
        (lambda a: -a, "The sign is the wrong way round"),
        (lambda a: 3 * a, "off by one common factor"),
        (lambda a: a + 2, "off by the same amount"),
        (lambda a: a**2, "Work a case of two or three numbers by hand"),
    ],
)
def test_the_advice_fits_the_mistake(change: Callable[[np.ndarray], np.ndarray], advice: str) -> None:
    refuse_close(change(WANT), "value", advice)


def test_a_transposed_square_is_recognised() -> None:
    square = np.arange(9.0).reshape(3, 3)
    refuse_close(square.T, "value", "It is transposed", want=square)


def test_an_error_against_zeros_has_no_relative_size() -> None:
    refuse_close(
        np.ones(3), "gradient", "Relative error above 1e6 normwise", want=np.zeros(3), what="gradient"
    )


def test_rounding_is_no_mistake() -> None:
    big = np.array([1e6, 1e-3, 0.0])
    checks.close(big + np.array([0.0, 1e-8, 1e-8]), big, name="sum", rtol=1e-7)  # cancelled from 1e6
    checks.close(WANT.astype(np.float32), WANT, name="out", rtol=1e-7)
    checks.close(WANT * (1 + 1e-8), WANT, name="out", rtol=1e-7)
    checks.close(WANT + 1e-3, WANT, name="out", rtol=1e-7, atol=1e-2)
    checks.close(np.zeros((0, 3)), np.zeros((0, 3)), name="nothing", rtol=1e-7)
    checks.close(np.array([True, False]), np.array([1.0, 0.0]), name="mask", rtol=1e-7)


@pytest.mark.parametrize("size", [1e-5, 1e-2])
def test_a_small_error_is_a_mistake(size: float) -> None:
    refuse_close(WANT * (1 + size), "value", "out of f")


def test_a_float32_mistake_is_a_mistake() -> None:
    refuse_close((WANT * 1.001).astype(np.float32), "value", "out of f")


def test_half_precision_is_not_enough() -> None:
    refuse_close((WANT / 3).astype(np.float16), "value", "out of f", want=WANT / 3)


def test_an_asked_dtype_must_come() -> None:
    checks.close(WANT.astype(np.float32), WANT, name="out", rtol=1e-7, dtype=np.float32)
    refuse_close(WANT, "dtype", "is float64; for these inputs it must be float32", dtype=np.float32)


def test_finite_returns_the_array() -> None:
    assert checks.finite(WANT, name="out") is WANT
    assert checks.same_dtype(WANT, np.float64, name="out") is WANT


def test_parts_counts_the_results() -> None:
    assert checks.parts((1, 2), 2, name="f") == (1, 2)
    assert checks.parts([1, 2], 2, name="f") == (1, 2)
    refuse("type", r"f returned nothing \(None\); it must return 2 values", checks.parts, None, 2, name="f")
    refuse("type", "f returned a float; it must return 2 values", checks.parts, 1.0, 2, name="f")
    refuse("type", "f returned 3 values; it must return 2", checks.parts, (1, 2, 3), 2, name="f")


def test_mapping_names_what_is_missing() -> None:
    assert checks.mapping({"a": 1}, ["a"], name="config") == {"a": 1}
    refuse("type", "config is a list; it must be a dict", checks.mapping, [], ["a"], name="config")
    refuse("type", "config has no entry for b, c", checks.mapping, {"a": 1}, ["a", "b", "c"], name="config")


def test_gradients_compares_every_entry_and_refuses_others() -> None:
    want = {"W1": WANT, "b1": WANT[0]}
    checks.gradients(dict(want), want, name="grads", rtol=1e-7)
    options = {"name": "grads", "rtol": 1e-7}
    refuse("type", "grads has no entry for b1", checks.gradients, {"W1": WANT}, want, **options)
    extra = {**want, "x" * 99: WANT}
    refuse("type", "belong to no parameter: x{57}\\.\\.\\.", checks.gradients, extra, want, **options)
    wrong = {**want, "b1": 2 * WANT[0]}
    refuse("gradient", r"grads\['b1'\].*wrong gradient", checks.gradients, wrong, want, **options)


@pytest.mark.parametrize(
    "after", [WANT + 1, WANT.T, WANT.astype(np.float32), np.where(WANT > 4, np.nan, WANT)], ids=str
)
def test_a_changed_argument_is_noticed(after: np.ndarray) -> None:
    refuse(
        "mutation", "dout was changed by the call. Work on a copy", checks.unchanged, WANT, after, name="dout"
    )


def test_an_unchanged_argument_may_hold_nan() -> None:
    checks.unchanged(WANT, WANT.copy(), name="dout")
    checks.unchanged(np.array([np.nan]), np.array([np.nan]), name="dout")
    checks.unchanged(np.arange(3), np.arange(3), name="y")


class StudentTrouble(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def build_on(error: Exception) -> None:
    with checks.preparing("f_backward", needs="f_forward", why="it makes the cache"):
        raise error


def test_a_check_that_lacks_its_groundwork_says_so() -> None:
    match = "f_backward could not be checked, because f_forward is not written yet, and it makes the cache"
    refuse("needs", match, build_on, StudentTrouble("not_implemented", "stub"))
    refuse("needs", r"f_forward did not work \(boom\)", build_on, StudentTrouble("raised", "boom"))
    refuse("shape", "as it was", build_on, CheckFailed("shape", "as it was"))


def test_an_error_of_ours_is_not_blamed_on_the_student() -> None:
    with pytest.raises(OSError, match="disk"):
        build_on(OSError("disk"))


def raising(error: Exception | None) -> None:
    with checks.raises("ValueError", name="squares"):
        if error is not None:
            raise error


def test_an_error_that_is_asked_for_passes() -> None:
    raising(StudentTrouble("raised", "ValueError: n must be at least 1"))
    raising(StudentTrouble("raised", "ValueError"))


def test_another_error_or_none_where_one_is_asked_for_fails() -> None:
    refuse("value", "squares raises nothing; for this input it must raise ValueError", raising, None)
    other = StudentTrouble("raised", "TypeError: ValueError")
    refuse("value", "squares raises TypeError; for this input it must raise ValueError", raising, other)
    refuse("shape", "as it was", raising, CheckFailed("shape", "as it was"))


@pytest.mark.parametrize("kind", ["not_implemented", "import", "missing", "limit", "crash", "bad_reply"])
def test_what_is_no_error_of_the_function_is_not_taken_for_one(kind: str) -> None:
    with pytest.raises(StudentTrouble, match="ValueError"):
        raising(StudentTrouble(kind, "ValueError: n"))
    with pytest.raises(OSError, match="ValueError"):
        raising(OSError("ValueError: n"))


def test_a_case_reads_its_data_as_attributes() -> None:
    case = Case("a", "edge", weight=2, hint="look", x=3)
    assert (case.id, case.kind, case.weight, case.hint, case.x) == ("a", "edge", 2, "look", 3)
    assert repr(case) == "Case('a', kind='edge')"
    with pytest.raises(AttributeError, match="case a has no 'y'"):
        case.y  # noqa: B018


def test_a_case_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="kind must be core or edge, got 'hard'"):
        Case("a", "hard")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weight must be above 0, got 0"):
        Case("a", weight=0)


def test_cases_marks_each_row_with_its_cell() -> None:
    @checks.cases("relu_forward", Case("a", hint="h"), Case("b", "edge", weight=2))
    def check(case: Case) -> None: ...

    (mark,) = check.pytestmark  # type: ignore[attr-defined]
    names, rows = mark.args
    assert names == "case"
    assert [row.id for row in rows] == ["a", "b"]
    grade = rows[1].marks[0].mark
    assert (grade.name, grade.args) == ("grade", ("relu_forward",))
    assert grade.kwargs == {
        "kind": "edge",
        "weight": 2,
        "hint": "",
        "builds_on": {},
        "without": (),
        "after": (),
    }


def test_cases_say_what_they_build_on_and_what_they_do_without() -> None:
    @checks.cases("net", Case("a"), builds_on={"layers.relu_forward": 1}, without=["fast_layers"])
    def check(case: Case) -> None: ...

    (mark,) = check.pytestmark  # type: ignore[attr-defined]
    grade = mark.args[1][0].marks[0].mark
    assert grade.kwargs["builds_on"] == {"layers.relu_forward": 1}
    assert grade.kwargs["without"] == ("fast_layers",)
    with pytest.raises(ValueError, match=r"net: builds_on names functions with their modules, got 'relu'"):
        checks.cases("net", Case("a"), builds_on={"relu": 1})


def test_two_cases_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="relu_forward: two cases share an id"):
        checks.cases("relu_forward", Case("a"), Case("a"))


def test_a_students_own_text_is_short_and_harmless() -> None:
    assert checks.shown("W1\n\x1b[2J\u202e b") == "W1 [2J b"
    assert len(checks.shown("x" * 1000)) == checks.MAX_SHOWN
