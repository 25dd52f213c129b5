"""Max pooling, forward and backward. No window holds its maximum twice, so every right convention agrees."""

from typing import Any

import numpy as np

from autograder.checks.checks import (
    DTYPE_HINT,
    RTOL,
    USED_AGAIN_HINT,
    Case,
    cases,
    close,
    parts,
    same_dtype,
    unchanged,
)
from autograder.checks.fixed import Arrays, load
from autograder.graders.assignment2.calls import EXPECTED, FAST, cached, stays_single

FIXED = load(EXPECTED, "pool")
NAME, BACK = "max_pool_forward_naive", "max_pool_backward_naive"


def settings(row: Arrays) -> dict[str, int]:
    return {name: int(row[name]) for name in ("pool_height", "pool_width", "stride")}


def forward(student: Any, row: Arrays, dtype: Any = np.float64) -> tuple[Any, Any]:
    got = student.call(f"layers.{NAME}", row["x"].astype(dtype), settings(row), keep=1)
    return parts(got, 2, name=NAME)


@cases(
    NAME,
    Case(
        "two_by_two",
        row="two_by_two",
        weight=2,
        hint="The largest entry of each 2×2 block, for every image and every channel on its own.",
    ),
    Case(
        "three_by_three",
        row="three_by_three",
        hint="Window and stride are 3 here; read them from pool_param.",
    ),
    Case(
        "all_negative",
        row="all_negative",
        hint="All entries are below 0 here: a maximum that starts from 0 is wrong.",
    ),
    Case(
        "overlapping",
        "edge",
        row="overlapping",
        hint="The stride is smaller than the window here, so windows overlap. What is the output's size?",
    ),
    Case(
        "stride_1",
        "edge",
        row="stride_1",
        hint="The window moves by 1 here: every place has its own maximum.",
    ),
    Case(
        "rectangular",
        "edge",
        row="rectangular",
        hint="Image and window are not square here: keep heights apart from widths.",
    ),
    Case(
        "windows_do_not_tile",
        "edge",
        row="no_tile",
        hint="The last row and column fill no window here: they are left out, so sizes are rounded down.",
    ),
    Case(
        "gaps",
        "edge",
        row="gaps",
        hint="The stride is larger than the window here: some entries belong to no window.",
    ),
    without=FAST,
)
def test_max_pool_forward_naive(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    out, _ = forward(student, row)
    close(out, row["out"], name=f"out of {NAME}", rtol=RTOL)


@cases(
    NAME,
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case("x_unchanged", "edge", hint="x belongs to the caller: do not write into its windows."),
    without=FAST,
)
def test_max_pool_forward_naive_contract(student: Any, case: Case) -> None:
    row, dtype = FIXED["two_by_two"], np.float32 if case.id == "dtype" else np.float64
    x = row["x"].astype(dtype)
    echo = student.call(f"layers.{NAME}", x, settings(row), keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=NAME)
    close(out, row["out"], name=f"out of {NAME}", rtol=RTOL)
    if case.id == "dtype":
        same_dtype(out, dtype, name=f"out of {NAME}")
        return
    unchanged(x, echo.args[0], name=f"x, the argument of {NAME},")


@cases(
    BACK,
    Case(
        "two_by_two",
        row="two_by_two",
        weight=2,
        hint="Each dout goes to the entry that was its window's maximum, and the others get 0.",
    ),
    Case(
        "three_by_three",
        row="three_by_three",
        hint="np.argmax of a window counts along its rows: turn the count into row and column by the "
        "window's width.",
    ),
    Case(
        "all_negative",
        row="all_negative",
        hint="All entries are below 0 here; a maximum need not be positive.",
    ),
    Case(
        "overlapping",
        "edge",
        weight=2,
        row="overlapping",
        hint="One entry may be the maximum of several windows here: their gradients add up. Do you add to "
        "dx, or assign?",
    ),
    Case("stride_1", "edge", row="stride_1", hint="Windows overlap here: gradients that meet add up."),
    Case(
        "rectangular",
        "edge",
        row="rectangular",
        hint="Image and window are not square here: keep heights apart from widths.",
    ),
    Case(
        "windows_do_not_tile",
        "edge",
        row="no_tile",
        hint="The last row and column are in no window here: their gradient is 0, and dx keeps x's shape.",
    ),
    Case(
        "gaps",
        "edge",
        row="gaps",
        hint="The stride is larger than the window here: entries of no window get a gradient of 0.",
    ),
    without=FAST,
)
def test_max_pool_backward_naive(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    _, cache = cached(student, BACK, NAME, row["x"], settings(row))
    dx = student.call(f"layers.{BACK}", row["dout"], cache)
    close(dx, row["dx"], name=f"dx of {BACK}", rtol=RTOL, what="gradient")


@cases(
    BACK,
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case("arguments_unchanged", "edge", hint=USED_AGAIN_HINT),
    without=FAST,
)
def test_max_pool_backward_naive_contract(student: Any, case: Case) -> None:
    row, dtype = FIXED["two_by_two"], np.float32 if case.id == "dtype" else np.float64
    dout = row["dout"].astype(dtype)
    out, cache = cached(student, BACK, NAME, row["x"].astype(dtype), settings(row))
    for call in ("", " at a second call with the same cache"):
        echo = student.call(f"layers.{BACK}", dout, cache, echo=True)
        close(echo.result, row["dx"], name=f"dx of {BACK}{call}", rtol=RTOL, what="gradient")
        if case.id == "dtype":
            stays_single(echo.result, out, name=f"dx of {BACK}")
        unchanged(dout, echo.args[0], name=f"dout, the argument of {BACK},")
