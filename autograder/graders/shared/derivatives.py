"""Functions and nets that take numeric derivatives: right values, for thousands of calls of the forward pass.

A course decides whether that counts: `[limits] backward_calls` in assignment.toml, off by default. What is
counted is calls, of Python and of NumPy functions, which do not depend on how busy the machine is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograder.checks.checks import Case, cases, fail, parts, preparing

OFF = 1_000_000  # the limit's default
FEWEST = 10  # calls that a forward pass is taken to make at least: `x @ w + b` is none
CASE = Case(
    "no_numeric_derivative",
    weight=6,
    hint="Derive the gradient on paper, and compute that. Numeric derivatives are for checking it.",
)

# What a call returns, and how many calls of Python and C functions it made.
COUNTED = """
import sys


def counted(function, *args):
    calls = 0

    def note(frame, event, arg):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        result = function(*args)
    finally:
        sys.setprofile(None)
    return calls, result


def losses(net, X, y):
    return counted(net.loss, X)[0], counted(net.loss, X, y)[0]
"""


@dataclass(frozen=True)
class Pair:
    """A forward function with arguments of some size, and the shape of its result."""

    forward: str
    args: tuple[Any, ...]
    out: tuple[int, ...]


def draw(*shape: int) -> np.ndarray:
    return np.random.RandomState(len(shape)).standard_normal(shape)


ROWS, PICTURES = draw(8, 12), draw(2, 2, 6, 6)
PAIRS = {
    "affine_backward": Pair("affine_forward", (ROWS, draw(12, 7), draw(7)), (8, 7)),
    "relu_backward": Pair("relu_forward", (ROWS,), (8, 12)),
    "batchnorm_backward": Pair("batchnorm_forward", (ROWS, draw(12), draw(12), {"mode": "train"}), (8, 12)),
    "batchnorm_backward_alt": Pair(
        "batchnorm_forward", (ROWS, draw(12), draw(12), {"mode": "train"}), (8, 12)
    ),
    "layernorm_backward": Pair("layernorm_forward", (ROWS, draw(12), draw(12), {}), (8, 12)),
    "dropout_backward": Pair("dropout_forward", (ROWS, {"mode": "train", "p": 0.5, "seed": 1}), (8, 12)),
    "conv_backward_naive": Pair(
        "conv_forward_naive",
        (PICTURES, draw(3, 2, 3, 3), draw(3), {"stride": 1, "pad": 1}),
        (2, 3, 6, 6),
    ),
    "max_pool_backward_naive": Pair(
        "max_pool_forward_naive",
        (PICTURES, {"pool_height": 2, "pool_width": 2, "stride": 2}),
        (2, 2, 3, 3),
    ),
    "spatial_batchnorm_backward": Pair(
        "spatial_batchnorm_forward", (PICTURES, draw(2), draw(2), {"mode": "train"}), (2, 2, 6, 6)
    ),
    "spatial_groupnorm_backward": Pair(
        "spatial_groupnorm_forward", (PICTURES, draw(1, 2, 1, 1), draw(1, 2, 1, 1), 2, {}), (2, 2, 6, 6)
    ),
}
FLAT: dict[str, Any] = {"input_dim": 12, "num_classes": 4}
IMAGES: dict[str, Any] = {"input_dim": (2, 8, 8), "num_classes": 4}
FULLY = ("classifiers.fc_net.FullyConnectedNet", [10, 9])
# Each net with what it is made of; every one has more than 150 parameters.
NETS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "two_layer_net": (("classifiers.fc_net.TwoLayerNet",), FLAT | {"hidden_dim": 10}),
    "fully_connected_net": (FULLY, FLAT),
    "fully_connected_net_batchnorm": (FULLY, FLAT | {"normalization": "batchnorm"}),
    "fully_connected_net_layernorm": (FULLY, FLAT | {"normalization": "layernorm"}),
    "fully_connected_net_dropout": (FULLY, FLAT | {"dropout_keep_ratio": 0.5, "seed": 3}),
    "three_layer_conv_net": (
        ("classifiers.cnn.ThreeLayerConvNet",),
        IMAGES | {"num_filters": 2, "filter_size": 3, "hidden_dim": 6},
    ),
    "conv_net": (("classifiers.cnn.ConvNet",), IMAGES | {"num_filters": [4, 5], "filter_sizes": [3, 3]}),
}


def allowed_calls(student: Any) -> int:
    allowed = int(student.sandbox.limits.backward_calls)
    if allowed >= OFF:
        pytest.skip("this course lets numeric derivatives count")
    return allowed


def compare(made: object, calls: object, allowed: int, *, name: str, than: str) -> None:
    if not isinstance(made, int) or not isinstance(calls, int) or made > allowed * max(calls, FEWEST):
        fail(
            "value",
            f"{name} makes more than {allowed} times as many calls as {than} does on the same input: "
            "it looks like a numeric derivative, which this course does not count as a backward pass.",
        )


def check_net(student: Any, cell: str) -> None:
    """What loss(X, y) calls, beside what loss(X) does, which computes no gradient."""
    allowed = allowed_calls(student)
    (target, *sizes), options = NETS[cell]
    net = student.new(target, *sizes, **options)
    shape = options["input_dim"] if isinstance(options["input_dim"], tuple) else (options["input_dim"],)
    losses = student.define(COUNTED, "losses")
    calls, made = parts(student.call(losses, net, draw(3, *shape), np.array([0, 3, 1])), 2, name="loss")
    name = target.rpartition(".")[2]
    compare(made, calls, allowed, name=f"{name}.loss(X, y)", than="loss(X)")


def check(student: Any, back: str) -> None:
    allowed = allowed_calls(student)
    pair = PAIRS[back]
    counted = student.define(COUNTED, "counted")
    with preparing(back, needs=pair.forward, why="it makes the cache that is read"):
        forward = student.call("layers.__dict__.get", pair.forward, keep="all")
        calls, _ = parts(student.call(counted, forward, *pair.args, keep=1), 2, name=pair.forward)
        _, cache = parts(student.call(f"layers.{pair.forward}", *pair.args, keep=1), 2, name=pair.forward)
    function = student.call("layers.__dict__.get", back, keep="all")
    made, _ = parts(student.call(counted, function, draw(*pair.out), cache, keep=1), 2, name=back)
    compare(made, calls, allowed, name=back, than=pair.forward)


def graded(cell: str, builds_on: Mapping[str, int | None] | None = None) -> Any:
    """The test of one backward function or net, for the cell it counts for."""

    @cases(cell, CASE, builds_on=builds_on)
    def test(student: Any, case: Case) -> None:
        (check_net if cell in NETS else check)(student, cell)

    return test
