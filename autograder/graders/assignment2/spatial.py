"""What the graders of spatial batch norm and group norm share.

Both are often built on batchnorm_* and layernorm_*. What is wrong there costs points there: a result passes
that agrees with what the student's own functions give when we call them on the right rows.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.checks import (
    GRAD_RTOL,
    Case,
    CheckFailed,
    array,
    excuse,
    parts,
    same_dtype,
    same_shape,
    unchanged,
)
from autograder.checks.fixed import Arrays
from autograder.graders.assignment2.calls import agrees, cached, filled, like, says_something
from autograder.graders.assignment2.norms import GRADS, NORM_RTOL, OWN_RTOL, Layer, judge_gradient

STATS = ("running_mean", "running_var")


def pixels(x: np.ndarray) -> np.ndarray:
    """One row for each pixel, one column for each channel."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def images(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def own_batchnorm(student: Any, args: list[Any], dout: np.ndarray | None = None, back: str = "") -> Arrays:
    x, *rest = args
    echo = student.call("layers.batchnorm_forward", pixels(x), *rest, keep=1, echo=True)
    rows, cache = parts(echo.result, 2, name="")
    out = images(same_shape(rows, pixels(x).shape, name=""), x.shape)
    if not says_something(out, x):
        return {}
    found = {"out": out} | {k: array(v, name="") for k, v in echo.args[3].items() if k in STATS}
    if dout is not None:
        grads = parts(student.call(f"layers.{back}", pixels(dout), cache), 3, name="")
        dx = images(same_shape(grads[0], pixels(x).shape, name=""), x.shape)
        if says_something(dx, dout):
            found |= {"dx": dx, "dgamma": array(grads[1], name=""), "dbeta": array(grads[2], name="")}
    return found


def own_layernorm(student: Any, row: Arrays, back: str = "") -> Arrays:
    """Group norm by layernorm_* on one row for each group, gamma and beta applied afterwards."""
    x, gamma, beta = row["x"], row["gamma"], row["beta"]
    rows = group_rows(x, row)
    one, zero = np.ones(rows.shape[1], x.dtype), np.zeros(rows.shape[1], x.dtype)
    hat, cache = parts(student.call("layers.layernorm_forward", rows, one, zero, {}, keep=1), 2, name="")
    x_hat = same_shape(hat, rows.shape, name="").reshape(x.shape)
    if not says_something(x_hat, x):
        return {}
    found = {"out": gamma * x_hat + beta}
    if back:
        grads = parts(student.call(f"layers.{back}", group_rows(row["dout"] * gamma, row), cache), 3, name="")
        dx = same_shape(grads[0], rows.shape, name="").reshape(x.shape)
        if says_something(dx, row["dout"]):
            found |= {"dx": dx, "dgamma": (row["dout"] * x_hat).sum(axis=(0, 2, 3), keepdims=True)}
    return found


def excused(got: np.ndarray, key: str, own: Arrays | None) -> bool:
    return own is not None and key in own and agrees(got, own[key], OWN_RTOL)


def group_rows(x: np.ndarray, row: Arrays) -> np.ndarray:
    return x.reshape(len(x) * int(row["groups"]), -1)


def sharpness(case: Case) -> float:
    return GRAD_RTOL if case.id.endswith("small_variance") else NORM_RTOL


def check_forward_contract(
    student: Any,
    layer: Layer,
    row: Arrays,
    *,
    single: bool,
    below: str,
    own: Callable[[list[Any]], Arrays | None],
) -> None:
    """float32 stays float32, unless the student's function below this one does not keep it either."""
    args = layer.arguments(row, np.float32 if single else np.float64)
    echo = student.call(f"layers.{layer.forward}", *args, keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=layer.forward)
    filled(out, np.shape(out), name=f"out of {layer.forward}")
    if single:
        try:
            same_dtype(out, np.float32, name=f"out of {layer.forward}")
        except CheckFailed:
            if np.asarray(out).dtype != (own(args) or {}).get("out", args[0]).dtype:
                raise
            excuse(student, below)
        return
    for name, before, after in zip(("x", "gamma", "beta"), args[:3], echo.args, strict=False):
        unchanged(before, after, name=f"{name}, the argument of {layer.forward},")


def check_gradient(
    student: Any,
    layer: Layer,
    back: str,
    case: Case,
    row: Arrays,
    own: Callable[[str], Arrays | None],
    *below: str,
) -> None:
    """`below` are the forward function it may be built on, and that one's backward functions."""
    out, cache = cached(student, back, layer.forward, *layer.arguments(row))
    grads = parts(student.call(f"layers.{back}", row["dout"], cache), 3, name=back)
    name = f"{case.which} of {back}"
    got = like(grads[GRADS.index(case.which)], row[case.which], name=name)
    try:
        judge_gradient(student, layer, row, out, got, case.which, name=name, rtol=sharpness(case))
    except CheckFailed:
        alike = [name for name in below[1:] if excused(got, case.which, own(name))]
        if not alike:
            raise
        excuse(student, below[0], *alike)
