"""The affine layer and ReLU: values, gradients with each student's own cache, and the layers' contract."""

from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import RTOL, Case, building_on, cases, close, parts, same_dtype, unchanged
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
    Case("float32", "edge", hint="float32 in, float32 out: make no float64 array on the way."),
    Case(
        "arguments_unchanged",
        "edge",
        hint="reshape gives a new view; setting x.shape, or adding with +=, changes the caller's array.",
    ),
)
def test_affine_forward_contract(student: Any, case: Case) -> None:
    fixed = FIXED["affine/images"]
    args = [fixed["x"], fixed["w"], fixed["b"]]
    if case.id == "float32":
        out = out_of(student.call("layers.affine_forward", *single(*args), keep=1))
        close(out, fixed["out"], name="out of affine_forward", rtol=RTOL, dtype=np.float32)
        return
    echo = student.call("layers.affine_forward", *args, keep=1, echo=True)
    close(out_of(echo.result), fixed["out"], name="out of affine_forward", rtol=RTOL)
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
    Case("float32", "edge", hint="float32 in, float32 gradients out: make no float64 array on the way."),
    Case("dout_unchanged", "edge", hint="The caller may still need dout: work on a copy of it."),
)
def test_affine_backward_contract(student: Any, case: Case) -> None:
    fixed = FIXED["affine/images"]
    args, dout = [fixed["x"], fixed["w"], fixed["b"]], fixed["dout"]
    if case.id == "float32":
        cache = affine_cache(student, *single(*args))
        found = parts(student.call("layers.affine_backward", *single(dout), cache), 3, name="affine_backward")
        for name, got in zip(("dx", "dw", "db"), found, strict=True):
            same_dtype(got, np.float32, name=f"{name} of affine_backward")
        close(found[0], fixed["dx"], name="dx of affine_backward", rtol=RTOL, what="gradient")
        return
    echo = student.call("layers.affine_backward", dout, affine_cache(student, *args), echo=True)
    dx, _, _ = parts(echo.result, 3, name="affine_backward")
    close(dx, fixed["dx"], name="dx of affine_backward", rtol=RTOL, what="gradient")
    unchanged(dout, echo.args[0], name="dout, the argument of affine_backward,")


@cases(
    "relu_forward",
    Case("matrix", row="matrix", hint="Negative entries become 0, positive ones stay as they are."),
    Case("images", row="images", hint="ReLU works on an array of any shape and keeps it."),
    Case("negative", row="negative", hint="Here every entry is negative: all of out must be 0."),
)
def test_relu_forward(student: Any, case: Case) -> None:
    fixed = FIXED[f"relu/{case.row}"]
    out = out_of(student.call("layers.relu_forward", fixed["x"], keep=1))
    close(out, fixed["out"], name="out of relu_forward", rtol=RTOL)


@cases(
    "relu_forward",
    Case("float32", "edge", hint="float32 in, float32 out: make no float64 array on the way."),
    Case(
        "x_unchanged",
        "edge",
        hint="x[x < 0] = 0 writes into the caller's array, and the backward pass then sees the wrong x.",
    ),
)
def test_relu_forward_contract(student: Any, case: Case) -> None:
    fixed = FIXED["relu/matrix"]
    if case.id == "float32":
        out = out_of(student.call("layers.relu_forward", *single(fixed["x"]), keep=1))
        close(out, fixed["out"], name="out of relu_forward", rtol=RTOL, dtype=np.float32)
        return
    echo = student.call("layers.relu_forward", fixed["x"], keep=1, echo=True)
    close(out_of(echo.result), fixed["out"], name="out of relu_forward", rtol=RTOL)
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
    fixed = FIXED[f"relu/{case.row}"]
    dx = student.call("layers.relu_backward", fixed["dout"], relu_cache(student, fixed["x"]))
    close(dx, fixed["dx"], name="dx of relu_backward", rtol=RTOL, what="gradient")


@cases(
    "relu_backward",
    Case("float32", "edge", hint="float32 in, float32 out: a mask of True and False keeps the type of dout."),
    Case(
        "dout_unchanged",
        "edge",
        hint="dx = dout does not copy: setting entries of dx to 0 then changes the caller's dout.",
    ),
    Case(
        "cache_used_twice", "edge", hint="The cache must survive: a second call must give the same gradient."
    ),
)
def test_relu_backward_contract(student: Any, case: Case) -> None:
    fixed = FIXED["relu/matrix"]
    if case.id == "float32":
        cache = relu_cache(student, *single(fixed["x"]))
        dx = student.call("layers.relu_backward", *single(fixed["dout"]), cache)
        close(dx, fixed["dx"], name="dx of relu_backward", rtol=RTOL, dtype=np.float32, what="gradient")
        return
    cache = relu_cache(student, fixed["x"])
    echo = student.call("layers.relu_backward", fixed["dout"], cache, echo=True)
    close(echo.result, fixed["dx"], name="dx of relu_backward", rtol=RTOL, what="gradient")
    if case.id == "dout_unchanged":
        unchanged(fixed["dout"], echo.args[0], name="dout, the argument of relu_backward,")
    else:
        dx = student.call("layers.relu_backward", fixed["dout"], cache)
        close(dx, fixed["dx"], name="dx of a second relu_backward", rtol=RTOL, what="gradient")


def out_of(result: Any) -> Any:
    return parts(result, 2, name="the forward function")[0]


def affine_cache(student: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Any:
    with building_on("affine_backward", needs="affine_forward", why="it makes the cache that is read"):
        return student.call("layers.affine_forward", x, w, b, keep=1)[1]


def relu_cache(student: Any, x: np.ndarray) -> Any:
    with building_on("relu_backward", needs="relu_forward", why="it makes the cache that is read"):
        return student.call("layers.relu_forward", x, keep=1)[1]


def single(*arrays: np.ndarray) -> list[np.ndarray]:
    return [array.astype(np.float32) for array in arrays]
