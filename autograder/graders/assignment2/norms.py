"""What the graders of the four normalisation layers share.

A backward function gets the cache of the student's own forward function. If that forward pass divides by the
wrong thing, no backward function can give the right gradient; one that is right for what it was handed
passes. The divisor then costs the forward cell alone.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.checks import GRAD_RTOL, Case, CheckFailed, excuse, parts, unchanged
from autograder.checks.fixed import Arrays
from autograder.graders.assignment2.calls import agrees, attempt, cached, filled, like, near, stays_single

EPS = 1e-5
NORM_RTOL = (
    1e-5  # eps moves the core cases by less (variances of 1 and more); its own cases are GRAD_RTOL sharp
)
OWN_RTOL = 1e-4  # of the largest entry, against a centred difference of the student's own forward pass
STEP = 1e-4  # of that difference; x is of size 10, and the pass is smooth
GRADS = ("dx", "dgamma", "dbeta")


@dataclass(frozen=True)
class Layer:
    """A normalisation layer: `rows` brings an array of x's shape into rows of what is normalised together."""

    forward: str
    rows: Callable[[np.ndarray, Arrays], np.ndarray]
    settings: Callable[[Arrays], list[Any]]

    def arguments(self, row: Arrays, dtype: Any = np.float64) -> list[Any]:
        arrays = [row[name].astype(dtype) for name in ("x", "gamma", "beta")]
        return [*arrays, *self.settings(row)]


def per_channel(values: np.ndarray, ndim: int) -> np.ndarray:
    """gamma, beta or a statistic of channel axis 1, ready to meet x."""
    return values.reshape(-1, *[1] * (ndim - 2))


def forward(student: Any, layer: Layer, row: Arrays, dtype: Any = np.float64) -> tuple[Any, Any]:
    """(out, handle of the cache)."""
    got = student.call(f"layers.{layer.forward}", *layer.arguments(row, dtype), keep=1)
    return parts(got, 2, name=layer.forward)


def backward(
    student: Any, layer: Layer, name: str, row: Arrays, dtype: Any = np.float64
) -> tuple[Any, tuple[Any, ...]]:
    """(out of the student's forward function, what their backward function makes of its cache)."""
    out, cache = cached(student, name, layer.forward, *layer.arguments(row, dtype))
    grads = student.call(f"layers.{name}", row["dout"].astype(dtype), cache)
    return out, parts(grads, 3, name=name)


def check_gradient(student: Any, layer: Layer, name: str, case: Case, row: Arrays) -> None:
    """One of dx, dgamma and dbeta; `case.which` says which."""
    out, grads = backward(student, layer, name, row)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    got = grads[GRADS.index(case.which)]
    judge_gradient(student, layer, row, out, got, case.which, name=f"{case.which} of {name}", rtol=rtol)


def judge_gradient(
    student: Any,
    layer: Layer,
    row: Arrays,
    out: Any,
    got: object,
    which: str,
    *,
    name: str,
    rtol: float = NORM_RTOL,
) -> None:
    """`out` is what the forward function gave that left the cache."""
    values = like(got, row[which], name=name)
    try:
        near(values, row[which], name=name, what="gradient", rtol=rtol)
    except CheckFailed:
        if not right_for_own_forward(student, layer, row, out, values, which):
            raise
        excuse(student, layer.forward)


def check_contract(student: Any, layer: Layer, name: str, case: Case, row: Arrays) -> None:
    """The edge cases all backward functions share: shapes, dtype, `dout` left alone."""
    if case.id.endswith("float32"):
        out, grads = backward(student, layer, name, row, np.float32)
        for which, got in zip(GRADS, grads, strict=True):
            filled(got, np.shape(got), name=f"{which} of {name}")
            stays_single(got, out, name=f"{which} of {name}")
        return
    _, cache = cached(student, name, layer.forward, *layer.arguments(row))
    echo = student.call(f"layers.{name}", row["dout"], cache, echo=True)
    for which, got in zip(GRADS, parts(echo.result, 3, name=name), strict=True):
        filled(got, row[which].shape, name=f"{which} of {name}")
    unchanged(row["dout"], echo.args[0], name=f"dout, the argument of {name},")


def right_for_own_forward(
    student: Any, layer: Layer, row: Arrays, out: Any, got: np.ndarray, which: str
) -> bool:
    """Whether `got` is the right gradient of a forward pass that is wrong, but does normalise something."""
    if which == "dbeta" or not isinstance(out, np.ndarray) or out.size != row["x"].size:
        return False
    if not np.isfinite(got).all() or agrees(out.reshape(row["out"].shape), row["out"], GRAD_RTOL):
        return False  # a right forward pass excuses nothing
    own = own_gradients(layer, row, out)
    if own is None and not normalises(student, layer, row):
        return False
    if which == "dgamma":
        return agrees(got, dgamma_of(row, out).reshape(got.shape), OWN_RTOL)
    if own is not None and agrees(layer.rows(got, row), own["dx rows"], OWN_RTOL):
        return True
    return is_slope(student, layer, row, got)


def normalises(student: Any, layer: Layer, row: Arrays) -> bool:
    """Whether other units and another origin of x leave the result as it is, and that is not a constant."""
    found = [attempt(output, student, layer, row | {"x": x}) for x in (1e3 * row["x"], 3e3 * row["x"] + 5.0)]
    if None in found or not np.ptp(found[0]["out"] / per_channel(row["gamma"], row["x"].ndim)):
        return False
    return agrees(found[1]["out"], found[0]["out"], OWN_RTOL)


def output(student: Any, layer: Layer, row: Arrays) -> Arrays:
    return {"out": like(forward(student, layer, row)[0], row["x"], name="out")}


def dgamma_of(row: Arrays, out: np.ndarray) -> np.ndarray:
    """gamma's gradient when the normalised x is what `out` shows it to be."""
    gamma, beta = (per_channel(row[name], row["x"].ndim) for name in ("gamma", "beta"))
    axes = tuple(axis for axis in range(row["x"].ndim) if axis != 1)
    return (row["dout"] * (out.reshape(row["x"].shape) - beta) / gamma).sum(axis=axes)


def own_gradients(layer: Layer, row: Arrays, out: Any) -> Arrays | None:
    """What backward makes of x_hat and divisor read off `out`; None if more than the divisor is wrong.

    Also None if the divisor is right, or the same for all rows: then nothing was normalised.
    """
    if not np.isfinite(out).all():
        return None
    gamma, beta = (per_channel(row[name], row["x"].ndim) for name in ("gamma", "beta"))
    x_hat = (out.reshape(row["x"].shape) - beta) / gamma
    hat, centred = layer.rows(x_hat, row), layer.rows(row["x"], row)
    centred = centred - centred.mean(axis=1, keepdims=True)
    along = (centred * hat).sum(axis=1, keepdims=True)
    if not (along > 0).all():
        return None
    divisor = (centred**2).sum(axis=1, keepdims=True) / along
    right = np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPS)
    constant = len(divisor) > 1 and np.ptp(divisor) < OWN_RTOL * divisor.max()
    if constant or agrees(divisor, right, NORM_RTOL) or not agrees(hat * divisor, centred, OWN_RTOL):
        return None
    dhat = layer.rows(row["dout"] * gamma, row)
    dx = dhat - dhat.mean(axis=1, keepdims=True) - hat * (dhat * hat).mean(axis=1, keepdims=True)
    return {"dx rows": dx / divisor}


def is_slope(student: Any, layer: Layer, row: Arrays, dx: np.ndarray) -> bool:
    """Whether dx is the derivative of sum(dout * forward(x)), along three directions.

    They follow from dx, so that no dx can be made to fit them.
    """
    draws = np.random.RandomState(zlib.crc32(np.ascontiguousarray(dx).tobytes()))
    for _ in range(3):
        direction = draws.choice([-1.0, 1.0], size=row["x"].shape)
        ends = [row | {"x": row["x"] + step * direction} for step in (STEP, -STEP)]
        above, below = (attempt(output, student, layer, end) for end in ends)
        if above is None or below is None:
            return False
        slope = np.sum(row["dout"] * (above["out"] - below["out"])) / (2 * STEP)
        if not abs(slope - np.sum(dx * direction)) <= OWN_RTOL * np.abs(dx).sum():
            return False
    return bool(dx.any())
