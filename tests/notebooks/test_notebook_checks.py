"""The printed checks say what is wrong, and never raise on a student's value."""

from contextlib import suppress

import numpy as np
import pytest

from cs_lib import notebook_checks as checks

WANT = np.array([1.0, 2.0])


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    checks._tally.take()
    checks._tally.later = []


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


def test_a_total_ends_a_cell(capsys):
    checks.holds("x", True)
    checks.holds("y", True)
    checks.total()
    assert capsys.readouterr().out.splitlines()[-1] == "  2 of 2"


def test_a_total_with_a_failure_raises_one_line():
    checks.holds("x", True)
    checks.holds("y", False)
    with pytest.raises(checks.NotYet, match=r"^1 of 2: see the lines that say NOT YET$") as caught:
        checks.total()
    assert caught.value._render_traceback_() == ["  1 of 2: see the lines that say NOT YET"]
    checks.total()  # and the next cell begins at zero


def kept(capsys, function, *args, **kwargs):
    """What `keeps` says of a function, and at the end of its cell."""
    with suppress(checks.NotYet):
        checks.keeps(function, *args, **kwargs)
        checks.total()
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


X, W = np.ones((2, 3)), np.ones((3, 4))


def layer(x, w):
    return x @ w, (x, w)


def test_keeps_passes_a_function_that_writes_to_nothing(capsys):
    assert kept(capsys, layer, X, W) == [
        "ok kept layer: no argument changed",
        "ok float32 layer: stays float32",
        "2 of 2",
    ]


def test_keeps_speaks_after_the_values_when_all_is_well(capsys):
    checks.keeps(layer, X, W)
    checks.holds("value", True)
    checks.total()
    words = [line.split()[1] for line in capsys.readouterr().out.splitlines()[:3]]
    assert words == ["value", "kept", "float32"]


def test_keeps_names_the_argument_that_was_written_to(capsys):
    def forward(x, w):
        w *= 2
        return x @ w, None

    assert kept(capsys, forward, X, W)[0] == "NOT YET kept forward: w changed"
    assert np.array_equal(W, np.ones((3, 4)))


def test_keeps_says_a_changed_argument_before_all_else(capsys):
    """What comes after it may end the cell because of it."""

    def forward(x):
        x *= 2
        return x, None

    checks.keeps(forward, X)
    assert "NOT YET  kept" in capsys.readouterr().out


def test_keeps_sees_a_change_of_shape(capsys):
    def forward(x):
        x.resize((3, 2), refcheck=False)
        return x, None

    assert kept(capsys, forward, X)[0] == "NOT YET kept forward: x changed"


def test_keeps_sees_a_change_of_dout_by_a_backward_pass(capsys):
    def backward(dout, cache):
        dout[cache < 2] = 0
        return dout

    lines = kept(capsys, backward, X, forward=(lambda x: (x, x), X))
    assert lines[0] == "NOT YET kept backward: dout changed"


@pytest.mark.parametrize(
    ("pack", "take"),
    [
        (lambda x: x, lambda c: c),
        (lambda x: (x, 2), lambda c: c[0]),
        (lambda x: {"x": [x]}, lambda c: c["x"][0]),
    ],
    ids=["array", "tuple", "list in a dict"],
)
def test_keeps_sees_a_cache_that_a_backward_pass_writes_to(capsys, pack, take):
    def backward(dout, cache):
        take(cache)[...] += 1
        return dout

    lines = kept(capsys, backward, X, forward=(lambda x: (x, pack(x)), X))
    assert lines[0] == "NOT YET kept backward: cache changed"


def test_keeps_sees_float64_among_the_results(capsys):
    lines = kept(capsys, lambda x, w: (np.zeros((2, 4)) + x @ w, None), X, W)
    assert lines[1] == "NOT YET float32 <lambda>: a result is float64"


def test_keeps_casts_the_arrays_of_a_setting_and_leaves_integers(capsys):
    def rule(w, dw, config):
        assert config["t"] == 5
        return w - config["v"] * dw, config

    assert kept(capsys, rule, X, X, {"v": X, "t": 5})[1].startswith("ok")


def test_keeps_does_not_pass_what_gives_no_array(capsys):
    assert kept(capsys, lambda x: 3, X)[1] == "NOT YET float32 <lambda>: no array came back"


def without_return(x):
    x + 1


def test_keeps_says_where_a_return_is_missing(capsys):
    line = without_return.__code__.co_firstlineno
    said = f"NOT YET result without_return returns nothing (test_notebook_checks.py, line {line})"
    assert kept(capsys, without_return, X)[0] == said
    assert kept(capsys, lambda dout, cache: dout, X, forward=(without_return, X))[0] == said
    with pytest.raises(checks.NotYet, match=r"^0 of 1"):
        checks.keeps(without_return, X)


def test_keeps_leaves_the_generator_as_it_was():
    np.random.seed(3)
    want = np.random.rand()
    np.random.seed(3)
    checks.keeps(lambda x: (x * np.random.rand(), None), X)
    assert np.random.rand() == want


def test_what_a_broken_cell_left_does_not_count_in_the_next(capsys):
    """Outside of Jupyter a cell is the file that its code names."""
    for cell, source in (
        ("cell 1", "c.holds('x', False)\nc.keeps(f, x)"),
        ("cell 2", "c.holds('y', True)\nc.total()"),
    ):
        names = {"__name__": "__main__", "c": checks, "f": without_return, "x": X}
        with suppress(checks.NotYet):
            exec(compile(source, cell, "exec"), names)
    assert capsys.readouterr().out.splitlines()[-1] == "  1 of 1"


def test_title(capsys):
    checks.title("affine_forward")
    assert capsys.readouterr().out == "affine_forward\n"
