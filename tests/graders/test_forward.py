"""The judge's forward pass agrees with the library's nets, and a file that is no such net is refused."""

import io
import json
from typing import Any

import numpy as np
import pytest

from autograder.checks.checks import CheckFailed
from autograder.graders.shared import forward
from autograder.graders.shared.model_file import Model, read_model
from cs_lib import data_utils
from cs_lib.classifiers.cnn import ConvNet, ThreeLayerConvNet
from cs_lib.classifiers.fc_net import FullyConnectedNet, TwoLayerNet

NAME = "results/net.npz"
WIDE = 0.2  # weights large enough that every class wins somewhere


def nets() -> dict[str, Any]:
    np.random.seed(0)
    return {
        "two-layer": TwoLayerNet(hidden_dim=20, weight_scale=WIDE),
        "plain": FullyConnectedNet([20, 10, 15], weight_scale=WIDE),
        "no hidden layer": FullyConnectedNet([], weight_scale=WIDE),
        "batch norm": FullyConnectedNet([20, 15], weight_scale=WIDE, normalization="batchnorm"),
        "layer norm": FullyConnectedNet([20, 15], weight_scale=WIDE, normalization="layernorm"),
        "three-layer conv": ThreeLayerConvNet(num_filters=4, filter_size=5, hidden_dim=12, weight_scale=WIDE),
        "conv": ConvNet(
            num_filters=[4, 6, 5], filter_sizes=[7, 3, 1], weight_scale=WIDE, use_batch_norm=False
        ),
        "conv with batch norm": ConvNet(num_filters=[4, 6], filter_sizes=[5, 3], weight_scale=WIDE),
    }


def saved(model: Any, tmp_path: Any) -> Model:
    path = tmp_path / "net.npz"
    data_utils.save_model(path, model, "subset")
    return read_model(path.read_bytes(), name=NAME)


@pytest.mark.parametrize("kind", nets())
def test_the_net_is_right_where_the_librarys_own_scores_are(kind: str, tmp_path: Any) -> None:
    model = nets()[kind]
    X, y = np.random.randn(70, 3, 32, 32), np.random.randint(10, size=70)
    X += 2 * np.random.randn(70, 3, 1, 1)  # pictures of different colours, or one class wins them all
    model.loss(X[:20], y[:20])  # so that the running statistics are not those of the start
    for key in model.params:
        if key.startswith(("b", "gamma")):
            model.params[key] = model.params[key] + 0.1 * np.random.randn(*model.params[key].shape)
    found = saved(model, tmp_path)
    forward.check_architecture(found, name=NAME)
    best = model.loss(X).argmax(axis=1)
    assert len(set(best.tolist())) > 2
    scores = forward.scorer(found)
    assert forward.count_right(scores, X, best) == 70
    assert forward.count_right(scores, X, (best + 1) % 10) == 0
    assert forward.count_right(scores, X, np.where(np.arange(70) < 35, best, best + 1)) == 35


def arrays_of(kind: str) -> dict[str, np.ndarray]:
    model = nets()[kind]
    arrays = dict(model.params)
    for layer, params in enumerate(getattr(model, "bn_params", []), start=1):
        width = len(model.params[f"gamma{layer}"])
        if params:
            arrays |= {f"running_mean{layer}": np.zeros(width), f"running_var{layer}": np.ones(width)}
    return arrays


def check(kind: str, arrays: dict[str, np.ndarray], normalization: str | None = None) -> None:
    stream = io.BytesIO()
    facts = {"kind": kind, "normalization": normalization, "dataset": "full"}
    np.savez(stream, **arrays, architecture=np.array(json.dumps(facts)))
    forward.check_architecture(read_model(stream.getvalue(), name=NAME), name=NAME)


CONV = {"W_1": (4, 3, 3, 3), "b_1": (4,), "W_2": (4 * 256, 10), "b_2": (10,)}
# Half a million weights and few products, but windows that take 2 GB for each batch of images.
MANY_WINDOWS = {
    "W_1": (550, 3, 1, 1),
    "b_1": (550,),
    "W_2": (1, 550, 15, 15),
    "b_2": (1,),
    "W_3": (64, 10),
    "b_3": (10,),
}
HUGE = {"W_1": (600, 3, 31, 31), "b_1": (600,), "W_2": (600 * 256, 10), "b_2": (10,)}


@pytest.mark.parametrize(
    ("kind", "shapes", "match"),
    [
        ("TwoLayerNet", {}, "has 1 to 30 weight arrays W1, W2"),
        ("TwoLayerNet", {"W1": (3072, 10), "b1": (10,)}, "a TwoLayerNet has W1, b1, W2 and b2"),
        ("FullyConnectedNet", {"W1": (3072, 10)}, "b1 is missing from this FullyConnectedNet"),
        ("FullyConnectedNet", {"W1": (3072,), "b1": (10,)}, "W1 has 1 axes; in a Fully.* it has 2"),
        ("FullyConnectedNet", {"W1": (3000, 10), "b1": (10,)}, r"W1 has shape \(3000, 10\); it must have"),
        ("FullyConnectedNet", {"W1": (3072, 10), "b1": (9,)}, r"b1 has shape \(9,\); it must have"),
        ("FullyConnectedNet", {"W1": (3072, 9), "b1": (9,)}, "gives 9 scores an image; CIFAR-10 has 10"),
        ("FullyConnectedNet", {"W1": (3072, 10), "b1": (10,), "W3": (1, 1)}, "W3, which does not belong"),
        ("ThreeLayerConvNet", {"W1": (4, 3, 3)}, "W1 has 3 axes; in a ThreeLayerConvNet it has 4"),
        ("ConvNet", CONV | {"W_1": (4, 1, 3, 3)}, r"it must have shape \(4, 3, 3, 3\)"),
        ("ConvNet", CONV | {"W_1": (4, 3, 3, 5)}, "filters of 3x5; they must be square and of odd size"),
        ("ConvNet", CONV | {"W_1": (4, 3, 4, 4)}, "filters of 4x4; they must be square and of odd size"),
        ("ConvNet", CONV | {"W_2": (1000, 10)}, r"W_2 has shape \(1000, 10\)"),
        ("ConvNet", CONV | {"extra": (1,)}, "holds extra, which does not belong to"),
        ("ConvNet", HUGE, "too large to be evaluated"),
        ("ConvNet", MANY_WINDOWS, "too large to be evaluated"),
    ],
)  # fmt: skip
def test_a_net_that_does_not_fit_is_refused(kind: str, shapes: dict[str, tuple], match: str) -> None:
    with pytest.raises(CheckFailed, match=match):
        check(kind, {key: np.ones(shape, np.float16) for key, shape in shapes.items()})


def test_more_pooling_than_pixels_is_refused() -> None:
    arrays = {f"W_{i}": np.ones((1, 3 if i == 1 else 1, 1, 1)) for i in range(1, 8)}
    arrays |= {f"b_{i}": np.ones(1) for i in range(1, 8)}
    with pytest.raises(CheckFailed, match="too many layers with pooling for an image of 32 pixels"):
        check("ConvNet", arrays | {"W_8": np.ones((1, 10)), "b_8": np.ones(10)})


@pytest.mark.parametrize(
    ("kind", "normalization", "match"),
    [
        ("TwoLayerNet", "batchnorm", "a TwoLayerNet has W1, b1, W2 and b2"),
        ("ThreeLayerConvNet", "batchnorm", "a ThreeLayerConvNet has no normalization"),
        ("ConvNet", "layernorm", "a ConvNet has batch normalization or none"),
    ],
)
def test_a_normalization_the_kind_does_not_know_is_refused(kind: str, normalization: str, match: str) -> None:
    name = {"TwoLayerNet": "two-layer", "ThreeLayerConvNet": "three-layer conv", "ConvNet": "conv"}[kind]
    with pytest.raises(CheckFailed, match=match):
        check(kind, arrays_of(name), normalization)


def test_running_statistics_must_be_there_and_make_sense() -> None:
    arrays = arrays_of("batch norm")
    check("FullyConnectedNet", arrays, "batchnorm")
    with pytest.raises(CheckFailed, match="running_var2 is negative"):
        check("FullyConnectedNet", arrays | {"running_var2": -arrays["running_var2"]}, "batchnorm")
    del arrays["running_mean1"]
    with pytest.raises(CheckFailed, match="running_mean1 is missing"):
        check("FullyConnectedNet", arrays, "batchnorm")
    with pytest.raises(
        CheckFailed, match="which does not belong to a FullyConnectedNet with normalization None"
    ):
        check("FullyConnectedNet", arrays_of("layer norm"))


def test_scores_beyond_float32_count_as_wrong() -> None:
    arrays = {"W1": np.full((3072, 10), 1e38, np.float32), "b1": np.zeros(10, np.float32)}
    model = Model("FullyConnectedNet", None, "full", arrays)
    X = np.full((3, 3, 32, 32), 1e3)
    assert forward.count_right(forward.scorer(model), X, np.zeros(3, dtype=int)) == 0
