"""Batch normalisation: both modes, running statistics, and two ways back with each student's own cache."""

from typing import Any

import numpy as np

from autograder.checks.checks import (
    DTYPE_HINT,
    GRAD_RTOL,
    USED_AGAIN_HINT,
    Case,
    cases,
    filled,
    mapping,
    parts,
    same_dtype,
    unchanged,
)
from autograder.checks.fixed import Arrays, load
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

FIXED = load(EXPECTED, "batchnorm")
NAME = "batchnorm_forward"


def given_eps(row: Arrays) -> dict[str, float]:
    return {"eps": float(row["eps"])} if "eps" in row else {}


BATCHNORM = Layer(
    NAME,
    rows=lambda x, row: x.T,
    settings=lambda row: [{"mode": "train"} | given_eps(row)],
    own={
        "train": ("train",),
        "wide": ("more_features_than_rows",),
        "small_variance": ("small_variance", "eps_argument"),
    },
)
STATS = ("running_mean", "running_var")
ARGUMENTS_HINT = "x, gamma and beta belong to the caller: `x -= mean` changes them, `x = x - mean` does not."
EPS_HINT = "bn_param['eps'] is not the usual one here. Is it read, or is 1e-5 written into the code?"


@cases(
    NAME,
    Case(
        "train",
        row="train",
        weight=2,
        hint="Each column has its own mean and variance, over the batch. The variance is the biased one, and "
        "it is its root that divides. gamma and beta come after that.",
    ),
    Case(
        "more_features_than_rows",
        row="wide",
        hint="3 rows, 6 features here. Which axis do the statistics run along?",
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
def test_batchnorm_forward_train(student: Any, case: Case) -> None:
    row = other_eps(FIXED[case.row]) if case.id == "eps_argument" else FIXED[case.row]
    out, _ = forward(student, BATCHNORM, row)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    near(out, row["out"], name=f"out of {NAME} in train mode", rtol=rtol)


@cases(
    NAME,
    Case(
        "running_mean",
        row="one_pass",
        stats=["running_mean"],
        hint="momentum is the share of the old running mean that stays; the batch's mean gets the rest. The "
        "result belongs into bn_param.",
    ),
    Case(
        "running_var",
        row="one_pass",
        stats=["running_var"],
        hint="The running variance takes in the batch's biased variance, without eps and without a root.",
    ),
    Case(
        "running_mean_over_three_batches",
        row="from_nothing",
        stats=["running_mean"],
        hint="The first batch starts from zeros; after that the mean that the last call left in bn_param "
        "goes on. Is it written back to bn_param, and read from there?",
    ),
    Case(
        "running_var_without_eps",
        "edge",
        row="running_small_variance",
        stats=["running_var"],
        hint="The variance is about as small as eps here: eps belongs under the root when x is normalised, "
        "and not into the running variance, where it would count twice.",
    ),
    Case(
        "other_momentum",
        "edge",
        row="other_momentum",
        stats=STATS,
        hint="bn_param['momentum'] is not the usual one here. Is it read, or is 0.9 written into the code?",
    ),
)
def test_batchnorm_forward_running(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    bn_param = {"mode": "train"}
    if case.id == "other_momentum":
        bn_param["momentum"] = float(row["momentum"])
    if row["running_var_before"].any():
        bn_param |= {name: row[f"{name}_before"] for name in STATS}
    found = after_batches(student, row, bn_param)
    rtol = GRAD_RTOL if case.id == "running_var_without_eps" else NORM_RTOL
    for name in case.stats:
        near(found[name], row[name], name=f"{name} in bn_param after {NAME}", rtol=rtol)


def after_batches(student: Any, row: Arrays, bn_param: dict[str, Any]) -> dict[str, Any]:
    """bn_param as the student's calls on each batch of the row in turn leave it."""
    features = row["batches"].shape[-1]
    for batch in row["batches"]:
        args = (batch, np.ones(features), np.zeros(features), bn_param)
        echo = student.call(f"layers.{NAME}", *args, keep=1, echo=True)
        bn_param = mapping(echo.args[3], STATS, name="bn_param after a call in train mode")
    return bn_param


@cases(
    NAME,
    Case(
        "test_mode",
        row="test",
        weight=2,
        hint="Test mode takes running_mean and running_var from bn_param, not the statistics of this batch.",
    ),
    Case(
        "test_mode_gamma_beta",
        weight=2,
        row="test_scaled",
        hint="gamma and beta scale and shift in test mode just as they do in train mode. With ones and "
        "zeros, as at the start of training, nobody notices when they are left out.",
    ),
    Case(
        "test_mode_small_variance",
        "edge",
        row="test_small_variance",
        hint="eps keeps test mode from dividing by almost nothing, too; it is added to the running variance.",
    ),
    Case("test_mode_eps_argument", "edge", row="test_small_variance", hint=EPS_HINT),
    Case(
        "test_mode_keeps_statistics",
        "edge",
        row="test_scaled",
        hint="A test batch must leave the running statistics as they are.",
    ),
)
def test_batchnorm_forward_test_mode(student: Any, case: Case) -> None:
    row = other_eps(FIXED[case.row]) if case.id == "test_mode_eps_argument" else FIXED[case.row]
    args = [row["x"], row["gamma"], row["beta"], with_statistics(row)]
    echo = student.call(f"layers.{NAME}", *args, keep=1, echo=True)
    if case.id == "test_mode_keeps_statistics":
        filled(parts(echo.result, 2, name=NAME)[0], row["x"].shape, name=f"out of {NAME} in test mode")
        must_train(student)
        left = mapping(echo.args[3], STATS, name="bn_param after a call in test mode")
        for name in STATS:
            near(left[name], row[name], name=f"{name} in bn_param after test mode", rtol=GRAD_RTOL)
        return
    out, _ = parts(echo.result, 2, name=NAME)
    rtol = GRAD_RTOL if case.kind == "edge" else NORM_RTOL
    near(out, row["out"], name=f"out of {NAME} in test mode", rtol=rtol)


@cases(
    NAME,
    Case("dtype", "edge", hint=DTYPE_HINT + " The running statistics have x's dtype too."),
    Case("test_mode_dtype", "edge", hint=DTYPE_HINT + " That holds in test mode too."),
    Case("arguments_unchanged", "edge", hint=ARGUMENTS_HINT),
    Case("test_mode_arguments_unchanged", "edge", hint=ARGUMENTS_HINT),
)
def test_batchnorm_forward_contract(student: Any, case: Case) -> None:
    dtype, mode = np.float32 if case.id.endswith("dtype") else np.float64, "train"
    args = BATCHNORM.arguments(FIXED["train"], dtype)
    if case.id.startswith("test_mode"):
        row, mode = FIXED["test_scaled"], "test"
        args = [row[name].astype(dtype) for name in ("x", "gamma", "beta")] + [with_statistics(row, dtype)]
    echo = student.call(f"layers.{NAME}", *args, keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=NAME)
    filled(out, args[0].shape, name=f"out of {NAME} in {mode} mode")
    must_train(student)
    if dtype == np.float32:
        same_dtype(out, dtype, name=f"out of {NAME} in {mode} mode")
        for name, value in mapping(echo.args[3], STATS, name="bn_param").items():
            if name in STATS:
                same_dtype(value, dtype, name=f"{name} in bn_param after {mode} mode")
        return
    for name, before, after in zip(("x", "gamma", "beta"), args[:3], echo.args, strict=False):
        unchanged(before, after, name=f"{name}, the argument of {NAME} in {mode} mode,")


def must_train(student: Any) -> None:
    must_normalise(BATCHNORM, FIXED["train"], forward(student, BATCHNORM, FIXED["train"])[0])


def with_statistics(row: Arrays, dtype: Any = np.float64) -> dict[str, Any]:
    """bn_param of test mode, with the running statistics that a training left."""
    return {"mode": "test", **given_eps(row), **{name: row[name].astype(dtype) for name in STATS}}


DX = Case(
    "dx",
    row="train",
    which="dx",
    weight=2,
    hint="x acts on the result three ways: directly, through the batch's mean and through its variance. A "
    "missing way gives numbers of the right size that are wrong.",
)
DX_WIDE = Case(
    "dx_more_features_than_rows",
    row="wide",
    which="dx",
    hint="3 rows, 6 features here. The sums inside dx run over the batch, and N is the number of rows.",
)
DGAMMA = Case(
    "dgamma",
    row="train",
    which="dgamma",
    hint="gamma multiplies the normalised x (before beta), in every row: their shares add up.",
)
DBETA = Case("dbeta", row="train", which="dbeta", hint="beta is added in every row: its shares add up.")
SMALL_HINT = (
    "The variance is about as small as eps here: the forward pass's eps belongs into the gradient too."
)
SMALL = Case("dx_small_variance", "edge", row="small_variance", which="dx", hint=SMALL_HINT)
SMALL_DGAMMA = Case("dgamma_small_variance", "edge", row="small_variance", which="dgamma", hint=SMALL_HINT)
OTHER_EPS = Case(
    "dx_eps_argument", "edge", row="small_variance", which="dx", hint=EPS_HINT + " Keep it in the cache."
)


VALUES = (DX, DX_WIDE, DGAMMA, DBETA, SMALL, SMALL_DGAMMA, OTHER_EPS)
OTHER_WAY = ["layers.batchnorm_backward"]  # the alternative computes the gradient by the formula of its own


@cases("batchnorm_backward", *VALUES, after=[NAME])
def test_batchnorm_backward(student: Any, case: Case, lost: Lost) -> str | None:
    row = other_eps(FIXED[case.row]) if case.id == "dx_eps_argument" else FIXED[case.row]
    return check_gradient(student, BATCHNORM, "batchnorm_backward", case, row, lost)


@cases("batchnorm_backward_alt", *VALUES, after=[NAME], without=OTHER_WAY)
def test_batchnorm_backward_alt(student: Any, case: Case, lost: Lost) -> str | None:
    row = other_eps(FIXED[case.row]) if case.id == "dx_eps_argument" else FIXED[case.row]
    return check_gradient(student, BATCHNORM, "batchnorm_backward_alt", case, row, lost)


DTYPE = Case("dtype", "edge", hint=DTYPE_HINT)
DOUT = Case(
    "shapes_and_arguments_unchanged",
    "edge",
    hint="dgamma and dbeta have shape (D,). " + USED_AGAIN_HINT,
)


@cases("batchnorm_backward", DTYPE, DOUT, after=[NAME])
def test_batchnorm_backward_contract(student: Any, case: Case, lost: Lost) -> None:
    wrong = BATCHNORM.is_wrong("train", lost)
    check_contract(student, BATCHNORM, "batchnorm_backward", case, FIXED["train"], wrong=wrong)


@cases("batchnorm_backward_alt", DTYPE, DOUT, after=[NAME], without=OTHER_WAY)
def test_batchnorm_backward_alt_contract(student: Any, case: Case, lost: Lost) -> None:
    wrong = BATCHNORM.is_wrong("train", lost)
    check_contract(student, BATCHNORM, "batchnorm_backward_alt", case, FIXED["train"], wrong=wrong)
