"""FullyConnectedNet with batch norm and layer norm, at fixed parameters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checks.checks import Case, cases, close, fail, mapping, parts, same_shape
from autograder.checks.fixed import Arrays, load, under
from autograder.graders.assignment2.calls import EXPECTED, like
from autograder.graders.assignment2.deep_nets import compare_both, compare_dtypes, compare_scores, float32
from autograder.graders.assignment2.fully_connected import (
    COMPARE,
    NAME,
    NORMED,
    TARGET,
    WITH_BATCHNORM,
    WITH_LAYERNORM,
    params_with,
)
from autograder.graders.assignment2.fully_connected import build as with_params
from autograder.graders.shared import nets

FIXED = load(EXPECTED, "fully_connected_norm")
PENALTY_RTOL = 1e-6  # a difference of two losses that are twenty times its size at most


def build(student: Any, row: Arrays, **options: Any) -> Any:
    """The student's net with this entry's parameters in it; one that has no normalisation says so once."""
    kind = options.get("normalization")
    if kind:
        check_normalizes(params_with(student, kind), kind)
    return with_params(student, row, **options)


def check_normalizes(params: Any, kind: str) -> None:
    if "gamma1" not in mapping(params, [], name=f"params of {NAME}"):
        fail(  # the same words in every check: the page shows them once
            "value",
            f"{NAME} ignores normalization={kind!r}, or names its parameters otherwise: its params "
            "hold no gamma1 and beta1. Make them in __init__ for every hidden layer, and use them.",
        )


def norm_cases(kind: str, word: str, before: str) -> Sequence[Case]:
    return (
        Case(
            "loss",
            row=kind,
            hint=f"Every hidden layer is affine, {word}, ReLU, in this order; the last affine layer has "
            f"none. If {kind}_forward or fully_connected_net has failed too, look there first.",
        ),
        Case(
            "gradients",
            row=kind,
            weight=2,
            hint="Go back in the opposite order: ReLU, normalisation, affine; grads holds gamma and beta of "
            f"every hidden layer too. If {kind}_backward has failed too, look there first.",
        ),
        Case(
            "one_hidden_layer",
            "edge",
            row=f"{kind}_one_hidden",
            hint="One hidden layer must work as well: does the loop over layers fix their number?",
        ),
        Case(
            "three_hidden_layers",
            "edge",
            row=f"{kind}_three_hidden",
            hint=f"Three hidden layers: each has its own gamma, beta{before}.",
        ),
    )


def check_norm(student: Any, case: Case, normalization: str) -> None:
    row = FIXED[case.row]
    got = student.method(build(student, row, normalization=normalization), "loss", row["X"], row["y"])
    COMPARE.get(case.id, compare_both)(NAME, got, row)


@cases(
    "fully_connected_net_batchnorm",
    *norm_cases("batchnorm", "batch norm", ", and its own bn_param"),
    builds_on=WITH_BATCHNORM,
)
def test_fully_connected_net_batchnorm(student: Any, case: Case) -> None:
    check_norm(student, case, "batchnorm")


@cases(
    "fully_connected_net_layernorm",
    *norm_cases("layernorm", "layer norm", " and cache"),
    builds_on=WITH_LAYERNORM,
)
def test_fully_connected_net_layernorm(student: Any, case: Case) -> None:
    check_norm(student, case, "layernorm")


@cases(
    "fully_connected_net_batchnorm",
    Case(
        "scores_in_test_mode",
        row="batchnorm",
        hint="loss(X) without y is test mode: every batch norm uses the running statistics that the training "
        "calls before have left in its own bn_param.",
    ),
    Case(
        "scores_three_hidden_layers",
        "edge",
        row="batchnorm_three_hidden",
        hint="Three hidden layers: the layer that trained a bn_param must be the one that tests with it.",
    ),
    Case(
        "scores_of_one_example",
        "edge",
        row="batchnorm_one_hidden",
        hint="In test mode an example's scores do not depend on the rest of its batch; a batch of one works.",
    ),
    builds_on=WITH_BATCHNORM,
)
def test_fully_connected_net_batchnorm_scores(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    if case.id == "scores_of_one_example":
        row = row | {"X_test": row["X_test"][:1], "scores": row["scores"][:1]}
    check_scores(student, row, "batchnorm")


@cases(
    "fully_connected_net_layernorm",
    Case(
        "scores_in_test_mode",
        row="layernorm",
        hint="Layer norm does the same in training and testing; loss(X) without y returns the scores.",
    ),
    builds_on=WITH_LAYERNORM,
)
def test_fully_connected_net_layernorm_scores(student: Any, case: Case) -> None:
    check_scores(student, FIXED[case.row], "layernorm")


def check_scores(student: Any, row: Arrays, normalization: str) -> None:
    net = build(student, row, normalization=normalization)
    for batch in row["warmup"]:
        student.method(net, "loss", batch, row["y"])
    scores = student.method(net, "loss", row["X_test"])
    compare_scores(NAME, scores, row)


REGULARIZATION = Case(
    "regularization",
    "edge",
    hint="L2 is on every W, never on b, gamma or beta, in the loss and in the gradients.",
)


@cases("fully_connected_net_batchnorm", REGULARIZATION, builds_on=WITH_BATCHNORM)
def test_fully_connected_net_batchnorm_penalty(student: Any, case: Case) -> None:
    check_penalty(student, "batchnorm")


@cases("fully_connected_net_layernorm", REGULARIZATION, builds_on=WITH_LAYERNORM)
def test_fully_connected_net_layernorm_penalty(student: Any, case: Case) -> None:
    check_penalty(student, "layernorm")


def check_penalty(student: Any, normalization: str) -> None:
    """With reg, loss and gradients move by as much as without normalisation, and gamma and beta not at all.

    Whether that is the right L2 penalty is for the cell of the plain net. The net must be right without reg.
    """
    row = FIXED[normalization]
    plain_row = {key: v for key, v in row.items() if not NORMED.match(key.split(".")[-1])}
    net = build(student, row, normalization=normalization)
    compare_both(NAME, student.method(net, "loss", row["X"], row["y"]), row)
    found, plain = penalty(student, row, normalization=normalization), penalty(student, plain_row)
    for key, value in found.items():
        name = f"what reg adds to {'the loss' if key == 'loss' else f'grads[{key!r}]'} of {NAME}"
        close(value, plain.get(key, np.zeros_like(value)), name=name, rtol=PENALTY_RTOL, atol=PENALTY_RTOL)


def penalty(student: Any, row: Arrays, **options: Any) -> Arrays:
    """Loss and gradients with reg, less those without it."""
    results: list[Arrays] = []
    for reg in (float(row["reg"]), 0.0):
        got = student.method(build(student, row, reg=reg, **options), "loss", row["X"], row["y"])
        loss, grads = parts(got, 2, name=f"{NAME}.loss(X, y)")
        keys = {k: v for k, v in under(row, "params.").items() if not k.startswith("b") or NORMED.match(k)}
        found = mapping(grads, keys, name=f"grads of {NAME}")
        results.append(
            {"loss": same_shape(loss, (), name=f"loss of {NAME}")}
            | {key: like(found[key], v, name=f"grads[{key!r}] of {NAME}") for key, v in keys.items()}
        )
    return {key: results[0][key] - results[1][key] for key in results[0]}


PARAMETERS = Case(
    "parameters",
    hint="With a normalisation params also holds gamma1, beta1, ... for every hidden layer, and none for the "
    "last: gamma starts at one, beta at zero, one number for each unit.",
)
FLOAT32 = Case(
    "float32",
    "edge",
    hint="A float32 net computes in float32: look for a float64 array made on the way, in net or layer.",
)


@cases("fully_connected_net_batchnorm", PARAMETERS, FLOAT32, builds_on=WITH_BATCHNORM)
def test_fully_connected_net_batchnorm_start(student: Any, case: Case) -> None:
    check_start(student, case, "batchnorm")


@cases("fully_connected_net_layernorm", PARAMETERS, FLOAT32, builds_on=WITH_LAYERNORM)
def test_fully_connected_net_layernorm_start(student: Any, case: Case) -> None:
    check_start(student, case, "layernorm")


def check_start(student: Any, case: Case, normalization: str) -> None:
    if case.id == "float32":
        row = float32(FIXED[normalization])
        net = build(student, row, dtype="float32", normalization=normalization)
        got = student.method(net, "loss", row["X"], row["y"])
        compare_dtypes(NAME, got, row)
        return
    net = student.new(TARGET, [9, 7], input_dim=8, num_classes=5, normalization=normalization)
    shapes = {"W1": (8, 9), "b1": (9,), "gamma1": (9,), "beta1": (9,), "W2": (9, 7), "b2": (7,)}
    shapes |= {"gamma2": (7,), "beta2": (7,), "W3": (7, 5), "b3": (5,)}
    params = student.get(net, "params")
    check_normalizes(params, normalization)
    nets.check_shapes(params, shapes, name=NAME)
    for key, start in (("gamma1", 1.0), ("gamma2", 1.0), ("beta1", 0.0), ("beta2", 0.0)):
        if not (params[key] == start).all():
            fail("value", f"params[{key!r}] of {NAME} does not start as it should.")
