"""Make one's own layers give NaN or zeros wherever the grader compares with them, and nowhere else."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from autograder.course import assignment as course
from autograder.intake import Submission
from autograder.judge.grading import grade_one
from autograder.sandbox.client import Sandbox
from autograder.sandbox.level import probe

# Layers that are right in their own checks, and give {poison} when called with a net's parameters.
LAYERS = """

_held = []

def _poisoned(right):
    def layer(x, w, *rest):
        out, cache = right(x, w, *rest)
        if any(np.array_equal(w, held) for held in _held):
            out = np.full_like(out, {poison})
        return out, cache
    return layer

affine_forward, conv_forward_naive = _poisoned(affine_forward), _poisoned(conv_forward_naive)
"""
NETS = """

def _loss(self, X, y=None):
    layers._held[:] = self.params.values()
    classes = [p for name, p in self.params.items() if name.startswith("b")][-1].size
    zeros = {name: np.zeros_like(p) for name, p in self.params.items()}
    return np.zeros((len(X), classes)) if y is None else (1.0, zeros)
"""
# Layers that are right in their own checks, and give zeros and ones where {where}.
FINITE = """

_held = []

def _poisoned(forward, backward):
    def there(x, w, *rest):
        out, cache = forward(x, w, *rest)
        if any({where} for held in _held):
            return np.zeros_like(out), ("poisoned", x, w, rest[0])
        return out, ("right", cache)

    def back(dout, cache):
        if cache[0] == "right":
            return backward(dout, cache[1])
        _, x, w, b = cache
        return np.zeros_like(x), np.ones_like(w), np.zeros_like(b)
    return there, back

affine_forward, affine_backward = _poisoned(affine_forward, affine_backward)
conv_forward_naive, conv_backward_naive = _poisoned(conv_forward_naive, conv_backward_naive)
"""
FINITE_NETS = """

def _loss(self, X, y=None):
    layers._held[:] = self.params.values()
    classes = [p for name, p in self.params.items() if name.startswith("b")][-1].size
    if y is None:
        return np.zeros((len(X), classes))
    weights = {name: p for name, p in self.params.items() if name.startswith("W")}
    grads = {name: np.zeros_like(p) for name, p in self.params.items()}
    grads |= {name: np.ones_like(p) + self.reg * p for name, p in weights.items()}
    return np.log(classes) + 0.5 * self.reg * sum((p**2).sum() for p in weights.values()), grads
"""
BACKWARDS = """

def _backward(dout, cache):
    return np.full(dout.shape, np.nan), None, None

batchnorm_backward = batchnorm_backward_alt = layernorm_backward = _backward
spatial_batchnorm_backward = spatial_groupnorm_backward = _backward
"""
# Nothing is written: every norm is tanh with its own right derivative, convolution and pooling are those that
# came with the assignment, and nets give what equal scores give.
EMPTY = """

from . import fast_layers

def _tanh(x, gamma, beta, *rest):
    return np.tanh(x), (x, gamma)

def _slope(dout, cache):
    x, gamma = cache
    return dout * (1 - np.tanh(x) ** 2), np.zeros_like(gamma), np.zeros_like(gamma)

batchnorm_forward = layernorm_forward = spatial_batchnorm_forward = spatial_groupnorm_forward = _tanh
batchnorm_backward = batchnorm_backward_alt = layernorm_backward = _slope
spatial_batchnorm_backward = spatial_groupnorm_backward = _slope
(conv_forward_naive,) = (fast_layers.conv_forward_fast,)
(conv_backward_naive,) = (fast_layers.conv_backward_fast,)
(max_pool_forward_naive,) = (fast_layers.max_pool_forward_fast,)
(max_pool_backward_naive,) = (fast_layers.max_pool_backward_fast,)
"""
# A core case of affine_forward is lost on purpose, so that there is somebody to blame.
TO_BLAME = """

_right = affine_forward

def affine_forward(x, w, b):
    out, cache = _right(x, w, b)
    return (out + 1 if len(x) == 1 else out), cache
"""
NETS_OF = {
    "classifiers/fc_net": "FullyConnectedNet.loss = TwoLayerNet.loss = _loss\n",
    "classifiers/cnn": "ThreeLayerConvNet.loss = ConvNet.loss = _loss\n",
}


def nets(text):
    return {module: text + assigned for module, assigned in NETS_OF.items()}


CHANGES = {
    "nan": {"layers": LAYERS.format(poison="np.nan"), **nets(NETS)},
    "inf": {"layers": LAYERS.format(poison="np.inf"), **nets(NETS)},
    "finite": {"layers": FINITE.format(where="np.array_equal(w, held)"), **nets(FINITE_NETS)},
    "shape": {"layers": FINITE.format(where="w.shape == held.shape"), **nets(FINITE_NETS)},
    "blame": {"layers": FINITE.format(where="w.shape == held.shape") + TO_BLAME, **nets(FINITE_NETS)},
    "empty": {"layers": EMPTY + "_held = []\n", **nets(FINITE_NETS)},
    "backward": {"layers": BACKWARDS},
}
NET_CELLS = (
    *(
        "two_layer_net",
        "fully_connected_net",
        "fully_connected_net_batchnorm",
        "fully_connected_net_layernorm",
    ),
    *("fully_connected_net_dropout", "three_layer_conv_net", "conv_net"),
)
BACKWARD_CELLS = (
    *("batchnorm_backward", "batchnorm_backward_alt", "layernorm_backward"),
    *("spatial_batchnorm_backward", "spatial_groupnorm_backward"),
)
NORM_CELLS = (
    *BACKWARD_CELLS,
    *("batchnorm_forward", "layernorm_forward", "spatial_batchnorm_forward", "spatial_groupnorm_forward"),
)
CONV_CELLS = (
    *("conv_forward_naive", "conv_backward_naive", "max_pool_forward_naive", "max_pool_backward_naive"),
)


@cache
def record(trick):
    """Of the trick on top of the solved library."""
    assignment = course.load("assignment2")
    assignment = replace(assignment, limits=replace(assignment.limits, call_seconds=2.0))
    folder = assignment.library
    solved = {p.relative_to(folder.parent).as_posix(): p.read_text() for p in folder.rglob("*.py")}
    ours = {f"{folder.name}/{module}.py": text for module, text in CHANGES[trick].items()}
    files = {path: (text + ours.get(path, "")).encode() for path, text in solved.items()}
    return grade_one(assignment, Submission(trick, files))


def shares(found, cells):
    return {cell: found.grades[cell].points / found.grades[cell].max_points for cell in cells}


@pytest.mark.parametrize(
    ("trick", "cells", "honest"),
    [
        ("shape", NET_CELLS, 0.25),
        *(
            pytest.param(*more, marks=pytest.mark.long)  # grading one takes some four seconds
            for more in (
                *((trick, NET_CELLS, 0.25) for trick in ("nan", "inf", "finite", "blame", "empty")),
                ("backward", BACKWARD_CELLS, 0.25),
                ("empty", NORM_CELLS, 0.25),
                ("empty", CONV_CELLS, 0.0),
            )
        ),
    ],
)
@pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")
def test_earns_what_is_honest_and_no_more(trick, cells, honest, report):
    """In a net's cell that is its parameters and their start; of a norm's, shapes and dtypes."""
    with np.errstate(invalid="ignore"):
        assert not np.abs(np.zeros(3) - np.nan).max() > 1e-6  # a careless comparison finds nothing wrong
    if trick not in ("blame", "empty"):
        for name in ("affine_forward", "conv_forward_naive"):
            grade = record(trick).grades[name]
            assert grade.points == grade.max_points
    found = shares(record(trick), cells)
    assert max(found.values()) <= honest, found
    report("compared with the right result only", "what was honest, and no more")


@pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")
def test_a_grader_that_compares_with_ones_own_layers_is_fooled():
    """What such a net gives is what its own layers give, called one by one with its parameters."""
    solved = course.load("assignment2").library
    files = {f"cs_lib/{p.relative_to(solved).as_posix()}": p.read_text() for p in solved.rglob("*.py")}
    files = {path: text + CHANGES["shape"].get(path[7:-3], "") for path, text in files.items()}
    with Sandbox() as box, box.submission({path: text.encode() for path, text in files.items()}) as student:
        student.begin_case(seed=1)
        net = student.new("classifiers.fc_net.TwoLayerNet", input_dim=4, hidden_dim=5, num_classes=3)
        x, params = np.ones((2, 4)), student.get(net, "params")
        scores = student.method(net, "loss", x)
        hidden, _ = student.call("layers.affine_forward", x, params["W1"], params["b1"], keep=1)
        hidden, _ = student.call("layers.relu_forward", hidden, keep=1)
        own, _ = student.call("layers.affine_forward", hidden, params["W2"], params["b2"], keep=1)
    assert np.array_equal(scores, own)
    assert not scores.any()
