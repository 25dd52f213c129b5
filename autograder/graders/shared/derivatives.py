"""Backward functions that take numeric derivatives: right values, for thousands of calls of the forward pass.

A course decides whether that counts: `[limits] backward_calls` in assignment.toml, off by default. What is
counted is calls, of Python and of NumPy functions, which do not depend on how busy the machine is.
"""

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
}


def check(student: Any, back: str) -> None:
    allowed = student.sandbox.limits.backward_calls
    if allowed >= OFF:
        pytest.skip("this course lets numeric derivatives count")
    pair = PAIRS[back]
    counted = student.define(COUNTED, "counted")
    with preparing(back, needs=pair.forward, why="it makes the cache that is read"):
        forward = student.call("layers.__dict__.get", pair.forward, keep="all")
        calls, _ = parts(student.call(counted, forward, *pair.args, keep=1), 2, name=pair.forward)
        _, cache = parts(student.call(f"layers.{pair.forward}", *pair.args, keep=1), 2, name=pair.forward)
    function = student.call("layers.__dict__.get", back, keep="all")
    made, _ = parts(student.call(counted, function, draw(*pair.out), cache, keep=1), 2, name=back)
    if not isinstance(made, int) or not isinstance(calls, int) or made > allowed * max(calls, FEWEST):
        fail(
            "value",
            f"{back} makes more than {allowed} times as many calls as {pair.forward} does on the same input: "
            "it looks like a numeric derivative, which this course does not count as a backward pass.",
        )


def graded(back: str) -> Any:
    """The test of one backward function, for the cell it counts for."""

    @cases(back, CASE)
    def test(student: Any, case: Case) -> None:
        check(student, back)

    return test
