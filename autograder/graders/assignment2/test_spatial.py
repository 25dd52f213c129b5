"""Spatial batch norm: one mean and variance for each channel, both modes, gradients."""

from typing import Any

import numpy as np

from autograder.checks.checks import Case, cases, mapping, parts, same_shape
from autograder.checks.fixed import Arrays, load
from autograder.graders.assignment2.calls import EXPECTED, near
from autograder.graders.assignment2.norms import NORM_RTOL, Layer, Lost, check_contract, other_eps
from autograder.graders.assignment2.own_forward import per_channel
from autograder.graders.assignment2.spatial import (
    BUILDS_ON,
    STATS,
    check_forward_contract,
    check_gradient,
    sharpness,
)

FIXED = load(EXPECTED, "spatial_batchnorm")
NAME, BACK = "spatial_batchnorm_forward", "spatial_batchnorm_backward"
SPATIAL = Layer(
    NAME,
    rows=lambda x, row: np.moveaxis(x, 1, 0).reshape(x.shape[1], -1),
    settings=lambda row: [{"mode": "train", **({"eps": float(row["eps"])} if "eps" in row else {})}],
    own={
        **{name: (name,) for name in ("train", "one_image")},
        "small_variance": ("small_variance", "eps_argument"),
    },
)


@cases(
    NAME,
    Case(
        "train",
        row="train",
        weight=2,
        hint="One mean and one variance for each channel, over all images and all places. Move the channel "
        "axis to the end before you reshape into rows, and back again: reshape alone mixes channels up.",
    ),
    Case(
        "test_mode",
        row="test",
        hint="Test mode uses the running statistics, one for each channel; pass bn_param on as it came.",
    ),
    Case(
        "test_mode_gamma_beta",
        row="test_scaled",
        hint="gamma and beta scale and shift in test mode just as they do in train mode.",
    ),
    Case(
        "one_image",
        "edge",
        row="one_image",
        hint="A batch of one image is normalised over its own pixels.",
    ),
    Case(
        "small_variance",
        "edge",
        row="small_variance",
        hint="The variance is about as small as eps here: eps is 1e-5, inside the root.",
    ),
    Case(
        "eps_argument",
        "edge",
        row="small_variance",
        hint="bn_param['eps'] is not the usual one here: pass bn_param on as it came.",
    ),
    Case(
        "test_mode_other_eps",
        "edge",
        row="test_scaled",
        hint="bn_param['eps'] is not the usual one here, in test mode too: pass bn_param on as it came.",
    ),
    builds_on=BUILDS_ON,
)
def test_spatial_batchnorm_forward(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    if case.id == "eps_argument":
        row = other_eps(row)
    if case.id == "test_mode_other_eps":
        row = with_eps(row, 0.5)
    param: dict[str, Any] = {"mode": "train", **({"eps": float(row["eps"])} if "eps" in row else {})}
    if "running_mean" in row:
        param |= {"mode": "test", **{name: row[name] for name in STATS}}
    args = [row["x"], row["gamma"], row["beta"], param]
    out, _ = parts(student.call(f"layers.{NAME}", *args, keep=1), 2, name=NAME)
    text, rtol = f"out of {NAME} in {param['mode']} mode", sharpness(case)
    out = same_shape(out, row["x"].shape, name=text)
    near(out, row["out"], name=text, rtol=rtol)


def with_eps(row: Arrays, eps: float) -> Arrays:
    """An entry of test mode with another eps; the formula is short."""
    mean, var, gamma, beta = (per_channel(row[name], 4) for name in (*STATS, "gamma", "beta"))
    return row | {"eps": np.float64(eps), "out": gamma * (row["x"] - mean) / np.sqrt(var + eps) + beta}


@cases(
    NAME,
    Case(
        "running_mean",
        row="one_pass",
        which="running_mean",
        hint="bn_param holds one running mean for each channel, of shape (C,): hand the same bn_param on to "
        "batchnorm_forward.",
    ),
    Case(
        "running_var",
        row="one_pass",
        which="running_var",
        hint="bn_param holds one running variance for each channel, of all its pixels in all images.",
    ),
    Case(
        "running_over_two_batches",
        "edge",
        row="from_nothing",
        which="running_mean",
        hint="The second batch goes on from what the first left in bn_param.",
    ),
    builds_on=BUILDS_ON,
)
def test_spatial_batchnorm_forward_running(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    channels = row["batches"].shape[2]
    affine, start = [np.ones(channels), np.zeros(channels)], {"mode": "train"}
    if case.row == "one_pass":
        start |= {name: row[f"{name}_before"] for name in STATS}
    param = dict(start)
    for batch in row["batches"]:
        echo = student.call(f"layers.{NAME}", batch, *affine, param, keep=1, echo=True)
        param = mapping(echo.args[3], STATS, name="bn_param after a call in train mode")
    got, text = param[case.which], f"{case.which} in bn_param after {NAME}"
    near(got, row[case.which], name=text, rtol=NORM_RTOL)


@cases(
    NAME,
    Case("dtype", "edge", hint="float32 in, float32 out, and running statistics of x's dtype too."),
    Case("arguments_unchanged", "edge", hint="x, gamma and beta belong to the caller; make new arrays."),
    builds_on=BUILDS_ON,
)
def test_spatial_batchnorm_forward_contract(student: Any, case: Case) -> None:
    check_forward_contract(student, SPATIAL, FIXED["train"], single=case.id == "dtype")


@cases(
    BACK,
    Case(
        "dx",
        row="train",
        which="dx",
        weight=2,
        hint="Bring dout into rows as the forward pass did with x, and dx back. If batchnorm_backward has "
        "failed too, look there first.",
    ),
    Case(
        "dgamma",
        row="train",
        which="dgamma",
        hint="gamma has one entry for each channel, shape (C,): its gradient adds up over images and places.",
    ),
    Case("dbeta", row="train", which="dbeta", hint="beta's gradient adds up over images and places."),
    Case(
        "one_image",
        "edge",
        row="one_image",
        which="dx",
        hint="A batch of one image has a gradient like any other.",
    ),
    Case(
        "dx_small_variance",
        "edge",
        row="small_variance",
        which="dx",
        hint="The variance is about as small as eps here: eps belongs into the gradient too.",
    ),
    Case(
        "dx_eps_argument",
        "edge",
        row="small_variance",
        which="dx",
        hint="bn_param['eps'] is not the usual one here, and belongs into the gradient, through the cache.",
    ),
    builds_on=BUILDS_ON,
    after=[NAME],
)
def test_spatial_batchnorm_backward(student: Any, case: Case, lost: Lost) -> Any:
    row = other_eps(FIXED[case.row]) if case.id == "dx_eps_argument" else FIXED[case.row]
    return check_gradient(student, SPATIAL, BACK, case, row, lost)


@cases(
    BACK,
    Case("dtype", "edge", hint="float32 in, float32 out: look for an array made without dtype=."),
    Case(
        "shapes_and_arguments_unchanged",
        "edge",
        hint="dgamma and dbeta have shape (C,), dx has x's shape; dout belongs to the caller.",
    ),
    builds_on=BUILDS_ON,
    after=[NAME],
)
def test_spatial_batchnorm_backward_contract(student: Any, case: Case, lost: Lost) -> None:
    check_contract(student, SPATIAL, BACK, case, FIXED["train"], wrong=SPATIAL.is_wrong("train", lost))
