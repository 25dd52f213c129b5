"""TwoLayerNet: its parameters, scores, loss and gradients with given weights."""

from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import RTOL, Case, cases, close, fail, shown
from autograder.checks.fixed import Arrays, load
from autograder.graders.shared import nets

FIXED = load(Path(__file__).parent / "expected", "nets")
NAME = "TwoLayerNet"
TARGET = "classifiers.fc_net.TwoLayerNet"
SIZES = {"input_dim": 30, "hidden_dim": 25, "num_classes": 20}
SHAPES = {"W1": (30, 25), "b1": (25,), "W2": (25, 20), "b2": (20,)}
DEFAULT_SHAPES = {"W1": (3072, 100), "b1": (100,), "W2": (100, 10), "b2": (10,)}


@cases(
    "two_layer_net",
    Case("parameters", hint="params must hold W1, b1, W2 and b2, in the shapes that affine_forward takes."),
    Case("start", hint="weight_scale times numbers from a standard normal distribution; biases are 0."),
    Case(
        "draw_order",
        "edge",
        hint="Draw W1 first, then W2, and nothing else, so that a seed gives the same net.",
    ),
    Case(
        "defaults", "edge", hint="Without arguments the net takes 32x32 colour images and knows 10 classes."
    ),
    builds_on=nets.PLAIN,
)
def test_two_layer_net_start(student: Any, case: Case) -> None:
    if case.id == "defaults":
        net = student.new(TARGET)
        for key, shape in DEFAULT_SHAPES.items():
            found = shown(student.get(net, "params", key, "shape"))  # the shape alone: the array has 2.5 MB
            if found != str(shape):
                fail("shape", f"params[{key!r}] of {NAME}() has shape {found}; by default it is {shape}.")
        nets.check_start({"W2": student.get(net, "params", "W2")}, 1e-3, name=NAME)
        return
    if case.id == "draw_order":
        student.call(nets.helper(student, "seed"), nets.SEED)
    params = student.get(student.new(TARGET, **SIZES, weight_scale=0.05), "params")
    nets.check_shapes(params, SHAPES, name=NAME)
    if case.id == "start":
        nets.check_start(params, 0.05, name=NAME)
    if case.id == "draw_order":
        draws = np.random.RandomState(nets.SEED)
        for key in ("W1", "W2"):
            close(params[key], 0.05 * draws.randn(*SHAPES[key]), name=f"params[{key!r}]", rtol=RTOL)


@cases(
    "two_layer_net",
    Case("scores", row="plain", weight=2, hint="Affine, ReLU, affine; no ReLU after the last affine layer."),
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
        hint="The L2 penalty takes half the squared weights of both W1 and W2, and no bias.",
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
        hint="What regularization adds to the loss has a gradient too, for each W, and none for the biases.",
    ),
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
        hint="loss must leave params as they are: a second call gives the same.",
    ),
    builds_on=nets.PLAIN,
)
def test_two_layer_net_loss(student: Any, case: Case) -> None:
    if case.id == "images":
        many = FIXED["two_layer/many_classes"]
        got = student.method(build(student, many), "loss", many["X"], many["y"])
        nets.compare_both(NAME, got, many)
    row = FIXED[f"two_layer/{case.row}"]
    net = build(student, row)
    if case.id == "scores":
        nets.compare_scores(NAME, student.method(net, "loss", row["X"]), row)
        return
    got = student.method(net, "loss", row["X"], row["y"])
    if case.id == "second_call":
        got = student.method(net, "loss", row["X"], row["y"])
    compare = {"loss": nets.compare_loss, "loss_reg": nets.compare_loss}.get(case.id, nets.compare_grads)
    if case.id in ("images", "second_call"):
        compare = nets.compare_both
    compare(NAME, got, row)


def build(student: Any, row: Arrays) -> Any:
    params = nets.params_of(row)
    (inputs, hidden), classes = params["W1"].shape, params["b2"].size
    net = student.new(TARGET, input_dim=inputs, hidden_dim=hidden, num_classes=classes, reg=float(row["reg"]))
    student.set(net, "params", value=params)
    return net
