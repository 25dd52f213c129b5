"""FullyConnectedNet with dropout, judged by tables of loss and gradients under every mask there can be.

Any right way to draw masks passes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autograder.checks.checks import FLOAT32_RTOL, Case, cases, fail, finite, mapping, parts, same_shape
from autograder.checks.fixed import Arrays, load, under
from autograder.graders.assignment2.calls import EXPECTED
from autograder.graders.assignment2.deep_nets import (
    LOSS_RTOL,
    Compare,
    compare_both,
    compare_dtypes,
    compare_loss,
    compare_scores,
    float32,
)
from autograder.graders.assignment2.fully_connected import (
    COMPARE,
    NAME,
    NORMED,
    WITH_DROPOUT,
    build,
    params_with,
)

MASKED = load(EXPECTED, "fully_connected_dropout")
SEED = 12  # any number: only repeats are compared
UNITS, KEPT = 300, 0.3  # of a hidden layer in which all are active: its mask shows in the gradient of W2
SIGMAS = 6  # a right mask leaves these bounds once in 500 million times


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
    builds_on=WITH_DROPOUT,
)
def test_fully_connected_net_dropout(student: Any, case: Case) -> None:
    must_drop(mask_of(student, SEED))
    row, normalization = MASKED[case.row], case.data.get("normalization", "")
    if normalization and "gamma1" not in params_with(student, normalization):
        pytest.skip(f"{NAME} ignores normalization={normalization!r}, which costs points in that cell")
    options: dict[str, Any] = {"dropout_keep_ratio": float(row["keep"]), "seed": SEED}
    if normalization:
        options["normalization"] = normalization
    net = build(student, row, **options)
    got = student.method(net, "loss", row["X"], row["y"])
    compare = COMPARE.get(case.id, compare_both)
    if normalization:
        compare = without_norm(compare)
    under_some_mask(compare)(NAME, got, row)


def mask_of(student: Any, seed: int | None) -> np.ndarray:
    """Which units of a hidden layer were kept in a training call, whatever the net computes besides."""
    draws = np.random.RandomState(7)
    row: Arrays = {"sizes": np.array([3, UNITS, 4]), "params.W1": draws.rand(3, UNITS) + 0.5}
    row |= {"params.b1": np.ones(UNITS), "params.W2": draws.randn(UNITS, 4), "params.b2": np.zeros(4)}
    net = build(student, row, dropout_keep_ratio=KEPT, seed=seed)
    got = student.method(net, "loss", draws.rand(1, 3), np.array([2]))
    _, grads = parts(got, 2, name=f"{NAME}.loss(X, y)")
    label = f"grads['W2'] of {NAME}"
    found = mapping(grads, ["W2"], name=f"grads of {NAME}")["W2"]
    slopes = np.abs(finite(same_shape(found, (UNITS, 4), name=label), name=label)).max(axis=1)
    return slopes > 1e-6 * slopes.max(initial=0.0)


def must_drop(kept: np.ndarray) -> None:
    """The same words in every case that needs it: the page shows them once."""
    if kept.all():
        fail(
            "value",
            f"{NAME} with a dropout_keep_ratio keeps every unit in training: loss(X, y) has to call "
            "dropout_forward with self.dropout_param, in train mode.",
        )


@cases(
    "fully_connected_net_dropout",
    Case(
        "drops_at_random",
        weight=2,
        hint="In training about the share dropout_keep_ratio of the units is kept, each by itself, and "
        "without a seed every call draws anew.",
    ),
    builds_on=WITH_DROPOUT,
)
def test_fully_connected_net_dropout_masks(student: Any, case: Case) -> None:
    masks = [mask_of(student, None) for _ in range(2)]
    for kept in masks:
        must_drop(kept)
        if abs(kept.mean() - KEPT) > SIGMAS * np.sqrt(KEPT * (1 - KEPT) / UNITS):
            more = "more" if kept.mean() > KEPT else "less"
            fail(
                "value",
                f"{NAME} keeps far {more} than the share dropout_keep_ratio of its units in training.",
            )
    if np.array_equal(*masks):
        fail("value", f"{NAME} drops the same units in two nets, though no seed is given.")


def without_norm(compare: Compare) -> Compare:
    """`compare` without the gradients of gamma and beta: they have their own cells."""

    def compare_rest(name: str, got: Any, row: Arrays) -> None:
        loss, grads = parts(got, 2, name=f"{name}.loss(X, y)")
        rest = {
            k: v for k, v in mapping(grads, (), name=f"grads of {name}").items() if not NORMED.match(str(k))
        }
        compare(name, (loss, rest), {k: v for k, v in row.items() if not NORMED.match(k.split(".")[-1])})

    return compare_rest


def under_some_mask(compare: Compare) -> Compare:
    """`compare` against every mask there can be; against a single result when the entry has no table."""

    def compare_masks(name: str, got: Any, row: Arrays) -> None:
        if "mask_losses" not in row:
            compare(name, got, row)
            return
        loss, _ = parts(got, 2, name=f"{name}.loss(X, y)")
        value = same_shape(finite(loss, name=f"loss of {name}"), (), name=f"loss of {name}")
        table = row["mask_losses"]
        off, rtol = np.abs(table - value), FLOAT32_RTOL if table.dtype == np.float32 else LOSS_RTOL
        mask = int(off.argmin())
        if not off[mask] <= rtol * table[mask]:
            fail("value", f"The loss of {name} is not what any mask of dropout gives, whatever it drops.")
        want = {f"grads.{key}": grads[mask] for key, grads in under(row, "mask_grads.").items()}
        compare(name, got, {"loss": table[mask], **want})

    return compare_masks


@cases(
    "fully_connected_net_dropout",
    Case(
        "scores_in_test_mode",
        weight=2,
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
    builds_on=WITH_DROPOUT,
)
def test_fully_connected_net_dropout_plain(student: Any, case: Case) -> None:
    row = MASKED[case.row]
    options = {"dropout_keep_ratio": float(row["keep"]), "seed": SEED}
    must_drop(mask_of(student, SEED))
    if case.id == "float32":
        row = float32(row)
        net = build(student, row, dtype="float32", **options)
        got = student.method(net, "loss", row["X"], row["y"])
        under_some_mask(compare_dtypes)(NAME, got, row)
        return
    if case.id == "keep_ratio_1":
        got = student.method(build(student, row, dropout_keep_ratio=1), "loss", row["X"], row["y"])
        compare_both(NAME, got, row)
    net = build(student, row, **options)
    training = student.method(net, "loss", row["X"], row["y"])  # without dropout the rest says nothing
    under_some_mask(compare_loss)(NAME, training, row)
    if case.id == "scores_in_test_mode":
        compare_scores(NAME, student.method(net, "loss", row["X_test"]), row)


@cases(
    "fully_connected_net_dropout",
    Case(
        "seed_repeats",
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
    builds_on=WITH_DROPOUT,
)
def test_fully_connected_net_dropout_seed(student: Any, case: Case) -> None:
    must_drop(mask_of(student, SEED))
    right = MASKED["one_hidden"]  # a loss that only changes, or only repeats, says nothing
    net = build(student, right, dropout_keep_ratio=float(right["keep"]), seed=SEED)
    under_some_mask(compare_loss)(NAME, student.method(net, "loss", right["X"], right["y"]), right)
    draws = np.random.RandomState(5)
    X, y = draws.randn(6, 4), draws.randint(3, size=6)
    row: Arrays = {"sizes": np.array([4, 40, 3]), "params.W1": draws.randn(4, 40), "params.b1": np.zeros(40)}
    row |= {"params.W2": draws.randn(40, 3), "params.b2": np.zeros(3)}
    seeds = [SEED, SEED, SEED + 1] if case.repeats else [None, None, None]
    built = [build(student, row, dropout_keep_ratio=0.5, seed=seed) for seed in seeds]
    losses = [loss_of(student, net, X, y) for net in [built[0], *built]]
    trouble = repeats_wrongly(losses, case.repeats)
    if trouble:
        fail("value", f"The loss of {NAME} {trouble}.")


def repeats_wrongly(values: Sequence[Any], seeded: bool) -> str:
    """What is wrong with four results of dropout: by one seed, the same, the same and another; or by none."""
    same = [bool(np.allclose(value, values[0], rtol=LOSS_RTOL, atol=0.0)) for value in values[1:]]
    if seeded and not (same[0] and same[1]):
        return "changes from call to call, though a seed is given"
    if seeded and same[2]:
        return "is the same for another seed: the same units are dropped"
    if not seeded and any(same):
        return "is the same at every call, though no seed is given"
    return ""


def loss_of(student: Any, net: Any, X: np.ndarray, y: np.ndarray) -> float:
    loss, _ = parts(student.method(net, "loss", X, y), 2, name=f"{NAME}.loss(X, y)")
    return float(same_shape(finite(loss, name=f"loss of {NAME}"), (), name=f"loss of {NAME}"))
