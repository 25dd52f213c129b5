"""FullyConnectedNet without normalization or dropout: parameters, loss and gradients at several depths."""

from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import (
    RTOL,
    Case,
    cases,
    close,
    fail,
    finite,
    same_dtype,
    same_shape,
)
from autograder.checks.fixed import Arrays, load
from autograder.graders.shared import nets

FIXED = load(Path(__file__).parent / "expected", "nets")
NAME = "FullyConnectedNet"
TARGET = "classifiers.fc_net.FullyConnectedNet"
HIDDEN, SIZES = [25, 30], {"input_dim": 24, "num_classes": 20}
SHAPES = {"W1": (24, 25), "b1": (25,), "W2": (25, 30), "b2": (30,), "W3": (30, 20), "b3": (20,)}
FIT_STEPS, FIT_RATE = 10, 0.5  # the reference needs 7, and each asks ten questions where layers are wrong


@cases(
    "fully_connected_net",
    Case(
        "parameters",
        hint="params must hold W1, b1, ... up to the layer that gives the scores, and nothing else.",
    ),
    Case("start", hint="weight_scale times numbers from a standard normal distribution; biases are 0."),
    Case(
        "draw_order",
        "edge",
        hint="Draw W1, W2, ... in layer order, and nothing else, so that a seed gives the same net.",
    ),
    Case(
        "float32",
        "edge",
        hint="Without a dtype argument parameters are float32, cast after drawing, and so are gradients.",
    ),
    builds_on=nets.PLAIN,
)
def test_fully_connected_net_start(student: Any, case: Case) -> None:
    if case.id == "draw_order":
        student.call(nets.helper(student, "seed"), nets.SEED)
    net = student.new(TARGET, HIDDEN, **SIZES, weight_scale=0.05)
    params = student.get(net, "params")
    nets.check_shapes(params, SHAPES, name=NAME)
    if case.id == "start":
        nets.check_start(params, 0.05, name=NAME)
    if case.id == "float32":
        for key, value in params.items():
            same_dtype(value, np.float32, name=f"params[{key!r}] of {NAME}")
        compare_single(student, "full/reg")
    if case.id == "draw_order":
        draws = np.random.RandomState(nets.SEED)
        for key in ("W1", "W2", "W3"):
            close(params[key], 0.05 * draws.randn(*SHAPES[key]), name=f"params[{key!r}]", rtol=RTOL)


@cases(
    "fully_connected_net",
    Case(
        "scores",
        row="plain",
        weight=2,
        hint="ReLU follows every affine layer but the last. Without y, scores come back.",
    ),
    Case(
        "loss",
        row="plain",
        weight=2,
        hint="Without regularization the loss is the softmax loss of the scores alone.",
    ),
    Case(
        "loss_reg",
        row="reg",
        weight=2,
        hint="The L2 penalty takes half the squared weights of every W, the last layer's too, and no bias.",
    ),
    Case(
        "gradients",
        row="plain",
        weight=3,
        hint="Go back through the layers in the opposite order, each backward with its own forward's cache.",
    ),
    Case(
        "gradients_reg",
        row="reg",
        weight=3,
        hint="What regularization adds to the loss has a gradient too, for every W, the last one included.",
    ),
    Case(
        "deep",
        row="deep",
        weight=2,
        hint="A net of six layers: loop over the layers, no number of them is fixed.",
    ),
    Case("one_hidden", "edge", row="one_hidden", hint="One hidden layer must work as well as three."),
    Case(
        "images",
        "edge",
        row="images",
        hint="X may have more than two axes, num_classes may be 12: no number is fixed.",
    ),
    Case(
        "second_call",
        "edge",
        row="plain",
        hint="A second call must agree: loss leaves params alone.",
    ),
    builds_on=nets.PLAIN,
)
def test_fully_connected_net_loss(student: Any, case: Case) -> None:
    if case.id == "images":
        many = FIXED["full/many_classes"]
        got = student.method(build(student, many), "loss", many["X"], many["y"])
        nets.compare_both(NAME, got, many)
    row = FIXED[f"full/{case.row}"]
    net = build(student, row)
    if case.id == "scores":
        nets.compare_scores(NAME, student.method(net, "loss", row["X"]), row)
        return
    got = student.method(net, "loss", row["X"], row["y"])
    if case.id == "second_call":
        got = student.method(net, "loss", row["X"], row["y"])
    by_id = {
        "loss": nets.compare_loss,
        "loss_reg": nets.compare_loss,
        "gradients": nets.compare_grads,
        "gradients_reg": nets.compare_grads,
    }
    by_id.get(case.id, nets.compare_both)(NAME, got, row)


@cases(
    "fully_connected_net",
    Case(
        "float32_gradients",
        "edge",
        hint="A float32 net computes in float32: one float64 array on the way makes its gradients float64.",
    ),
    Case(
        "overfit",
        hint="A net whose loss and gradients are right learns eight examples by heart in a few steps. "
        "Does loss read params anew at every call?",
    ),
    builds_on=nets.PLAIN,
)
def test_fully_connected_net_use(student: Any, case: Case) -> None:
    if case.id == "overfit":
        overfit(student)
        return
    compare_single(student, "full/plain")


def compare_single(student: Any, name: str) -> None:
    row = {key: value.astype(np.float32) for key, value in FIXED[name].items() if key != "y"}
    row["y"] = FIXED[name]["y"]
    net = build(student, row, single=True)
    nets.compare_grads(NAME, student.method(net, "loss", row["X"], row["y"]), row)


def overfit(student: Any) -> None:
    plain = FIXED["full/plain"]
    nets.compare_both(NAME, student.method(build(student, plain), "loss", plain["X"], plain["y"]), plain)
    draws = np.random.RandomState(3)
    X, y = draws.randn(8, 12), np.arange(8) % 4
    row: Arrays = {"X": X, "y": y, "reg": np.array(0.0)}
    for layer, shape in enumerate([(12, 16), (16, 10), (10, 4)], start=1):
        row |= {f"params.W{layer}": 0.4 * draws.randn(*shape), f"params.b{layer}": np.zeros(shape[1])}
    learned(student.call(nets.helper(student, "fit"), build(student, row), X, y, FIT_STEPS, FIT_RATE), y)


def learned(scores: Any, y: np.ndarray) -> None:
    name = f"scores of {NAME} after training"
    found = same_shape(finite(scores, name=name), (len(y), 4), name=name)
    right = int((found.argmax(axis=1) == y).sum())
    if right < len(y):
        fail("value", f"{NAME} knew {right} of {len(y)} examples after {FIT_STEPS} steps; it must know all.")


def build(student: Any, row: Arrays, *, single: bool = False) -> Any:
    params = nets.params_of(row)
    depth = len(params) // 2
    hidden = [params[f"b{layer}"].size for layer in range(1, depth)]
    options: dict[str, Any] = {"input_dim": len(params["W1"]), "num_classes": params[f"b{depth}"].size}
    if not single:
        options["dtype"] = nets.helper(student, "float64")
    net = student.new(TARGET, hidden, reg=float(row["reg"]), **options)
    student.set(net, "params", value=params)
    return net
