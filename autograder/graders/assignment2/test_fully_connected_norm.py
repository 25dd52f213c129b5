"""FullyConnectedNet with batch norm, layer norm and dropout, at fixed parameters.

Dropout is judged by tables of the loss and the gradients under every mask there can be, so that any right way
to draw masks passes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.graders.assignment2.calls import EXPECTED
from autograder.graders.assignment2.composed import (
    LOSS_RTOL,
    Compare,
    Composed,
    compare_both,
    compare_dtypes,
    compare_grads,
    compare_loss,
    compare_scores,
    float32,
    judge,
    passes,
    regularized,
    under,
)
from autograder.graders.checks import Case, cases, fail, finite, parts, same_shape
from autograder.graders.oracles import Arrays, load
from autograder.graders.shared import nets

FIXED, MASKED = load(EXPECTED, "fully_connected_norm"), load(EXPECTED, "fully_connected_dropout")
NAME, TARGET = "FullyConnectedNet", "classifiers.fc_net.FullyConnectedNet"
SEED = 12  # any number: only repeats are compared


def build(student: Any, row: Arrays, *, reg: float = 0.0, dtype: str = "float64", **options: Any) -> Any:
    """The student's net with this entry's parameters in it."""
    sizes = [int(size) for size in row["sizes"]]
    kinds = {"dtype": nets.helper(student, "float64")} if dtype == "float64" else {}
    net = student.new(
        TARGET, sizes[1:-1], input_dim=sizes[0], num_classes=sizes[-1], reg=reg, **kinds, **options
    )
    student.set(net, "params", value={key: v.astype(dtype) for key, v in under(row, "params.").items()})
    return net


def plan(hidden: int, *between: str) -> tuple[str, ...]:
    return ("affine", *between) * hidden + ("affine",)


def own(row: Arrays, normalization: str, keep: dict[str, Any] | None = None) -> list[Composed]:
    """The ways in which a right net may be put together from the student's layers."""
    after = ("dropout",) if keep else ()
    norm = ("norm",) if normalization else ()
    layers = plan(len(row["sizes"]) - 2, *norm, "relu", *after)
    backs = [f"{normalization}_backward"]
    if normalization == "batchnorm":
        backs.append("batchnorm_backward_alt")
    return [Composed(layers, norm=normalization, norm_back=back, keep=keep or {}) for back in backs]


# --- batch norm and layer norm --------------------------------------------------------------------

COMPARE: dict[str, Compare] = {"loss": compare_loss, "gradients": compare_grads}


def norm_cases(kind: str, word: str, before: str) -> Sequence[Case]:
    return (
        Case(
            "loss",
            row=kind,
            hint=f"Every hidden layer is affine, {word}, ReLU, in this order; the last affine layer has "
            f"none. If {kind}_forward has failed too, look there first.",
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
        Case(
            "regularization",
            "edge",
            row=kind,
            hint="L2 is on every W, never on b, gamma or beta, in the loss and in the gradients.",
        ),
    )


def check_norm(student: Any, case: Case, normalization: str) -> None:
    row, reg = FIXED[case.row], 0.0
    if case.id == "regularization":
        row, reg = regularized(row), float(row["reg"])
    net = build(student, row, reg=reg, normalization=normalization)
    got = student.method(net, "loss", row["X"], row["y"])
    judge(student, NAME, row, got, COMPARE.get(case.id, compare_both), *own(row, normalization))


@cases("fully_connected_net_batchnorm", *norm_cases("batchnorm", "batch norm", ", and its own bn_param"))
def test_fully_connected_net_batchnorm(student: Any, case: Case) -> None:
    check_norm(student, case, "batchnorm")


@cases("fully_connected_net_layernorm", *norm_cases("layernorm", "layer norm", " and cache"))
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
        "scores_of_one_example",
        "edge",
        row="batchnorm_one_hidden",
        hint="In test mode an example's scores do not depend on the rest of its batch; a batch of one works.",
    ),
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
)
def test_fully_connected_net_layernorm_scores(student: Any, case: Case) -> None:
    check_scores(student, FIXED[case.row], "layernorm")


def check_scores(student: Any, row: Arrays, normalization: str) -> None:
    net = build(student, row, normalization=normalization)
    for batch in row["warmup"]:
        student.method(net, "loss", batch, row["y"])
    scores = student.method(net, "loss", row["X_test"])
    judge(student, NAME, row, scores, compare_scores, *own(row, normalization))


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


@cases("fully_connected_net_batchnorm", PARAMETERS, FLOAT32)
def test_fully_connected_net_batchnorm_start(student: Any, case: Case) -> None:
    check_start(student, case, "batchnorm")


@cases("fully_connected_net_layernorm", PARAMETERS, FLOAT32)
def test_fully_connected_net_layernorm_start(student: Any, case: Case) -> None:
    check_start(student, case, "layernorm")


def check_start(student: Any, case: Case, normalization: str) -> None:
    if case.id == "float32":
        row = float32(FIXED[normalization])
        net = build(student, row, dtype="float32", normalization=normalization)
        got = student.method(net, "loss", row["X"], row["y"])
        judge(student, NAME, row, got, compare_dtypes, *own(row, normalization))
        return
    net = student.new(TARGET, [9, 7], input_dim=8, num_classes=5, normalization=normalization)
    shapes = {"W1": (8, 9), "b1": (9,), "gamma1": (9,), "beta1": (9,), "W2": (9, 7), "b2": (7,)}
    shapes |= {"gamma2": (7,), "beta2": (7,), "W3": (7, 5), "b3": (5,)}
    params = student.get(net, "params")
    nets.check_shapes(params, shapes, name=NAME)
    for key, start in (("gamma1", 1.0), ("gamma2", 1.0), ("beta1", 0.0), ("beta2", 0.0)):
        if not (params[key] == start).all():
            fail("value", f"params[{key!r}] of {NAME} does not start as it should.")


# --- dropout --------------------------------------------------------------------------------------


@cases(
    "fully_connected_net_dropout",
    Case(
        "loss",
        row="one_hidden",
        hint="Dropout comes after each ReLU, with the net's keep ratio as p; the scores are left alone.",
    ),
    Case(
        "gradients",
        row="one_hidden",
        weight=2,
        hint="On the way back dropout_backward comes before relu_backward, with this forward pass's mask.",
    ),
    Case(
        "two_hidden_layers",
        row="two_hidden",
        hint="Every hidden layer has its own mask: keep a cache for each.",
    ),
    Case(
        "with_layernorm",
        "edge",
        row="with_layernorm",
        normalization="layernorm",
        hint="Dropout and layer norm together: affine, norm, ReLU, dropout.",
    ),
    Case(
        "with_batchnorm",
        "edge",
        row="with_batchnorm",
        normalization="batchnorm",
        hint="Dropout and batch norm together: affine, norm, ReLU, dropout.",
    ),
)
def test_fully_connected_net_dropout(student: Any, case: Case) -> None:
    row, normalization = MASKED[case.row], case.data.get("normalization", "")
    options: dict[str, Any] = {"dropout_keep_ratio": float(row["keep"]), "seed": SEED}
    if normalization:
        options["normalization"] = normalization
    net = build(student, row, **options)
    got = student.method(net, "loss", row["X"], row["y"])
    compare = COMPARE.get(case.id, compare_both)
    keep = {"p": float(row["keep"]), "seed": SEED}
    judge(student, NAME, row, got, under_some_mask(compare), *own(row, normalization, keep))


def under_some_mask(compare: Compare) -> Compare:
    """`compare` against every mask there can be; against a single result when the entry has no table."""

    def compare_masks(name: str, got: Any, row: Arrays) -> None:
        if "mask_losses" not in row:
            compare(name, got, row)
            return
        loss, _ = parts(got, 2, name=f"{name}.loss(X, y)")
        value = same_shape(finite(loss, name=f"loss of {name}"), (), name=f"loss of {name}")
        found = np.flatnonzero(np.isclose(row["mask_losses"], value, rtol=LOSS_RTOL, atol=0.0))
        if not found.size:
            fail("value", f"The loss of {name} is not what any mask of dropout gives, whatever it drops.")
        want = {key: grads[found[0]] for key, grads in under(row, "mask_grads.").items()}
        compare(
            name, got, {"loss": row["mask_losses"][found[0]], **{f"grads.{k}": v for k, v in want.items()}}
        )

    return compare_masks


@cases(
    "fully_connected_net_dropout",
    Case(
        "scores_in_test_mode",
        row="two_hidden",
        hint="loss(X) without y is test mode: nothing is dropped and nothing is scaled.",
    ),
    Case("keep_ratio_1", "edge", row="one_hidden", hint="A keep ratio of 1 means no dropout at all."),
    Case(
        "float32",
        "edge",
        row="one_hidden",
        hint="A float32 net computes in float32: a float64 mask makes everything after it float64.",
    ),
)
def test_fully_connected_net_dropout_plain(student: Any, case: Case) -> None:
    row = MASKED[case.row]
    options = {"dropout_keep_ratio": float(row["keep"]), "seed": SEED}
    dropping = student.method(build(student, row, **options), "loss", row["X"], row["y"])
    if passes(compare_loss, NAME, dropping, row):
        fail("value", f"The loss of {NAME} in training is the same with dropout and without it.")
    if case.id == "float32":
        row = float32(row)
        net = build(student, row, dtype="float32", **options)
        got = student.method(net, "loss", row["X"], row["y"])
        judge(student, NAME, row, got, compare_dtypes, *own(row, "", {"p": float(row["keep"]), "seed": SEED}))
    elif case.id == "keep_ratio_1":
        got = student.method(build(student, row, dropout_keep_ratio=1), "loss", row["X"], row["y"])
        judge(student, NAME, row, got, compare_both, *own(row, ""))
    else:
        scores = student.method(build(student, row, **options), "loss", row["X_test"])
        judge(student, NAME, row, scores, compare_scores, *own(row, ""))


@cases(
    "fully_connected_net_dropout",
    Case(
        "seed_repeats",
        "edge",
        repeats=True,
        hint="With a seed every call of loss drops the same units, so that gradients can be checked; a "
        "second net with another seed drops other ones.",
    ),
    Case(
        "no_seed",
        "edge",
        repeats=False,
        hint="Without a seed every call of loss draws new masks.",
    ),
)
def test_fully_connected_net_dropout_seed(student: Any, case: Case) -> None:
    draws = np.random.RandomState(5)
    X, y = draws.randn(6, 4), draws.randint(3, size=6)
    row: Arrays = {"sizes": np.array([4, 40, 3]), "params.W1": draws.randn(4, 40), "params.b1": np.zeros(40)}
    row |= {"params.W2": draws.randn(40, 3), "params.b2": np.zeros(3)}
    seeds = [SEED, SEED, SEED + 1] if case.repeats else [None, None, None]
    built = [build(student, row, dropout_keep_ratio=0.5, seed=seed) for seed in seeds]
    losses = [loss_of(student, net, X, y) for net in [built[0], *built]]
    changes = [not np.isclose(loss, losses[0], rtol=LOSS_RTOL) for loss in losses[1:]]
    if case.repeats and (changes[0] or changes[1]):
        fail("value", f"The loss of {NAME} changes from call to call, though a seed is given.")
    if not changes[2] or not (case.repeats or changes[0]):
        what = "for another seed" if case.repeats else "at every call, though no seed is given"
        fail("value", f"The loss of {NAME} is the same {what}: the same units are dropped.")


def loss_of(student: Any, net: Any, X: np.ndarray, y: np.ndarray) -> float:
    loss, _ = parts(student.method(net, "loss", X, y), 2, name=f"{NAME}.loss(X, y)")
    return float(same_shape(finite(loss, name=f"loss of {NAME}"), (), name=f"loss of {NAME}"))
