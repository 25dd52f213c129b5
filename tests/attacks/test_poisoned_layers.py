"""Make one's own layers give NaN wherever the grader compares with them, for NaN is never unequal enough."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from autograder import course, grading
from autograder.intake import Submission
from autograder.sandbox.client import probe

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
BACKWARDS = """

def _backward(dout, cache):
    return np.full(dout.shape, np.nan), None, None

batchnorm_backward = batchnorm_backward_alt = layernorm_backward = _backward
spatial_batchnorm_backward = spatial_groupnorm_backward = _backward
"""
CHANGES = {
    "nan": {
        "layers": LAYERS.format(poison="np.nan"),
        "classifiers/fc_net": NETS + "FullyConnectedNet.loss = TwoLayerNet.loss = _loss\n",
        "classifiers/cnn": NETS + "ThreeLayerConvNet.loss = ConvNet.loss = _loss\n",
    },
    "backward": {"layers": BACKWARDS},
}
CHANGES["inf"] = {**CHANGES["nan"], "layers": LAYERS.format(poison="np.inf")}
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


@cache
def records():
    """Every trick on top of the solved library, graded in one run."""
    assignment = course.load("assignment2")
    assignment = replace(assignment, limits=replace(assignment.limits, call_seconds=2.0))
    folder = assignment.library
    solved = {p.relative_to(folder.parent).as_posix(): p.read_text() for p in folder.rglob("*.py")}
    submissions = []
    for name, change in CHANGES.items():
        ours = {f"{folder.name}/{module}.py": text for module, text in change.items()}
        files = {path: (text + ours.get(path, "")).encode() for path, text in solved.items()}
        submissions.append(Submission(name, files))
    found = []
    grading.grade_all(assignment, submissions, found.append)
    return {record.student: record for record in found}


@pytest.mark.parametrize(
    ("trick", "cells"), [("nan", NET_CELLS), ("inf", NET_CELLS), ("backward", BACKWARD_CELLS)]
)
@pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")
def test_excuses_nothing(trick, cells, report):
    with np.errstate(invalid="ignore"):
        assert not np.abs(np.zeros(3) - np.nan).max() > 1e-6  # a careless comparison finds nothing wrong
    grades = records()[trick].grades
    assert grades["affine_forward"].points == grades["affine_forward"].max_points
    share = {cell: grades[cell].points / grades[cell].max_points for cell in cells}
    assert max(share.values()) < 0.25, share  # parameters and their start are honest
    report("the graders' comparison", "what was honest, and no more")
