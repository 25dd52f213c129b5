"""The printed checks say what is wrong, and never raise on a student's value."""

import numpy as np
import pytest

from cs_lib import notebook_checks as checks

WANT = np.array([1.0, 2.0])


def report(capsys, got, want=WANT, **kwargs):
    checks.compare("out", got, want, limit=1e-7, hint="sum over the batch", **kwargs)
    return capsys.readouterr().out


def test_a_close_value_is_ok_and_shows_no_hint(capsys):
    line = report(capsys, WANT * (1 + 1e-9))
    assert line.startswith("  ok       out ")
    assert "relative error 5.00e-10, expected below 1e-07" in line
    assert "hint" not in line


def test_a_far_value_is_not_yet_and_shows_the_hint(capsys):
    line = report(capsys, WANT * 1.001)
    assert line.startswith("  NOT YET  out ")
    assert "hint: sum over the batch" in line


def test_a_small_error_above_the_limit_does_not_pass(capsys):
    assert "NOT YET" in report(capsys, WANT + np.array([0, 1e-6]))


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (None, "is None"),
        (np.ones(3), "has shape (3,), expected (2,)"),
        (1.0, "has shape (), expected (2,)"),
        (np.array([1.0, np.nan]), "has 1 of 2 entries that are NaN or infinite"),
        ("text", "is not an array of numbers but a str"),
        ((WANT, {}), "is not an array of numbers but a tuple"),
    ],
    ids=["none", "shape", "scalar", "nan", "text", "tuple"],
)
def test_a_value_of_another_kind_is_explained(capsys, got, message):
    line = report(capsys, got)
    assert line.startswith("  NOT YET ")
    assert message in line


def test_numbers_compare_too(capsys):
    assert "ok" in report(capsys, 2.5, want=2.5)


def test_holds(capsys):
    checks.holds("x unchanged", np.bool_(True), hint="make a new array")
    checks.holds("x unchanged", False, hint="make a new array", detail="2 entries changed")
    first, second, hint = capsys.readouterr().out.splitlines()
    assert first == "  ok       x unchanged    yes"
    assert second == "  NOT YET  x unchanged    2 entries changed"
    assert hint.endswith("hint: make a new array")


def test_title(capsys):
    checks.title("affine_forward")
    assert capsys.readouterr().out == "affine_forward\n"
