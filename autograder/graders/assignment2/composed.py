"""Nets with normalisation, dropout or convolutions: what their graders share.

A net is built from the student's own layers. Where its numbers are wrong, the same layers are called one by
one: if the net agrees with what they give together, only the layer loses points.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.checks.checks import (
    CheckFailed,
    array,
    close,
    excuse,
    gradients,
    mapping,
    parts,
    same_dtype,
    same_shape,
)
from autograder.checks.fixed import Arrays, under
from autograder.graders.assignment2.calls import attempt, filled

LOSS_RTOL = 1e-6  # float64 all the way; a mistake in a term of the loss moves it by 1e-3 and more
GRAD_RTOL = 1e-5
GRAD_ATOL = 1e-8  # a bias before batch norm has the gradient 0; rounding leaves 1e-16 of it, float32 1e-8
BATCHNORM = ("batchnorm_forward", "batchnorm_backward", "batchnorm_backward_alt")
Compare = Callable[[str, Any, Arrays], None]
Memory = dict[int, dict[str, Any]]  # the bn_param of each layer


def compare_scores(name: str, got: Any, row: Arrays) -> None:
    close(got, row["scores"], name=f"scores of {name}", rtol=LOSS_RTOL)


def compare_loss(name: str, got: Any, row: Arrays) -> None:
    loss, _ = parts(got, 2, name=f"{name}.loss(X, y)")
    close(loss, row["loss"], name=f"loss of {name}", rtol=LOSS_RTOL)


def compare_grads(name: str, got: Any, row: Arrays) -> None:
    _, grads = parts(got, 2, name=f"{name}.loss(X, y)")
    gradients(grads, under(row, "grads."), name=f"grads of {name}", rtol=GRAD_RTOL, atol=GRAD_ATOL)


def compare_both(name: str, got: Any, row: Arrays) -> None:
    compare_loss(name, got, row)
    compare_grads(name, got, row)


def regularized(row: Arrays) -> Arrays:
    """The same entry with the L2 term in its loss and gradients."""
    with_reg = {f"grads.{key}": value for key, value in under(row, "grads_reg.").items()}
    return {**row, "loss": row["loss_reg"], "l2": row["reg"], **with_reg}


def judge(student: Any, name: str, row: Arrays, got: Any, compare: Compare, *composed: "Composed") -> None:
    """Compare with the fixed arrays; failing that, with what the student's own layers give together."""
    try:
        compare(name, got, row)
    except CheckFailed as failure:
        key = "scores" if compare is compare_scores else "loss"
        own = [(one, found) for one in composed if key in (found := one(student, row))]
        alike = [one for one, found in own if passes(compare, name, got, found)]
        if alike:
            excuse(student, *dict.fromkeys(function for one in alike for function in one.functions()))
            return
        if any(passes(compare, name, as_result(key, found), row) for _, found in own):
            raise
        raise CheckFailed(
            failure.property,
            f"{failure} The layers it is built from do not give the right result either when we put them "
            "together: look at their own checks first.",
        ) from None


def passes(compare: Compare, name: str, got: Any, row: Arrays) -> bool:
    try:
        compare(name, got, row)
    except CheckFailed:
        return False
    return True


def as_result(key: str, found: Arrays) -> Any:
    return found[key] if key == "scores" else (found["loss"], under(found, "grads."))


def float32(row: Arrays) -> Arrays:
    return {key: value.astype(np.float32) if value.dtype.kind == "f" else value for key, value in row.items()}


def compare_dtypes(name: str, got: Any, row: Arrays) -> None:
    """Gradients of the right shapes and of the row's dtype, and not left at 0; values are for other cases."""
    _, grads = parts(got, 2, name=f"{name}.loss(X, y)")
    params = under(row, "params.")
    mapping(grads, params, name=f"grads of {name}")
    for key in params:
        label, want = f"grads[{key!r}] of {name}", row[f"grads.{key}"]
        same_dtype(same_shape(grads[key], want.shape, name=label), want.dtype, name=label)
        if want.any():
            filled(grads[key], want.shape, name=label)


@dataclass
class Tape:
    """Calls the student's layers in turn, and their backward functions in the opposite order."""

    student: Any
    steps: list[tuple[str, Any, tuple[str, ...]]] = field(default_factory=list)

    def forward(self, name: str, back: str, *args: Any, grads: tuple[str, ...] = ()) -> Any:
        """`grads` names what the backward function returns after dx. A dict in args is kept up to date."""
        echo = self.student.call(name, *args, keep=1, echo=True)
        out, cache = parts(echo.result, 2, name=name)
        if isinstance(args[-1], dict):
            args[-1].update(mapping(echo.args[-1], (), name=f"the last argument of {name}"))
        self.steps.append((back, cache, grads))
        return array(out, name=name)

    def backward(self, dout: Any) -> Arrays:
        grads: Arrays = {}
        for back, cache, names in reversed(self.steps):
            got = self.student.call(back, dout, cache)
            values = parts(got, 1 + len(names), name=back) if names else (got,)
            dout = array(values[0], name=back)
            grads |= {name: array(value, name=back) for name, value in zip(names, values[1:], strict=True)}
        return grads


@dataclass(frozen=True)
class Composed:
    """A net put together by us from the student's layers: their names in order, from `plan`."""

    plan: tuple[str, ...]
    norm: str = ""
    norm_back: str = ""
    conv: str = "layers.conv_{}_naive layers.max_pool_{}_naive"
    keep: dict[str, Any] = field(default_factory=dict)
    style: str = ""  # between the letter and the number of W and b

    def __call__(self, student: Any, row: Arrays) -> Arrays:
        """What the student's layers give: scores in test mode, loss, gradients; without what does not run."""
        return (attempt(self.scores, student, row) or {}) | (attempt(self.training, student, row) or {})

    def functions(self) -> list[str]:
        """The layers that this net calls, and what spatial batch norm may be built on."""
        conv, pool = self.conv.split()
        names = {"conv": both(conv), "pool": both(pool)}
        names["norm"] = (f"{self.norm}_forward", self.norm_back)
        pairs = (names.get(layer) or both(f"{layer}_{{}}") for layer in dict.fromkeys(self.plan))
        below = BATCHNORM if self.norm == "spatial_batchnorm" and "norm" in self.plan else ()
        return [name.split(".")[-1] for pair in (*pairs, below) for name in pair]

    def scores(self, student: Any, row: Arrays) -> Arrays:
        memory: Memory = {}
        for batch in row["warmup"]:
            self.run(Tape(student), row, batch, memory, "train")
        return {"scores": self.run(Tape(student), row, row["X_test"], memory, "test")}

    def training(self, student: Any, row: Arrays) -> Arrays:
        tape = Tape(student)
        scores = self.run(tape, row, row["X"], {}, "train")
        loss, dscores = parts(student.call("layers.softmax_loss", scores, row["y"]), 2, name="softmax_loss")
        grads, params = tape.backward(dscores), under(row, "params.")
        weights = [name for name in params if name.startswith("W")]
        if set(grads) != set(params) or not any(grad.any() for grad in grads.values()):
            return {}  # layers that give nothing excuse nothing
        l2 = float(row.get("l2", 0.0))
        loss = same_shape(loss, (), name="loss") + 0.5 * l2 * sum(
            np.sum(params[name] ** 2) for name in weights
        )
        grads |= {n: same_shape(grads[n], params[n].shape, name=n) + l2 * params[n] for n in weights}
        found = {f"params.{name}": value for name, value in params.items()}
        return found | {"loss": loss} | {f"grads.{name}": value for name, value in grads.items()}

    def run(self, tape: Tape, row: Arrays, x: Any, memory: Memory, mode: str) -> Any:
        params, weighted = under(row, "params."), 0
        conv, pool = self.conv.split()
        for layer in self.plan:
            if layer in ("affine", "conv"):
                weighted += 1
                W, b = f"W{self.style}{weighted}", f"b{self.style}{weighted}"
                if layer == "affine":
                    settings, names = [], "layers.affine_{}"
                else:
                    settings, names = [{"stride": 1, "pad": (params[W].shape[2] - 1) // 2}], conv
                x = tape.forward(*both(names), x, params[W], params[b], *settings, grads=(W, b))
            elif layer == "norm":
                gamma, beta = f"gamma{weighted}", f"beta{weighted}"
                bn_param = memory.setdefault(weighted, {})
                bn_param["mode"] = mode
                args = (x, params[gamma], params[beta], bn_param)
                names = (f"layers.{self.norm}_forward", f"layers.{self.norm_back}")
                x = tape.forward(*names, *args, grads=(gamma, beta))
            elif layer == "dropout":
                x = tape.forward(*both("layers.dropout_{}"), x, {**self.keep, "mode": mode})
            elif layer == "pool":
                x = tape.forward(*both(pool), x, {"pool_height": 2, "pool_width": 2, "stride": 2})
            else:
                x = tape.forward(*both("layers.relu_{}"), x)
        return x


def both(names: str) -> tuple[str, str]:
    return names.format("forward"), names.format("backward")


FAST = "fast_layers.conv_{}_fast fast_layers.max_pool_{}_fast"
