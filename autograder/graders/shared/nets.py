"""What the graders of the networks share: building one from given parameters and judging its wiring.

What a net builds on is answered by the solved package (`builds_on`): a net is charged with its own mistakes
and with no others. What it computes itself, in place of calling a layer, is judged as it stands.
"""

from typing import Any

import numpy as np

from autograder.checks.checks import close, fail, gradients, mapping, parts, same_shape
from autograder.checks.fixed import Arrays, under

NET_RTOL = 1e-5  # a layer that works in float32 inside leaves 6 digits; mistakes move the first 3
SPREAD = 0.12  # of a standard deviation estimated from some hundred draws: four of its standard errors
MANY = 300  # normal draws: the largest is beyond 2.2 deviations but once in 4,000 times; evenly drawn, never
SEED = 20  # any number: the draws are compared with the legacy generator's for the same seed


def pairs(*names: str) -> dict[str, int | None]:
    """Layers as forward and backward functions; a forward's second result is its cache."""
    forwards: dict[str, int | None] = {name.format("forward"): 1 for name in names}
    return forwards | dict.fromkeys(name.format("backward") for name in names)


PLAIN = pairs("layers.affine_{}", "layers.relu_{}") | {"layers.svm_loss": None, "layers.softmax_loss": None}

# What runs beside the student's code: harmless, and no answer to an exercise of the same assignment.
SOURCES = {
    "float64": "from numpy import float64\n",
    "seed": "from numpy.random import seed\n",
    "fit": """
def fit(net, X, y, steps, rate):
    for _ in range(steps):
        _, grads = net.loss(X, y)
        for name in net.params:
            net.params[name] = net.params[name] - rate * grads[name]
    return net.loss(X)
""",
}


def helper(student: Any, name: str) -> Any:
    """A function or type of ours in the student's process."""
    return student.define(SOURCES[name], name)


def params_of(row: Arrays) -> Arrays:
    return under(row, "params.")


def grads_of(row: Arrays) -> Arrays:
    return under(row, "grads.")


def compare_scores(name: str, got: Any, row: Arrays) -> None:
    close(got, row["scores"], name=f"scores of {name}", rtol=NET_RTOL)


def compare_loss(name: str, got: Any, row: Arrays) -> None:
    loss, _ = parts(got, 2, name=f"{name}.loss(X, y)")
    close(loss, row["loss"], name=f"loss of {name}", rtol=NET_RTOL)


def compare_grads(name: str, got: Any, row: Arrays) -> None:
    _, grads = parts(got, 2, name=f"{name}.loss(X, y)")
    want = grads_of(row)
    largest = max(float(np.abs(value).max()) for value in want.values())
    gradients(
        grads, want, name=f"grads of {name}", rtol=NET_RTOL, atol=NET_RTOL * largest, dtype=_single(want)
    )


def compare_both(name: str, got: Any, row: Arrays) -> None:
    compare_loss(name, got, row)
    compare_grads(name, got, row)


def _single(want: Arrays) -> Any:
    """float32 where all of the expected arrays are of that type; else any type will do."""
    return np.float32 if all(value.dtype == np.float32 for value in want.values()) else None


def check_shapes(params: Any, shapes: dict[str, tuple[int, ...]], *, name: str) -> None:
    """Names and shapes of all parameters, no more and no fewer."""
    found = mapping(params, shapes, name=f"params of {name}")
    extra = [key for key in found if key not in shapes]
    if extra:
        fail("type", f"params of {name} has surplus entries: {len(extra)} beyond {', '.join(shapes)}.")
    for key, shape in shapes.items():
        same_shape(found[key], shape, name=f"params[{key!r}] of {name}")


def check_start(params: Any, scale: float, *, name: str) -> None:
    """Weights drawn around 0 with the asked standard deviation, biases 0."""
    for key, value in mapping(params, [], name=f"params of {name}").items():
        label = f"params[{key!r}] of {name}"
        values = np.asarray(value, dtype=np.float64)
        if key.startswith("b") and values.any():
            fail("value", f"{label} is not 0 at the start; biases begin at 0.")
        if not key.startswith("W"):
            continue
        if values.size >= MANY and np.abs(values).max() < 2.2 * values.std():
            fail(
                "value", f"{label}: the weights do not come from a normal distribution. Use np.random.randn."
            )
        spread, centre = values.std() / scale, abs(values.mean()) / scale
        if abs(spread - 1) > SPREAD or centre > 5 / np.sqrt(values.size):
            what = (
                "spread out"
                if spread > 1 + SPREAD
                else "close together"
                if spread < 1 - SPREAD
                else "off centre"
            )
            fail(
                "value",
                f"{label}: the weights are too {what} for weight_scale. Draw them around 0, scaled by it.",
            )
