"""What the graders of the four normalisation layers share.

A backward function gets the cache of the student's own forward function. If that forward pass normalises,
but divides by the wrong thing, no backward function can give the right gradient. Then the derivative of what
its result shows passes too, and so does the right formula with what lies in the cache: the divisor costs the
forward cell alone. `own_forward` reads the divisor off the result; docs/contract.md says what is excused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.checks import (
    FLOAT32_RTOL,
    GRAD_RTOL,
    Case,
    CheckFailed,
    fail,
    filled,
    parts,
    unchanged,
)
from autograder.checks.fixed import Arrays
from autograder.graders.assignment2 import own_forward
from autograder.graders.assignment2.calls import agrees, cached, like, near, stays_single
from autograder.graders.assignment2.own_forward import (
    OWN_RTOL,
    OWN_RTOL_SINGLE,
    Groups,
    Shown,
    layers_that_give,
)

EPS = 1e-5
NORM_RTOL = (
    1e-5  # eps moves the core cases by less (variances of 1 and more); its own cases are GRAD_RTOL sharp
)
UNITS = 100.0  # of x where another eps than the default is asked for: 0.1 in place of 1e-5
Lost = frozenset[tuple[str, str]]  # grade id and case of what the forward function has lost
GRADS = ("dx", "dgamma", "dbeta")
WRONG_FORWARD = "{0} gives a wrong result here as well, and its cache is what was read: get {0} right first."
OWN_SLOPE = "{0} is off by a factor or an offset, and this is not the gradient of what it computes either."


@dataclass(frozen=True)
class Layer:
    """A normalisation layer: `rows` brings an array of x's shape into rows of what is normalised together."""

    forward: str
    rows: Callable[[np.ndarray, Arrays], np.ndarray]
    settings: Callable[[Arrays], list[Any]]
    own: Mapping[str, tuple[str, ...]]  # entry of the fixed arrays -> cases of the forward function on it

    def is_wrong(self, entry: str, lost: Lost) -> bool:
        """Whether the forward function has lost a case of its own on the same numbers."""
        return any((self.forward, case) in lost for case in self.own[entry])

    def arguments(self, row: Arrays, dtype: Any = np.float64) -> list[Any]:
        arrays = [row[name].astype(dtype) for name in ("x", "gamma", "beta")]
        return [*arrays, *self.settings(row)]


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


def check_gradient(student: Any, layer: Layer, name: str, case: Case, row: Arrays, lost: Lost) -> str | None:
    """One of dx, dgamma and dbeta; `case.which` says which."""
    out, grads = backward(student, layer, name, row)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    got = grads[GRADS.index(case.which)]
    text, wrong = f"{case.which} of {name}", layer.is_wrong(case.row, lost)
    return judge_gradient(layer, row, out, got, case.which, name=text, rtol=rtol, wrong=wrong)


def judge_gradient(
    layer: Layer,
    row: Arrays,
    out: Any,
    got: object,
    which: str,
    *,
    name: str,
    wrong: bool,
    rtol: float = NORM_RTOL,
) -> str | None:
    """`out` is what the forward function gave that left the cache, `wrong` whether its own case on these
    numbers failed too. A text says what was let pass."""
    values = like(got, row[which], name=name)
    try:
        near(values, row[which], name=name, what="gradient", rtol=rtol)
    except CheckFailed as failure:
        if agrees(out, row["out"], GRAD_RTOL):
            raise  # a right forward pass excuses nothing
        layers = possible_layers(layer, row, out) if wrong and which != "dbeta" else []
        if not layers:
            raise CheckFailed(failure.property, f"{failure} {WRONG_FORWARD.format(layer.forward)}") from None
        if not any(goes_with(shown, layer, row, values, which) for shown in layers):
            raise CheckFailed(failure.property, f"{failure} {OWN_SLOPE.format(layer.forward)}") from None
        return f"{name} is right for what {layer.forward} computes, which is not right itself."
    return None


def possible_layers(layer: Layer, row: Arrays, out: Any) -> list[Shown]:
    """The wrong layers that give `out`, if it shows that its statistics are the right ones."""
    if np.size(out) != row["x"].size or np.asarray(out).dtype.kind not in "biuf":
        return []
    values = layer.rows(np.asarray(out, dtype=np.float64).reshape(row["x"].shape), row)
    return layers_that_give(values, Groups.of(layer.rows, row), float(row.get("eps", EPS)), sharp(out))


def sharp(values: Any) -> float:
    return OWN_RTOL_SINGLE if np.asarray(values).dtype == np.float32 else OWN_RTOL


def goes_with(shown: Shown, layer: Layer, row: Arrays, got: np.ndarray, which: str) -> bool:
    """Whether `got` is the gradient that goes with this layer."""
    groups, dout = Groups.of(layer.rows, row), layer.rows(row["dout"], row)
    if which == "dx":
        found = layer.rows(got.astype(np.float64), row)
        wanted = own_forward.gradients(shown, groups, dout)
        return any((np.abs(found - dx) <= sharp(got) * part[:, None]).all() for dx, part in wanted)
    place, axes = layer.rows(np.arange(got_size := row["x"].size).reshape(row["x"].shape), row), (0, 2, 3)
    for terms in own_forward.gamma_terms(shown, groups, dout):
        back = np.empty(got_size)
        back[place] = terms
        summed = back.reshape(row["x"].shape).sum(axis=axes[: row["x"].ndim - 1])
        if agrees(got.ravel(), summed, sharp(got)):
            return True
    return False


def must_normalise(layer: Layer, row: Arrays, out: Any) -> None:
    """What is asked beyond the formula counts for a function that computes it, up to scale at least."""
    values = like(out, row["out"], name=f"out of {layer.forward}")
    if not agrees(values, row["out"], FLOAT32_RTOL) and not possible_layers(layer, row, values):
        fail(
            "value",
            f"{layer.forward} does not normalise as it should: this counts once its values are right.",
        )


def check_contract(student: Any, layer: Layer, name: str, case: Case, row: Arrays, *, wrong: bool) -> None:
    """The edge cases all backward functions share: shapes, dtype, `dout` and the cache left alone."""
    if case.id.endswith(("dtype", "float32")):
        out, grads = backward(student, layer, name, row, np.float32)
        text = f"dx of {name}"
        judge_gradient(layer, row, out, grads[0], "dx", name=text, rtol=FLOAT32_RTOL, wrong=wrong)
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
            judge_gradient(layer, row, out, grads[0], "dx", name=f"dx of {name}", wrong=wrong)
        first = [np.asarray(got) for got in grads]


def other_eps(row: Arrays) -> Arrays:
    """The same entry in other units of x, and with the eps that gives the same result there."""
    units = {"x": UNITS * row["x"], "eps": np.float64(UNITS**2 * EPS), "dx": row.get("dx", 0.0) / UNITS}
    stats = {"running_mean": UNITS, "running_var": UNITS**2}
    return row | units | {name: row[name] * factor for name, factor in stats.items() if name in row}
