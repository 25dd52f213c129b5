"""The multiclass hinge loss and the softmax cross-entropy: the loss, its gradient, and large scores."""

from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import DTYPE_HINT, RTOL, SINGLE, Case, cases, close, filled, parts, unchanged
from autograder.checks.fixed import load

FIXED = load(Path(__file__).parent / "expected", "losses")


@cases(
    "svm_loss",
    Case(
        "loss",
        row="batch",
        weight=2,
        hint="1 too much: the right class is not left out. N times too much: no average over the batch.",
    ),
    Case(
        "gradient",
        row="batch",
        weight=2,
        hint="Only positive margins count, each once for its own class and once, the other way, for the true "
        "class. The average over the batch applies to the gradient too.",
    ),
    Case(
        "one_sample",
        row="one_sample",
        hint="A batch of one, and one of twelve classes: an index, a sum over the wrong axis or a number of "
        "classes written into the code shows here.",
    ),
    Case(
        "two_classes",
        row="two_classes",
        hint="Take the number of classes from x, not from the notebook's 10.",
    ),
    Case(
        "margins_met",
        row="margins_met",
        hint="Every right class leads by more than the margin: loss and gradient are both 0. "
        "Is a negative margin cut off at 0?",
    ),
)
def test_svm_loss(student: Any, case: Case) -> None:
    compare_loss(student, "svm_loss", case)


@cases(
    "softmax_loss",
    Case(
        "loss",
        row="batch",
        weight=2,
        hint="The mean over the batch of the negative natural log of the right class's probability.",
    ),
    Case(
        "gradient",
        row="batch",
        weight=2,
        hint="Each row of the gradient sums to 0. The average over the batch applies to the gradient too.",
    ),
    Case(
        "one_sample",
        row="one_sample",
        hint="A batch of one, and one of twelve classes: an index, a sum over the wrong axis or a number of "
        "classes written into the code shows here.",
    ),
    Case(
        "equal_scores",
        row="equal_scores",
        hint="All scores are equal, so every class has the same probability: work the loss out by hand.",
    ),
    Case(
        "large",
        "edge",
        row="large",
        hint="Scores in the thousands make exp overflow. Shifting a whole row changes no probability.",
    ),
    Case(
        "far_below",
        "edge",
        row="far_below",
        hint="The right class lies far below the best one: its probability rounds to 0 and the log of it is "
        "infinite. Stay with logarithms instead of taking the log of a rounded probability.",
    ),
)
def test_softmax_loss(student: Any, case: Case) -> None:
    compare_loss(student, "softmax_loss", case)


CONTRACT = (
    Case(
        "arguments_unchanged",
        "edge",
        hint="x -= x.max(...), or a gradient built inside x, changes the caller's scores: work on a new "
        "array. The labels y stay as they are, too.",
    ),
    Case("dtype", "edge", hint="np.zeros(shape) makes a float64 array. " + DTYPE_HINT),
)


@cases("svm_loss", *CONTRACT)
def test_svm_loss_contract(student: Any, case: Case) -> None:
    keep_contract(student, "svm_loss", case)


@cases("softmax_loss", *CONTRACT)
def test_softmax_loss_contract(student: Any, case: Case) -> None:
    keep_contract(student, "softmax_loss", case)


def compare_loss(student: Any, function: str, case: Case) -> None:
    if case.id == "margins_met":  # zeros alone are no loss
        fixed = FIXED["svm/batch"]
        _, dx = parts(student.call(f"layers.{function}", fixed["x"], fixed["y"]), 2, name=function)
        filled(dx, fixed["dx"].shape, name=f"dx of {function}")
    for row in (case.row, "many_classes") if case.id == "one_sample" else (case.row,):
        fixed = FIXED[f"{function.removesuffix('_loss')}/{row}"]
        loss, dx = parts(student.call(f"layers.{function}", fixed["x"], fixed["y"]), 2, name=function)
        if case.id != "gradient":
            close(loss, fixed["loss"], name=f"loss of {function}", rtol=RTOL)
        if case.id != "loss":
            close(dx, fixed["dx"], name=f"dx of {function}", rtol=RTOL, what="gradient")


def keep_contract(student: Any, function: str, case: Case) -> None:
    fixed = FIXED[f"{function.removesuffix('_loss')}/batch"]
    dtype = SINGLE if case.id == "dtype" else None
    x = fixed["x"].astype(dtype or np.float64)
    echo = student.call(f"layers.{function}", x, fixed["y"], echo=True)
    _, dx = parts(echo.result, 2, name=function)
    close(dx, fixed["dx"], name=f"dx of {function}", rtol=RTOL, dtype=dtype, what="gradient")
    if case.id == "arguments_unchanged":
        unchanged(x, echo.args[0], name=f"x, the argument of {function},")
        unchanged(fixed["y"], echo.args[1], name=f"y, the argument of {function},")
