"""ThreeLayerConvNet and ConvNet: first loss, gradients, shapes, the penalty, the errors."""

import numpy as np
import pytest

from cs_lib.classifiers.cnn import ConvNet, ThreeLayerConvNet
from cs_lib.gradient_check import eval_numerical_gradient
from cs_lib.solver import Solver


def images(n: int, shape: tuple[int, int, int], classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, *shape)), rng.integers(classes, size=n)


def assert_gradients(net, X: np.ndarray, y: np.ndarray) -> None:
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, param in net.params.items():
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], param)
        np.testing.assert_allclose(grads[name], numeric, rtol=1e-4, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("net_class", [ThreeLayerConvNet, ConvNet])
def test_first_loss_is_near_log_ten(net_class) -> None:
    np.random.seed(231)
    X, y = np.random.randn(50, 3, 32, 32), np.random.randint(10, size=50)
    net = net_class()
    loss, _ = net.loss(X, y)
    # Batch norm scales the features back up before the last layer, so the scores differ a little more.
    assert loss == pytest.approx(np.log(10), abs=1e-4 if net_class is ThreeLayerConvNet else 1e-2)
    net.reg = 0.5
    assert net.loss(X, y)[0] > loss


@pytest.mark.parametrize("reg", [0.0, 0.4])
def test_three_layer_gradients(reg: float) -> None:
    np.random.seed(1)
    X, y = images(3, (2, 6, 4), 4)
    assert_gradients(ThreeLayerConvNet((2, 6, 4), 3, 3, 5, 4, 0.3, reg, np.float64), X, y)


@pytest.mark.parametrize("use_batch_norm", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_conv_net_gradients_at_any_depth(depth: int, use_batch_norm: bool) -> None:
    np.random.seed(2)
    X, y = images(3, (2, 8, 9), 4)
    net = ConvNet(
        (2, 8, 9), (3, 2, 4)[:depth], (3, 1, 5)[:depth], 4, 0.4, 0.3, use_batch_norm, dtype=np.float64
    )
    assert_gradients(net, X, y)


def test_three_layer_parameters() -> None:
    np.random.seed(3)
    net = ThreeLayerConvNet((2, 7, 10), 4, 5, 6, 3, 0.5)
    np.random.seed(3)
    for name, shape in {"W1": (4, 2, 5, 5), "W2": (4 * 3 * 5, 6), "W3": (6, 3)}.items():
        np.testing.assert_array_equal(net.params[name], (0.5 * np.random.randn(*shape)).astype(np.float32))
    assert {name: net.params[name].shape for name in ("b1", "b2", "b3")} == {
        "b1": (4,),
        "b2": (6,),
        "b3": (3,),
    }
    assert {p.dtype for p in net.params.values()} == {np.dtype(np.float32)}


def test_conv_net_parameters() -> None:
    np.random.seed(3)
    net = ConvNet(weight_scale=0.5)
    np.random.seed(3)
    for name, shape in {"W_1": (16, 3, 7, 7), "W_2": (32, 16, 3, 3), "W_3": (32 * 8 * 8, 10)}.items():
        np.testing.assert_array_equal(net.params[name], (0.5 * np.random.randn(*shape)).astype(np.float32))
    norms = {"gamma1": (16,), "beta1": (16,), "gamma2": (32,), "beta2": (32,)}
    assert {name: net.params[name].shape for name in norms} == norms
    assert len(net.params) == 10
    assert len(net.bn_params) == 2
    plain = ConvNet(use_batch_norm=False)
    assert plain.params.keys() == {"W_1", "b_1", "W_2", "b_2", "W_3", "b_3"}
    assert plain.bn_params == []


@pytest.mark.parametrize(
    "net", [ThreeLayerConvNet(), ConvNet(), ConvNet(use_batch_norm=False)], ids=["three", "bn", "plain"]
)
def test_everything_is_float32_by_default(net) -> None:
    X, y = images(2, (3, 32, 32))
    X.setflags(write=False)
    net.reg = 0.1
    loss, grads = net.loss(X, y)
    assert type(loss) is float
    assert {name: g.shape for name, g in grads.items()} == {name: p.shape for name, p in net.params.items()}
    assert {g.dtype for g in grads.values()} == {np.dtype(np.float32)}
    scores = net.loss(X)
    assert scores.shape == (2, 10)
    assert scores.dtype == np.float32


@pytest.mark.parametrize("make", [ThreeLayerConvNet, ConvNet])
def test_penalty_is_on_every_weight_and_nothing_else(make) -> None:
    np.random.seed(0)
    X, y = images(2, (3, 32, 32))
    net = make(dtype=np.float64, weight_scale=0.01)
    for name in net.params:
        if not name.startswith("W"):
            net.params[name] += 1.0
    plain, plain_grads = net.loss(X, y)
    net.reg = 0.6
    loss, grads = net.loss(X, y)
    weights = [name for name in net.params if name.startswith("W")]
    assert loss - plain == pytest.approx(0.3 * sum((net.params[name] ** 2).sum() for name in weights))
    for name in net.params:
        extra = 0.6 * net.params[name] if name in weights else 0
        np.testing.assert_allclose(grads[name] - plain_grads[name], extra, atol=1e-12)


def test_scores_are_those_of_test_mode() -> None:
    X, y = images(4, (3, 8, 8))
    net = ConvNet((3, 8, 8), (4,), (3,), weight_scale=0.5)
    for _ in range(3):
        net.loss(X, y)
    running = net.bn_params[0]["running_mean"].copy()
    np.testing.assert_allclose(net.loss(X)[:1], net.loss(X[:1]), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(net.bn_params[0]["running_mean"], running)


@pytest.mark.parametrize("use_batch_norm", [False, True])
def test_a_few_images_are_learned_by_heart(use_batch_norm: bool) -> None:
    np.random.seed(0)
    X, y = np.random.randn(40, 3, 8, 8), np.random.randint(10, size=40)
    net = ConvNet((3, 8, 8), (16, 32), (3, 3), weight_scale=0.1, use_batch_norm=use_batch_norm)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    solver = Solver(net, data, "adam", {"learning_rate": 5e-3}, batch_size=20, num_epochs=25, verbose=False)
    solver.train()
    assert max(solver.train_acc_history) == 1.0


def test_constructor_errors() -> None:
    with pytest.raises(ValueError, match=r"ThreeLayerConvNet: filter_size must be odd .*, got 4"):
        ThreeLayerConvNet(filter_size=4)
    with pytest.raises(ValueError, match=r"ConvNet: filter_size must be odd .*, got 2"):
        ConvNet(filter_sizes=(3, 2))
    with pytest.raises(ValueError, match="ConvNet: filter_size must be an integer >= 1, got 0"):
        ConvNet(filter_sizes=(3, 0))
    with pytest.raises(ValueError, match="num_filters and filter_sizes must be of one length, got 3 and 2"):
        ConvNet(num_filters=(1, 2, 3))
    with pytest.raises(ValueError, match="ConvNet: a window of 2 does not fit into 1"):
        ConvNet((3, 4, 4), (2, 2, 2), (1, 1, 1))


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"affine_forward: w must have shape"):
        ConvNet().loss(np.zeros((1, 3, 16, 16)))
    with pytest.raises(ValueError, match=r"conv_forward_fast: w must have shape \(any, 1, any, any\)"):
        ThreeLayerConvNet().loss(np.zeros((1, 1, 32, 32)))
