"""Layer normalisation: one row at a time, no running state, gradients with each student's own cache."""

from typing import Any

import numpy as np

from autograder.checks.checks import GRAD_RTOL, Case, cases, parts, same_dtype, unchanged
from autograder.checks.fixed import load
from autograder.graders.assignment2.calls import EXPECTED, filled, near
from autograder.graders.assignment2.norms import NORM_RTOL, Layer, check_contract, check_gradient, forward

FIXED = load(EXPECTED, "layernorm")
NAME, BACK = "layernorm_forward", "layernorm_backward"
LAYERNORM = Layer(NAME, rows=lambda x, row: x, settings=lambda row: [{}])


@cases(
    NAME,
    Case(
        "wide",
        row="wide",
        weight=2,
        hint="Each row has its own mean and (biased) variance, over its features; keepdims keeps them as a "
        "column. gamma and beta belong to the features, as in batch norm.",
    ),
    Case("tall", row="tall", hint="8 rows, 3 features here. Which axis do the statistics run along?"),
    Case(
        "one_row",
        row="one_row",
        hint="Layer norm does not need a batch: a single row is normalised like any other.",
    ),
    Case(
        "small_variance",
        "edge",
        row="small_variance",
        hint="The variance is about as small as eps here, so it matters how large eps is and whether it is "
        "added to the variance, before the root is taken.",
    ),
)
def test_layernorm_forward(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    out, _ = forward(student, LAYERNORM, row)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    near(out, row["out"], name=f"out of {NAME}", rtol=rtol)


@cases(
    NAME,
    Case("float32", "edge", hint="float32 in, float32 out: look for an array made without dtype=."),
    Case(
        "arguments_unchanged",
        "edge",
        hint="x, gamma and beta belong to the caller: `x -= mean` changes them, `x = x - mean` does not.",
    ),
)
def test_layernorm_forward_contract(student: Any, case: Case) -> None:
    dtype = np.float32 if case.id == "float32" else np.float64
    args = LAYERNORM.arguments(FIXED["wide"], dtype)
    echo = student.call(f"layers.{NAME}", *args, keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=NAME)
    filled(out, args[0].shape, name=f"out of {NAME}")
    if case.id == "float32":
        same_dtype(out, dtype, name=f"out of {NAME}")
        return
    for name, before, after in zip(("x", "gamma", "beta"), args[:3], echo.args, strict=False):
        unchanged(before, after, name=f"{name}, the argument of {NAME},")


@cases(
    BACK,
    Case(
        "dx",
        row="wide",
        which="dx",
        weight=2,
        hint="As in batch norm, x acts through the mean and the variance too, but those of its row. gamma "
        "differs from feature to feature, so it goes in before the sums along a row; and what the sums take "
        "is the normalised x, not x as it came.",
    ),
    Case(
        "dx_tall",
        row="tall",
        which="dx",
        hint="8 rows, 3 features here. The sums inside dx run along each row, over D terms.",
    ),
    Case(
        "dgamma",
        row="wide",
        which="dgamma",
        hint="gamma has one entry a feature: its gradient adds up over the rows, unlike the sums inside dx.",
    ),
    Case("dbeta", row="wide", which="dbeta", hint="beta is added in every row: its shares add up."),
    Case(
        "dx_one_row", row="one_row", which="dx", hint="A single row has a gradient too; nothing is averaged."
    ),
    Case(
        "dx_small_variance",
        "edge",
        row="small_variance",
        which="dx",
        hint="The variance is about as small as eps here: the forward pass's eps belongs into the gradient.",
    ),
)
def test_layernorm_backward(student: Any, case: Case) -> None:
    check_gradient(student, LAYERNORM, BACK, case, FIXED[case.row])


@cases(
    BACK,
    Case("float32", "edge", hint="float32 in, float32 out: look for an array made without dtype=."),
    Case(
        "shapes_and_dout_unchanged",
        "edge",
        hint="dgamma and dbeta have shape (D,). dout belongs to the caller: `dout *= gamma` changes it.",
    ),
)
def test_layernorm_backward_contract(student: Any, case: Case) -> None:
    check_contract(student, LAYERNORM, BACK, case, FIXED["wide"])
