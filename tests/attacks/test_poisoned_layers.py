"""Make one's own layers give NaN or zeros wherever the grader compares with them, and nowhere else."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from autograder.course import assignment as course
from autograder.intake import Submission
from autograder.judge import plugin as grading
from autograder.judge.grade import grade_all
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
CHANGES = {
    "nan": {
        "layers": LAYERS.format(poison="np.nan"),
        "classifiers/fc_net": NETS + "FullyConnectedNet.loss = TwoLayerNet.loss = _loss\n",
        "classifiers/cnn": NETS + "ThreeLayerConvNet.loss = ConvNet.loss = _loss\n",
    },
    "backward": {"layers": BACKWARDS},
}
for name, where in {
    "finite": "np.array_equal(w, held)",
    "shape": "w.shape == held.shape",
}.items():
    CHANGES[name] = {
        "layers": FINITE.format(where=where),
        "classifiers/fc_net": FINITE_NETS + "FullyConnectedNet.loss = TwoLayerNet.loss = _loss\n",
        "classifiers/cnn": FINITE_NETS + "ThreeLayerConvNet.loss = ConvNet.loss = _loss\n",
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
    grade_all(assignment, submissions, found.append)
    return {record.student: record for record in found}


def shares(record, cells):
    return {cell: record.grades[cell].points / record.grades[cell].max_points for cell in cells}


@pytest.mark.parametrize(
    ("trick", "cells", "honest"),
    [
        ("nan", NET_CELLS, 0.25),  # parameters and their start
        ("inf", NET_CELLS, 0.25),
        ("finite", NET_CELLS, 0.26),  # the first loss too: equal scores have that of the trivial net
        ("shape", NET_CELLS, 0.26),
        ("backward", BACKWARD_CELLS, 0.25),
    ],
)
@pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")
def test_excuses_nothing(trick, cells, honest, report):
    with np.errstate(invalid="ignore"):
        assert not np.abs(np.zeros(3) - np.nan).max() > 1e-6  # a careless comparison finds nothing wrong
    for name in ("affine_forward", "conv_forward_naive"):
        grade = records()[trick].grades[name]
        assert grade.points == grade.max_points
    found = shares(records()[trick], cells)
    assert max(found.values()) < honest, found
    report("the graders' comparison", "what was honest, and no more")


@pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")
def test_without_a_look_at_the_cells_of_the_blamed_it_works(monkeypatch):
    monkeypatch.setattr(grading, "hold_to_excuses", lambda cases, excused: None)
    fooled = records.__wrapped__()
    for trick in ("finite", "shape"):
        assert min(shares(fooled[trick], NET_CELLS).values()) > 0.9
    told = [case.message for case in records()["finite"].grades["two_layer_net"].cases]
    assert "they behave differently here than when called alone" in " ".join(told)
