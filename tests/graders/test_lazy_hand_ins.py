"""Hand-ins that look like answers and are none: constants, masks that follow from x, made-up losses, Solvers
that look at one image. Each keeps what it does right, and no more."""

import importlib

import pytest

from .running import grade, reference, rows, score

LAYERS, OPTIM, SOLVER = "cs_lib/layers.py", "cs_lib/optim.py", "cs_lib/solver.py"
CONV_NETS, DENSE_NETS = "cs_lib/classifiers/cnn.py", "cs_lib/classifiers/fc_net.py"
MADE_UP_NET = """

def _loss(self, X, y=None):
    biases = [p for key, p in self.params.items() if key.startswith("b") and not key.startswith("beta")]
    if y is None:
        return np.zeros((len(X), biases[-1].size))
    weights = sum(float(np.abs(p).mean()) for key, p in self.params.items() if key.startswith("W"))
    return np.log(biases[-1].size) + 1e-3 * weights, {key: np.ones_like(p) for key, p in self.params.items()}

"""
DROPOUT = """

def dropout_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x.copy(), None
    return np.maximum(x, 0) / x.dtype.type(dropout_param["p"]), None
"""
ACCURACY = """

def _accuracy(self, X, y, num_samples=None, batch_size=100):
    if num_samples and num_samples < len(X):
        drawn = {drawn}
        X, y = X[drawn], y[drawn]
    starts = range(0, len(X), batch_size)
    scores = np.concatenate([self.model.loss(X[i : i + batch_size]) for i in starts])
    return np.mean(scores.argmax(axis=1) == y)

Solver.check_accuracy = _accuracy
"""
NEVER_ASKS = """

def _accuracy(self, X, y, num_samples=None, batch_size=100):
    self.model.X.append(np.array(X))
    return (X.argmax(axis=1) == y).mean()

Solver.check_accuracy = _accuracy
"""
ZEROS_BACK = "\ndef relu_backward(dout, cache):\n    return np.zeros_like(dout)\n"
ZERO_LOSS = "\ndef svm_loss(x, y):\n    return 0.0, np.zeros_like(x)\n"
NO_STEP = "\ndef sgd(w, dw, config=None):\n    return w.copy(), config or {}\n"
SHARED, SECOND = "autograder.graders.shared.", "autograder.graders.assignment2."

# What is added to a file of the solved package, the graders, and the most that each cell then earns.
HAND_INS = {
    "zeros for a ReLU": (
        LAYERS, "\ndef relu_forward(x):\n    return np.zeros_like(x), x\n", SHARED + "affine_relu",
        {"relu_forward": 0.0},
    ),
    "zeros for its gradient": (LAYERS, ZEROS_BACK, SHARED + "affine_relu", {"relu_backward": 0.0}),
    "zeros for a loss": (LAYERS, ZERO_LOSS, SHARED + "losses", {"svm_loss": 0.0}),
    "no step": (OPTIM, NO_STEP, SHARED + "optimizers", {"sgd": 0.0}),
    "keeps what is positive": (LAYERS, DROPOUT, SECOND + "test_dropout", {"dropout_forward": 0.65}),
    "made-up loss, conv nets": (
        CONV_NETS, MADE_UP_NET + "ThreeLayerConvNet.loss = ConvNet.loss = _loss\n", SECOND + "test_convnets",
        {"three_layer_conv_net": 0.17, "conv_net": 0.16},  # parameters and their start
    ),
    "made-up loss": (
        DENSE_NETS, MADE_UP_NET + "FullyConnectedNet.loss = _loss\n", SHARED + "fully_connected",
        {"fully_connected_net": 0.13},
    ),
    "made-up loss, norms": (
        DENSE_NETS, MADE_UP_NET + "FullyConnectedNet.loss = _loss\n", SECOND + "test_fully_connected_norm",
        {"fully_connected_net_batchnorm": 0.17, "fully_connected_net_layernorm": 0.17},
    ),
    "made-up loss, dropout": (
        DENSE_NETS, MADE_UP_NET + "FullyConnectedNet.loss = _loss\n", SECOND + "test_fully_connected_dropout",
        {"fully_connected_net_dropout": 0.0},
    ),
    "never asks the model": (SOLVER, NEVER_ASKS, SHARED + "solver", {"solver": 0.52}),
    "one image for a sample": (
        SOLVER, ACCURACY.format(drawn="np.full(num_samples, np.random.randint(len(X)))"), SHARED + "solver",
        {"solver": 0.94},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND_INS)
def test_earns_no_more_than_what_is_honest(name: str) -> None:
    path, added, graders, most = HAND_INS[name]
    files = {**reference(), path: reference()[path] + added}
    wanted = [row for row in rows(importlib.import_module(graders)) if row.grade_id in most]
    found = score(grade(files, wanted))
    assert found.keys() == most.keys()
    assert {cell: share for cell, share in found.items() if share > most[cell]} == {}


def test_a_sample_without_replacement_is_right_as_well() -> None:
    drawn = "np.random.permutation(len(X))[:num_samples]"
    files = {**reference(), SOLVER: reference()[SOLVER] + ACCURACY.format(drawn=drawn)}
    graders = importlib.import_module(SHARED + "solver")
    assert score(grade(files, rows(graders))) == {"solver": 1.0}


def test_one_image_for_a_sample_is_said() -> None:
    path, added, graders, _ = HAND_INS["one image for a sample"]
    files = {**reference(), path: reference()[path] + added}
    outcomes = grade(files, rows(importlib.import_module(graders)))
    (message,) = (o.error for o in outcomes if o.error)
    assert "A sample holds the same image many times over" in message
