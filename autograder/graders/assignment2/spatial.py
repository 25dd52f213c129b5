"""What the graders of spatial batch norm and group norm share.

Both are often built on batchnorm_* and layernorm_*. The solved package answers these here: what is wrong in
them costs points in their own cells alone.
"""

from typing import Any

import numpy as np

from autograder.checks.checks import GRAD_RTOL, Case, filled, parts, same_dtype, unchanged
from autograder.checks.fixed import Arrays
from autograder.graders.assignment2.calls import cached, like
from autograder.graders.assignment2.norms import GRADS, NORM_RTOL, Layer, Lost, judge_gradient, must_normalise
from autograder.graders.shared.nets import pairs

BUILDS_ON = {**pairs("layers.batchnorm_{}", "layers.layernorm_{}"), "layers.batchnorm_backward_alt": None}
STATS = ("running_mean", "running_var")


def group_rows(x: np.ndarray, row: Arrays) -> np.ndarray:
    """One row for each group of channels of each image."""
    return x.reshape(len(x) * int(row["groups"]), -1)


def sharpness(case: Case) -> float:
    return GRAD_RTOL if case.id.endswith(("small_variance", "eps_argument")) else NORM_RTOL


def check_forward_contract(student: Any, layer: Layer, row: Arrays, *, single: bool) -> None:
    """float32 stays float32; or, with float64, the arguments stay as they are."""
    args = layer.arguments(row, np.float32 if single else np.float64)
    echo = student.call(f"layers.{layer.forward}", *args, keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=layer.forward)
    filled(out, np.shape(out), name=f"out of {layer.forward}")
    must_normalise(layer, row, out)
    if single:
        same_dtype(out, np.float32, name=f"out of {layer.forward}")
        return
    for name, before, after in zip(("x", "gamma", "beta"), args[:3], echo.args, strict=False):
        unchanged(before, after, name=f"{name}, the argument of {layer.forward},")


def check_gradient(student: Any, layer: Layer, back: str, case: Case, row: Arrays, lost: Lost) -> Any:
    out, cache = cached(student, back, layer.forward, *layer.arguments(row))
    grads = parts(student.call(f"layers.{back}", row["dout"], cache), 3, name=back)
    name = f"{case.which} of {back}"
    got = like(grads[GRADS.index(case.which)], row[case.which], name=name)
    wrong, rtol = layer.is_wrong(case.row, lost), sharpness(case)
    return judge_gradient(layer, row, out, got, case.which, name=name, rtol=rtol, wrong=wrong)
