"""Nets with normalisation, dropout or convolutions: how their graders compare.

What a net builds on is answered by the solved package, so its numbers are compared with the right ones and
with nothing else.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.checks import close, gradients, parts
from autograder.checks.fixed import Arrays, under

LOSS_RTOL = 1e-6  # float64 all the way; a mistake in a term of the loss moves it by 1e-3 and more
GRAD_RTOL = 1e-5
GRAD_ATOL = 1e-8  # a bias before batch norm has the gradient 0; rounding leaves 1e-16 of it, float32 1e-8
SINGLE_RTOL = 1e-3  # of the largest gradient: what float32 leaves after some layers, all of them of 7 digits
Compare = Callable[[str, Any, Arrays], None]


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
    """The same entry with the L2 penalty in its loss and gradients."""
    with_reg = {f"grads.{key}": value for key, value in under(row, "grads_reg.").items()}
    return {**row, "loss": row["loss_reg"], "l2": row["reg"], **with_reg}


def float32(row: Arrays) -> Arrays:
    return {key: value.astype(np.float32) if value.dtype.kind == "f" else value for key, value in row.items()}


def compare_dtypes(name: str, got: Any, row: Arrays) -> None:
    """Gradients of float32, and right as far as that goes: any array at all has some dtype."""
    _, grads = parts(got, 2, name=f"{name}.loss(X, y)")
    want = under(row, "grads.")
    largest = max(float(np.abs(value).max()) for value in want.values())
    gradients(
        grads, want, name=f"grads of {name}", rtol=SINGLE_RTOL, atol=SINGLE_RTOL * largest, dtype=np.float32
    )
