"""The visible checks name the first wrong node or layer, and say when a setting is ignored.

The code of a check cell runs here as it stands in the notebook, with a mistake in the function it checks.
"""

import inspect
import json
import sys
import textwrap
import time
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest

from cs_lib import gradient_check, layer_utils, layers
from cs_lib import notebook_checks as checks
from cs_lib.classifiers import cnn, fc_net

from .conftest import ROOT

GIVEN = {
    "np": np,
    "time": time,
    "layers": layers,
    "layer_utils": layer_utils,
    "checks": checks,
    "eval_numerical_gradient": gradient_check.eval_numerical_gradient,
    "eval_numerical_gradient_array": gradient_check.eval_numerical_gradient_array,
    "TwoLayerNet": fc_net.TwoLayerNet,
    "FullyConnectedNet": fc_net.FullyConnectedNet,
    "ThreeLayerConvNet": cnn.ThreeLayerConvNet,
    "ConvNet": cnn.ConvNet,
}


@cache
def cells(notebook: str) -> dict[str, str]:
    (path,) = ROOT.glob(f"source/*/{notebook}.ipynb")
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]}


def mutated(thing: Any, old: str, new: str) -> Any:
    """The function or class with a piece of its text replaced."""
    text = textwrap.dedent(inspect.getsource(thing))
    assert text.count(old) >= 1, old
    names = dict(vars(sys.modules[thing.__module__]))
    exec(text.replace(old, new), names)
    return names[thing.__name__]


def report(notebook: str, ids: list[str], given: dict[str, Any], capsys: Any) -> list[str]:
    """Run check cells one after the other in one namespace; return what the last one printed."""
    names = GIVEN | given
    for cell_id in ids:
        capsys.readouterr()
        with suppress(checks.NotYet):
            exec(cells(notebook)[cell_id], names)
    return capsys.readouterr().out.splitlines()


def first_wrong(lines: list[str]) -> tuple[str, str]:
    """The name and the hint of the first check that says NOT YET."""
    number = next((i for i, line in enumerate(lines) if "NOT YET" in line), None)
    assert number is not None, "\n".join(lines)
    return lines[number].split("NOT YET")[1][:16].strip(), lines[number + 1].strip()


NODES = [  # what is wrong in batchnorm_backward, and the nodes that the first wrong check names
    ("dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)", "dbeta"),
    ("(dout * x_hat).sum(axis=0)", "(dout * x_hat).mean(axis=0)", "dgamma"),
    ("dx_hat = dout * gamma", "dx_hat = dout", "dx_hat, dc"),
    ("dcentred = dx_hat / std", "dcentred = dx_hat", "dx_hat, dc"),
    ("dstd = -(dx_hat * x_hat)", "dstd = (dx_hat * x_hat)", "ds, dv"),
    ("dvar = 0.5 * dstd / std", "dvar = dstd / std", "ds, dv"),
    ("2 / N * centred * dvar", "1 / N * centred * dvar", "ds, dv"),
    ("dmean = -dcentred", "dmean = dcentred", "dmu, dx"),
    ("dx = dcentred + dmean / N", "dx = dcentred", "dmu, dx"),
    ("dx = dcentred + dmean / N", "dx = dcentred + dmean", "dmu, dx"),
]


@pytest.mark.parametrize(
    ("old", "new", "nodes"), NODES, ids=[f"{node}-{i}" for i, (_, _, node) in enumerate(NODES)]
)
def test_the_first_wrong_node_of_batchnorm_backward_is_named(old, new, nodes, monkeypatch, capsys):
    monkeypatch.setattr(layers, "batchnorm_backward", mutated(layers.batchnorm_backward, old, new))
    name, _ = first_wrong(report("BatchNormalization", ["batchnorm-backward-check"], {}, capsys))
    assert name == nodes


NO_NORM = ("self.normalization = normalization", "self.normalization = None")
NETS = [  # the network, check cells, what is wrong, the check that names it, and words of its hint
    ("FullyConnectedNet", "BatchNormalization", ["net-batchnorm-check"], *NO_NORM, "used", "'batchnorm'"),
    (
        "FullyConnectedNet",
        "BatchNormalization",
        ["net-batchnorm-check", "net-layernorm-check"],
        *NO_NORM,
        "used",
        "'layernorm'",
    ),
    (
        "FullyConnectedNet",
        "Dropout",
        ["net-dropout-check"],
        "self.use_dropout = keep != 1",
        "self.use_dropout = False",
        "used",
        "loss ignores dropout_keep_ratio=0.5",
    ),
    (
        "ConvNet",
        "ConvolutionalNetworks",
        ["conv-net-check"],
        "self.use_batch_norm = use_batch_norm",
        "self.use_batch_norm = False",
        "used",
        "loss ignores use_batch_norm",
    ),
    (
        "FullyConnectedNet",
        "BatchNormalization",
        ["net-batchnorm-check"],
        'params.get(f"beta{i}"),',
        '0 * params.get(f"beta{i}", 0),',
        "layer 2",
        "affine, normalisation, ReLU",
    ),
    (
        "FullyConnectedNet",
        "FullyConnectedNets",
        ["gradient-helper", "net-check"],
        'params[f"W{L}"], params[f"b{L}"])',
        'params[f"W{L}"], 0 * params[f"b{L}"])',
        "layer 1",
        "layers 1 to 1",
    ),
    (
        "FullyConnectedNet",
        "FullyConnectedNets",
        ["gradient-helper", "net-check"],
        'grads[f"W{i}"] += self.reg * W',
        "pass",
        "W3",
        "the gradient of the penalty",
    ),
    (
        "FullyConnectedNet",
        "Dropout",
        ["net-dropout-check"],
        "dhidden = layers.dropout_backward(dhidden, dropout_cache)",
        "pass",
        "W2",
        "dropout, ReLU, affine",
    ),
    (
        "TwoLayerNet",
        "FullyConnectedNets",
        ["gradient-helper", "two-layer-check"],
        'self.params["W2"], self.params["b2"])',
        'self.params["W2"], 0 * self.params["b2"])',
        "2: affine",
        "no ReLU after the second affine layer",
    ),
    (
        "TwoLayerNet",
        "two_layer_net",
        ["net-check"],
        'self.params["W1"], self.params["b1"])',
        'self.params["W1"], 0 * self.params["b1"])',
        "1: affine, ReL",
        "W1 and b1",
    ),
    (
        "ThreeLayerConvNet",
        "ConvolutionalNetworks",
        ["three-layer-check"],
        'affine_relu_forward(pooled, params["W2"], params["b2"])',
        'affine_relu_forward(pooled, params["W2"], 0 * params["b2"])',
        "affine, ReLU",
        "W2 and b2",
    ),
    (
        "ThreeLayerConvNet",
        "ConvolutionalNetworks",
        ["three-layer-check"],
        'for name in ("W1", "W2", "W3"):',
        'for name in ("W1", "W2"):',
        "penalty",
        "all three W",
    ),
]


@pytest.mark.parametrize(
    ("net", "notebook", "ids", "old", "new", "name", "hint"),
    [  # the checks of conv nets take four seconds each
        pytest.param(
            *row,
            id=f"{row[2][-1]}-{row[5]}".replace(" ", "-"),
            marks=pytest.mark.long if row[1] == "ConvolutionalNetworks" else (),
        )
        for row in NETS
    ],
)
def test_the_first_wrong_layer_of_a_net_is_named(net, notebook, ids, old, new, name, hint, capsys):
    found, said = first_wrong(report(notebook, ids, {net: mutated(GIVEN[net], old, new)}, capsys))
    assert found == name
    assert hint in said
