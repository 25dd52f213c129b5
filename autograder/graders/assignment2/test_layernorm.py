"""Layer normalisation: one row at a time, no running state, gradients with each student's own cache."""

from typing import Any

import numpy as np

from autograder.checks.checks import (
    DTYPE_HINT,
    GRAD_RTOL,
    USED_AGAIN_HINT,
    Case,
    cases,
    filled,
    parts,
    same_dtype,
    unchanged,
)
from autograder.checks.fixed import load
from autograder.graders.assignment2.calls import EXPECTED, near
from autograder.graders.assignment2.norms import (
    NORM_RTOL,
    Layer,
    Lost,
    check_contract,
    check_gradient,
    forward,
    must_normalise,
    other_eps,
)

FIXED = load(EXPECTED, "layernorm")
NAME, BACK = "layernorm_forward", "layernorm_backward"
EPS_HINT = "ln_param['eps'] is not the usual one here. Is it read, or is 1e-5 written into the code?"
LAYERNORM = Layer(
    NAME,
    rows=lambda x, row: x,
    settings=lambda row: [{"eps": float(row["eps"])} if "eps" in row else {}],
    own={
        **{name: (name,) for name in ("wide", "tall", "one_row")},
        "small_variance": ("small_variance", "eps_argument"),
    },
)


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
    Case("eps_argument", "edge", row="small_variance", hint=EPS_HINT),
)
def test_layernorm_forward(student: Any, case: Case) -> None:
    row = other_eps(FIXED[case.row]) if case.id == "eps_argument" else FIXED[case.row]
    out, _ = forward(student, LAYERNORM, row)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    near(out, row["out"], name=f"out of {NAME}", rtol=rtol)


@cases(
    NAME,
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case(
        "arguments_unchanged",
        "edge",
        hint="x, gamma and beta belong to the caller: `x -= mean` changes them, `x = x - mean` does not.",
    ),
)
def test_layernorm_forward_contract(student: Any, case: Case) -> None:
    dtype = np.float32 if case.id == "dtype" else np.float64
    args = LAYERNORM.arguments(FIXED["wide"], dtype)
    echo = student.call(f"layers.{NAME}", *args, keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=NAME)
    filled(out, args[0].shape, name=f"out of {NAME}")
    must_normalise(LAYERNORM, FIXED["wide"], out)
    if case.id == "dtype":
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
    Case(
        "dgamma_small_variance",
        "edge",
        row="small_variance",
        which="dgamma",
        hint="The variance is about as small as eps here: the normalised x is that of the forward pass.",
    ),
    Case("dx_eps_argument", "edge", row="small_variance", which="dx", hint=EPS_HINT),
    after=[NAME],
)
def test_layernorm_backward(student: Any, case: Case, lost: Lost) -> str | None:
    row = other_eps(FIXED[case.row]) if case.id == "dx_eps_argument" else FIXED[case.row]
    return check_gradient(student, LAYERNORM, BACK, case, row, lost)


@cases(
    BACK,
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case(
        "shapes_and_arguments_unchanged",
        "edge",
        hint="dgamma and dbeta have shape (D,). " + USED_AGAIN_HINT,
    ),
    after=[NAME],
)
def test_layernorm_backward_contract(student: Any, case: Case, lost: Lost) -> None:
    check_contract(student, LAYERNORM, BACK, case, FIXED["wide"], wrong=LAYERNORM.is_wrong("wide", lost))
