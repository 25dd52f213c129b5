"""The affine layer and ReLU: values, gradients with each student's own cache, and the layers' contract."""

from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import (
    DTYPE_HINT,
    RTOL,
    SINGLE,
    USED_AGAIN_HINT,
    Case,
    cases,
    close,
    filled,
    parts,
    preparing,
    unchanged,
)
from autograder.checks.fixed import load

FIXED = load(Path(__file__).parent / "expected", "affine_relu")


@cases(
    "affine_forward",
    Case(
        "matrix",
        row="matrix",
        hint="The plain case, x with one row an example: one matrix product and the bias on every row.",
    ),
    Case(
        "images",
        row="images",
        hint="x has more than two axes here. Each example becomes one row; the first axis stays the batch.",
    ),
    Case(
        "one_sample",
        row="one_sample",
        hint="A batch of one still gives a result with two axes: do not squeeze.",
    ),
    Case(
        "square",
        row="square",
        hint="x and w are square here, so a transposed product raises no error: check the order.",
    ),
    Case(
        "five_axes",
        "edge",
        row="five_axes",
        hint="x may have any number of axes. Compute the length of a row from x's shape, or let NumPy do it.",
    ),
)
def test_affine_forward(student: Any, case: Case) -> None:
    fixed = FIXED[f"affine/{case.row}"]
    out = out_of(student.call("layers.affine_forward", fixed["x"], fixed["w"], fixed["b"], keep=1))
    close(out, fixed["out"], name="out of affine_forward", rtol=RTOL)


@cases(
    "affine_forward",
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case(
        "arguments_unchanged",
        "edge",
        hint="reshape gives a new view; setting x.shape, or adding with +=, changes the caller's array.",
    ),
)
def test_affine_forward_contract(student: Any, case: Case) -> None:
    fixed, name = FIXED["affine/images"], "out of affine_forward"
    args = [fixed["x"], fixed["w"], fixed["b"]]
    if case.id == "dtype":
        out = out_of(student.call("layers.affine_forward", *cast(args, SINGLE), keep=1))
        close(out, fixed["out"], name=name, rtol=RTOL, dtype=SINGLE)
        return
    echo = student.call("layers.affine_forward", *args, keep=1, echo=True)
    close(out_of(echo.result), fixed["out"], name=name, rtol=RTOL)
    for name, before, after in zip("xwb", args, echo.args, strict=True):
        unchanged(before, after, name=f"{name}, the argument of affine_forward,")


@cases(
    "affine_backward",
    Case(
        "dx",
        row="matrix",
        results=["dx"],
        hint="Each input feeds every output of its own example, by one weight each.",
    ),
    Case(
        "dw",
        row="matrix",
        results=["dw"],
        hint="Each weight is used by every example of the batch: their shares add up.",
    ),
    Case(
        "db",
        row="matrix",
        results=["db"],
        hint="The bias is added to every example: sum over the batch, do not average, and keep one axis.",
    ),
    Case(
        "images",
        row="images",
        results=["dx", "dw"],
        hint="x had more than two axes: dx must come back in x's own shape, and dw needs x as rows.",
    ),
    Case(
        "five_axes",
        "edge",
        row="five_axes",
        results=["dx"],
        hint="x may have any number of axes. Give dx the shape that x had, whatever it was.",
    ),
)
def test_affine_backward(student: Any, case: Case) -> None:
    fixed = FIXED[f"affine/{case.row}"]
    cache = affine_cache(student, fixed["x"], fixed["w"], fixed["b"])
    found = parts(student.call("layers.affine_backward", fixed["dout"], cache), 3, name="affine_backward")
    for name, got in zip(("dx", "dw", "db"), found, strict=True):
        if name in case.results:
            close(got, fixed[name], name=f"{name} of affine_backward", rtol=RTOL, what="gradient")


@cases(
    "affine_backward",
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case("arguments_unchanged", "edge", hint=USED_AGAIN_HINT),
)
def test_affine_backward_contract(student: Any, case: Case) -> None:
    fixed, back = FIXED["affine/images"], "affine_backward"
    args, dout = [fixed["x"], fixed["w"], fixed["b"]], fixed["dout"]
    if case.id == "dtype":
        cache = affine_cache(student, *cast(args, SINGLE))
        found = parts(student.call(f"layers.{back}", dout.astype(SINGLE), cache), 3, name=back)
        for name, got in zip(("dx", "dw", "db"), found, strict=True):
            close(got, fixed[name], name=f"{name} of {back}", rtol=RTOL, dtype=SINGLE, what="gradient")
        return
    cache = affine_cache(student, *args)
    for call in ("", " at a second call with the same cache"):
        echo = student.call(f"layers.{back}", dout, cache, echo=True)
        for name, got in zip(("dx", "dw", "db"), parts(echo.result, 3, name=back), strict=True):
            close(got, fixed[name], name=f"{name} of {back}{call}", rtol=RTOL, what="gradient")
        unchanged(dout, echo.args[0], name=f"dout, the argument of {back},")


@cases(
    "relu_forward",
    Case("matrix", row="matrix", hint="Negative entries become 0, positive ones stay as they are."),
    Case("images", row="images", hint="ReLU works on an array of any shape and keeps it."),
    Case("negative", row="negative", hint="Here every entry is negative: all of out must be 0."),
)
def test_relu_forward(student: Any, case: Case) -> None:
    if case.id == "negative":  # zeros alone are no ReLU
        x = FIXED["relu/matrix"]["x"]
        filled(out_of(student.call("layers.relu_forward", x, keep=1)), x.shape, name="out of relu_forward")
    fixed = FIXED[f"relu/{case.row}"]
    out = out_of(student.call("layers.relu_forward", fixed["x"], keep=1))
    close(out, fixed["out"], name="out of relu_forward", rtol=RTOL)


@cases(
    "relu_forward",
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case(
        "x_unchanged",
        "edge",
        hint="x[x < 0] = 0 writes into the caller's array, and the backward pass then sees the wrong x.",
    ),
)
def test_relu_forward_contract(student: Any, case: Case) -> None:
    fixed, name = FIXED["relu/matrix"], "out of relu_forward"
    if case.id == "dtype":
        out = out_of(student.call("layers.relu_forward", fixed["x"].astype(SINGLE), keep=1))
        close(out, fixed["out"], name=name, rtol=RTOL, dtype=SINGLE)
        return
    echo = student.call("layers.relu_forward", fixed["x"], keep=1, echo=True)
    close(out_of(echo.result), fixed["out"], name=name, rtol=RTOL)
    unchanged(fixed["x"], echo.args[0], name="x, the argument of relu_forward,")


@cases(
    "relu_backward",
    Case(
        "matrix", row="matrix", hint="dout passes where the input was positive. Its own sign does not matter."
    ),
    Case("images", row="images", hint="ReLU works on an array of any shape, backwards too."),
    Case("negative", row="negative", hint="Every input was negative, so nothing may come through."),
)
def test_relu_backward(student: Any, case: Case) -> None:
    if case.id == "negative":
        other = FIXED["relu/matrix"]
        dx = student.call("layers.relu_backward", other["dout"], relu_cache(student, other["x"]))
        filled(dx, other["x"].shape, name="dx of relu_backward")
    fixed = FIXED[f"relu/{case.row}"]
    dx = student.call("layers.relu_backward", fixed["dout"], relu_cache(student, fixed["x"]))
    close(dx, fixed["dx"], name="dx of relu_backward", rtol=RTOL, what="gradient")


@cases(
    "relu_backward",
    Case("dtype", "edge", hint="A mask of True and False keeps the dtype of dout. " + DTYPE_HINT),
    Case("at_zero", "edge", hint="The docstring says what the gradient is where x is 0: `>` is not `>=`."),
    Case(
        "arguments_unchanged",
        "edge",
        hint="dx = dout does not copy: setting entries of dx to 0 then changes the caller's dout. A second "
        "call with the same cache gives the same gradient.",
    ),
)
def test_relu_backward_contract(student: Any, case: Case) -> None:
    fixed, name = FIXED["relu/matrix"], "dx of relu_backward"
    x, dout = fixed["x"], fixed["dout"]
    if case.id == "dtype":
        cache = relu_cache(student, x.astype(SINGLE))
        dx = student.call("layers.relu_backward", dout.astype(SINGLE), cache)
        close(dx, fixed["dx"], name=name, rtol=RTOL, dtype=SINGLE, what="gradient")
        return
    if case.id == "at_zero":
        at_zero = np.where(np.indices(x.shape).sum(axis=0) % 2 == 0, 0.0, x)
        dx = student.call("layers.relu_backward", dout, relu_cache(student, at_zero))
        close(dx, np.where(at_zero > 0, dout, 0.0), name=name, rtol=RTOL, what="gradient")
        return
    cache = relu_cache(student, x)
    for call in ("", " at a second call with the same cache"):
        echo = student.call("layers.relu_backward", dout, cache, echo=True)
        close(echo.result, fixed["dx"], name=f"{name}{call}", rtol=RTOL, what="gradient")
        unchanged(dout, echo.args[0], name="dout, the argument of relu_backward,")


def out_of(result: Any) -> Any:
    return parts(result, 2, name="the forward function")[0]


def affine_cache(student: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Any:
    with preparing("affine_backward", needs="affine_forward", why="it makes the cache that is read"):
        return student.call("layers.affine_forward", x, w, b, keep=1)[1]


def relu_cache(student: Any, x: np.ndarray) -> Any:
    with preparing("relu_backward", needs="relu_forward", why="it makes the cache that is read"):
        return student.call("layers.relu_forward", x, keep=1)[1]


def cast(arrays: list[np.ndarray], dtype: Any) -> list[np.ndarray]:
    return [array.astype(dtype) for array in arrays]
