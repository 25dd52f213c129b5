"""What the graders of the networks share: building one from given parameters and judging its wiring.

A net is built from the student's own layers. Where its numbers are wrong, the same layers are called one by
one: if one of them is at fault and the net agrees with them, the net is right; only the layer loses points.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.checks import (
    CheckFailed,
    array,
    close,
    excuse,
    fail,
    gradients,
    mapping,
    parts,
    same_shape,
)
from autograder.checks.fixed import Arrays, under

NET_RTOL = 1e-5  # a layer that works in float32 inside leaves 6 digits; mistakes move the first 3
SPREAD = 0.12  # of a standard deviation estimated from some hundred draws: four of its standard errors
SEED = 20  # any number: the draws are compared with the legacy generator's for the same seed

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


def judge(
    student: Any, name: str, row: Arrays, got: Any, compare: Callable[[str, Any, Arrays], None]
) -> None:
    """Compare with the fixed arrays; failing that, with what the student's own layers give together."""
    try:
        compare(name, got, row)
    except CheckFailed as failure:
        own, faulty = own_layers(student, row)
        if not faulty:
            raise
        if own is not None:
            try:
                compare(name, got, own)
            except CheckFailed:
                pass
            else:
                for function in faulty:
                    excuse(student, function)
                return
        raise CheckFailed(
            failure.property,
            f"{failure} The net uses {' and '.join(faulty)}, which did not give the right result on the way: "
            "look there first.",
        ) from None


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


@np.errstate(all="ignore")  # wrong layers may give numbers that overflow in the next
def own_layers(student: Any, row: Arrays) -> tuple[Arrays | None, list[str]]:
    """The net's results as the student's layers give them, called by us; and the layers that are wrong.

    The results are None if a layer does not run.
    """
    faulty: list[str] = []

    def step(function: str, right: tuple[Any, ...], *args: Any, keep: int | None = None) -> Any:
        try:
            got = student.call(f"layers.{function}", *args, keep=keep)
            values = parts(got if isinstance(got, tuple | list) else (got,), len(right), name=function)
            fits = [agrees(g, r) for g, r in zip(values, right, strict=True)]
        except Exception:
            faulty.append(function)
            raise
        if not all(fits) and function not in faulty:
            faulty.append(function)
        return got

    def agrees(got: Any, right: Any) -> bool:
        if right is None:  # a cache
            return True
        array(got, name="")
        try:
            close(got, right, name="", rtol=NET_RTOL, dtype=_single({"": np.asarray(right)}))
        except CheckFailed:
            return False
        return True

    try:
        return _compose(row, step), faulty
    except Exception as error:
        if getattr(error, "kind", None) is None and not isinstance(
            error, CheckFailed | TypeError | ValueError
        ):
            raise
        return None, faulty


def _compose(row: Arrays, step: Callable[..., Any]) -> Arrays:
    """affine - [relu - affine]... - softmax and back, with L2 on every W."""
    params, depth = params_of(row), len(params_of(row)) // 2
    hidden, inputs, affine_caches, relu_caches = row["X"], [], [], []
    for layer in range(1, depth + 1):
        w, b = params[f"W{layer}"], params[f"b{layer}"]
        inputs.append(hidden)
        right = (hidden.reshape(len(hidden), -1) @ w + b, None)
        hidden, cache = step("affine_forward", right, hidden, w, b, keep=1)
        hidden = array(hidden, name="affine_forward")
        affine_caches.append(cache)
        if layer < depth:
            before = hidden
            hidden, cache = step("relu_forward", (np.maximum(before, 0), None), before, keep=1)
            hidden = array(hidden, name="relu_forward")
            relu_caches.append((cache, before))
    loss, dx = step("softmax_loss", _softmax(hidden, row["y"]), hidden, row["y"])
    found, dx = {"scores": hidden}, array(dx, name="softmax_loss")
    for layer in range(depth, 0, -1):
        w, x = params[f"W{layer}"], inputs[layer - 1]
        if layer < depth:
            cache, before = relu_caches[layer - 1]
            dx = array(step("relu_backward", (dx * (before > 0),), dx, cache), name="relu_backward")
        right = ((dx @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dx, dx.sum(axis=0))
        dx, dw, db = step("affine_backward", right, dx, affine_caches[layer - 1])
        dx, dw, db = (array(grad, name="affine_backward") for grad in (dx, dw, db))
        found[f"grads.W{layer}"] = dw + row["reg"] * w
        found[f"grads.b{layer}"] = db
        loss = loss + 0.5 * row["reg"] * np.sum(w**2)
    return found | {"loss": np.asarray(loss)}


def _softmax(scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    picked = np.eye(scores.shape[1])[y]
    return -np.mean((logs * picked).sum(axis=1)), (np.exp(logs) - picked) / len(y)


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
