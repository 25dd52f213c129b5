"""What the graders of the four normalisation layers share.

A backward function gets the cache of the student's own forward function. If that forward pass normalises,
but divides by the wrong thing, no backward function can give the right gradient. Then the derivative of the
forward pass as it stands passes too, and so does the right formula with what lies in the cache: the divisor
costs the forward cell alone. docs/contract.md says what is excused, and what is not.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.checks import FLOAT32_RTOL, GRAD_RTOL, Case, CheckFailed, fail, parts, unchanged
from autograder.checks.fixed import Arrays
from autograder.graders.assignment2.calls import agrees, attempt, cached, filled, like, near, stays_single

EPS = 1e-5
NORM_RTOL = (
    1e-5  # eps moves the core cases by less (variances of 1 and more); its own cases are GRAD_RTOL sharp
)
OWN_RTOL = 1e-4  # of the largest entry, against a centred difference of the student's own forward pass
STEP = 1e-4  # of that difference, in standard deviations of x; the pass is smooth
UNITS = 100.0  # of x where another eps than the default is asked for: 0.1 in place of 1e-5
SCALES = (1.0, 30.0)  # standard deviations of what a forward pass is probed with; eps is far below both
GRADS = ("dx", "dgamma", "dbeta")
WRONG_FORWARD = "{0} gives a wrong result here as well, and its cache is what was read: get {0} right first."
OWN_SLOPE = "{0} is off by a factor or an offset, and this is not the gradient of what it computes either."


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


def check_gradient(student: Any, layer: Layer, name: str, case: Case, row: Arrays) -> str | None:
    """One of dx, dgamma and dbeta; `case.which` says which."""
    out, grads = backward(student, layer, name, row)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    got = grads[GRADS.index(case.which)]
    text = f"{case.which} of {name}"
    return judge_gradient(student, layer, row, out, got, case.which, name=text, rtol=rtol)


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
) -> str | None:
    """`out` is what the forward function gave that left the cache. A text says what was let pass."""
    values = like(got, row[which], name=name)
    try:
        near(values, row[which], name=name, what="gradient", rtol=rtol)
    except CheckFailed as failure:
        if agrees(out, row["out"], GRAD_RTOL):
            raise  # a right forward pass excuses nothing
        if which == "dbeta" or not right_but_for_scale(student, layer, row):
            raise CheckFailed(failure.property, f"{failure} {WRONG_FORWARD.format(layer.forward)}") from None
        by_rule = agrees(values, by_the_rule(layer, row, out)[which].reshape(values.shape), OWN_RTOL)
        if not by_rule and not is_slope(student, layer, row, values, which):
            raise CheckFailed(failure.property, f"{failure} {OWN_SLOPE.format(layer.forward)}") from None
        return f"{name} is right for what {layer.forward} computes, which is not right itself."
    return None


def must_normalise(student: Any, layer: Layer, row: Arrays, out: Any) -> None:
    """What is asked beyond the formula counts for a function that computes it, up to scale at least."""
    values = like(out, row["out"], name=f"out of {layer.forward}")
    if not agrees(values, row["out"], FLOAT32_RTOL) and not right_but_for_scale(student, layer, row):
        fail(
            "value",
            f"{layer.forward} does not normalise as it should: this counts once its values are right.",
        )


def check_contract(student: Any, layer: Layer, name: str, case: Case, row: Arrays) -> None:
    """The edge cases all backward functions share: shapes, dtype, `dout` and the cache left alone."""
    if case.id.endswith(("dtype", "float32")):
        out, grads = backward(student, layer, name, row, np.float32)
        judge_gradient(student, layer, row, out, grads[0], "dx", name=f"dx of {name}", rtol=FLOAT32_RTOL)
        for which, got in zip(GRADS, grads, strict=True):
            filled(got, np.shape(got), name=f"{which} of {name}")
            stays_single(got, out, name=f"{which} of {name}")
        return
    out, cache = cached(student, name, layer.forward, *layer.arguments(row))
    first: list[np.ndarray] = []
    for call in ("", " at a second call with the same cache"):
        echo = student.call(f"layers.{name}", row["dout"], cache, echo=True)
        grads = parts(echo.result, 3, name=name)
        for which, got in zip(GRADS, grads, strict=True):
            filled(got, row[which].shape, name=f"{which} of {name}{call}")
        unchanged(row["dout"], echo.args[0], name=f"dout, the argument of {name},")
        for which, before, got in zip(GRADS, first, grads, strict=False):
            near(got, before, name=f"{which} of {name}{call}", what="gradient", rtol=GRAD_RTOL)
        if not first:
            judge_gradient(student, layer, row, out, grads[0], "dx", name=f"dx of {name}")
        first = [np.asarray(got) for got in grads]


def other_eps(row: Arrays) -> Arrays:
    """The same entry in other units of x, and with the eps that gives the same result there."""
    units = {"x": UNITS * row["x"], "eps": np.float64(UNITS**2 * EPS), "dx": row.get("dx", 0.0) / UNITS}
    stats = {"running_mean": UNITS, "running_var": UNITS**2}
    return row | units | {name: row[name] * factor for name, factor in stats.items() if name in row}


def right_but_for_scale(student: Any, layer: Layer, row: Arrays) -> bool:
    """Whether the forward pass, though wrong, normalises: its result is the right one up to a factor and an
    offset for each feature, and the factor depends on the variance, and on nothing else.

    The probes have groups of mean `shift` and standard deviation `scale`, by which every group is known:
    elementwise functions and other statistics than mean and variance do not fit them, and linear maps, such
    as centring only, have a factor that grows as the scale does.
    """
    probe = Probe.of(layer, row)
    fitted: dict[float, tuple[np.ndarray, np.ndarray]] = {}
    for scale in SCALES:
        found = [(units, probe.output(student, units, np.full(len(units), scale))) for units in probe.units]
        fit = probe.fit(found)
        if fit is None:
            return False
        fitted[scale] = fit
    (small, offset), (large, same) = (fitted[scale] for scale in SCALES)
    if not agrees(same, offset, OWN_RTOL) or agrees(large * SCALES[0] / SCALES[1], small, OWN_RTOL):
        return False
    units, scales = probe.units[0], np.resize(SCALES, len(probe.units[0]))
    factors = np.where(scales[:, None] == SCALES[0], small[probe.feature], large[probe.feature])
    out = probe.output(student, units, scales)
    return out is not None and agrees(out, factors * units + offset[probe.feature], OWN_RTOL)


@dataclass(frozen=True)
class Probe:
    """Inputs of a layer with known groups; arrays are (group, entry), as `layer.rows` has them."""

    layer: Layer
    row: Arrays
    place: np.ndarray  # where an entry of a group lies in x
    feature: np.ndarray  # its index along axis 1 of x, where gamma and beta belong
    units: tuple[np.ndarray, ...]  # mean 0 and variance 1 in each group

    @classmethod
    def of(cls, layer: Layer, row: Arrays) -> "Probe":
        shape = (6, *row["x"].shape[1:2]) if row["x"].ndim == 2 else (3, row["x"].shape[1], 3, 4)
        place = layer.rows(np.arange(np.prod(shape)).reshape(shape), row)
        feature = layer.rows(np.indices(shape)[1], row)
        draws = np.random.RandomState(5)
        plain = (draws.standard_normal(place.shape), draws.exponential(size=place.shape))
        centred = [values - values.mean(axis=1, keepdims=True) for values in plain]
        units = tuple(values / values.std(axis=1, keepdims=True) for values in centred)
        given = {"x": np.empty(shape), "gamma": row["gamma"], "beta": row["beta"]}
        return cls(layer, row | given, place, feature, units)

    def output(self, student: Any, units: np.ndarray, scales: np.ndarray) -> np.ndarray | None:
        """What the student's forward pass makes of such groups, or None."""
        x = np.empty(self.row["x"].shape)
        shifts = 3.0 * np.cos(np.arange(len(units)) + scales.sum() + units[0, 0])
        x.flat[self.place] = units * scales[:, None] + shifts[:, None]
        found = attempt(output, student, self.layer, self.row | {"x": x})
        return None if found is None else self.layer.rows(found["out"], self.row)

    def fit(self, found: list[tuple[np.ndarray, np.ndarray | None]]) -> tuple[np.ndarray, np.ndarray] | None:
        """Factor and offset of each feature, if all that was found obeys them."""
        factor, offset = (np.zeros(self.row["x"].shape[1]) for _ in range(2))
        for feature in range(len(factor)):
            mine = self.feature == feature
            if any(out is None or not np.isfinite(out).all() for _, out in found):
                return None
            units = np.concatenate([units[mine] for units, _ in found])
            outs = np.concatenate([out[mine] for _, out in found if out is not None])
            (slope, start), *_ = np.linalg.lstsq(np.stack([units, np.ones_like(units)], 1), outs, rcond=None)
            if not abs(slope) > 1e-8 or not agrees(slope * units + start, outs, OWN_RTOL):
                return None
            factor[feature], offset[feature] = slope, start
        return factor, offset


def by_the_rule(layer: Layer, row: Arrays, out: Any) -> Arrays:
    """What the right backward formula makes of the normalised x and the divisor that `out` shows: those lie
    in the cache."""
    gamma, beta = (per_channel(row[name], row["x"].ndim) for name in ("gamma", "beta"))
    x_hat = (np.asarray(out, dtype=np.float64).reshape(row["x"].shape) - beta) / gamma
    hat, centred = layer.rows(x_hat, row), layer.rows(row["x"], row)
    centred = centred - centred.mean(axis=1, keepdims=True)
    divisor = (centred**2).sum(axis=1, keepdims=True) / (centred * hat).sum(axis=1, keepdims=True)
    dhat = layer.rows(row["dout"] * gamma, row)
    dx = (dhat - dhat.mean(axis=1, keepdims=True) - hat * (dhat * hat).mean(axis=1, keepdims=True)) / divisor
    back = np.empty_like(row["x"])
    back.flat[layer.rows(np.arange(back.size).reshape(back.shape), row)] = dx
    axes = tuple(axis for axis in range(back.ndim) if axis != 1)
    return {"dx": back, "dgamma": (row["dout"] * x_hat).sum(axis=axes)}


def output(student: Any, layer: Layer, row: Arrays) -> Arrays:
    return {"out": like(forward(student, layer, row)[0], row["x"], name="out")}


def is_slope(student: Any, layer: Layer, row: Arrays, got: np.ndarray, which: str) -> bool:
    """Whether `got` is the derivative of sum(dout * forward(x, gamma)) by x or gamma, along three directions.

    They follow from `got`, so that nothing can be made to fit them.
    """
    name = which.removeprefix("d")
    values = row[name]
    step = STEP * (layer.rows(values, row).std(axis=1).max() if name == "x" else 1.0)
    draws = np.random.RandomState(zlib.crc32(np.ascontiguousarray(got).tobytes()))
    for _ in range(3):
        direction = draws.choice([-1.0, 1.0], size=values.shape)
        ends = [row | {name: values + way * step * direction} for way in (1, -1)]
        above, below = (attempt(output, student, layer, end) for end in ends)
        if above is None or below is None:
            return False
        slope = np.sum(row["dout"] * (above["out"] - below["out"])) / (2 * step)
        if not abs(slope - np.sum(got.reshape(values.shape) * direction)) <= OWN_RTOL * np.abs(got).sum():
            return False
    return bool(got.any())
