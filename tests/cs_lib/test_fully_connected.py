"""TwoLayerNet and FullyConnectedNet: the course's digits, every gradient, the penalty, the errors."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from cs_lib import layer_utils
from cs_lib.classifiers.fc_net import FullyConnectedNet, TwoLayerNet
from cs_lib.gradient_check import eval_numerical_gradient, rel_error
from cs_lib.solver import Solver

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())["TwoLayerNet"]
N, D, H1, H2, C = 2, 15, 20, 30, 10

# All sixteen digits agree where they were printed; other processors may round the last one differently.
LAST_DIGIT = 1e-14


def spread_two_layer_net() -> tuple[TwoLayerNet, np.ndarray]:
    """The network and the images of the fixed values."""
    net = TwoLayerNet(input_dim=5, hidden_dim=50, num_classes=7, weight_scale=1e-3)
    net.params["W1"] = np.linspace(-0.7, 0.3, num=250).reshape(5, 50)
    net.params["b1"] = np.linspace(-0.1, 0.9, num=50)
    net.params["W2"] = np.linspace(-0.3, 0.4, num=350).reshape(50, 7)
    net.params["b2"] = np.linspace(-0.9, 0.1, num=7)
    return net, np.linspace(-5.5, 4.5, num=15).reshape(5, 3).T


def course_batch() -> tuple[np.ndarray, np.ndarray]:
    np.random.seed(231)
    return np.random.randn(N, D), np.random.randint(C, size=(N,))


def gradient_errors(net, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    return {
        name: rel_error(eval_numerical_gradient(lambda _: net.loss(X, y)[0], net.params[name]), grads[name])
        for name in net.params
    }


def test_two_layer_net_reproduces_the_shown_values() -> None:
    net, X = spread_two_layer_net()
    np.testing.assert_allclose(net.loss(X), EXPECTED["scores"], rtol=0, atol=5.01e-9)
    y = np.array([0, 5, 1])
    assert net.loss(X, y)[0] == pytest.approx(EXPECTED["loss_reg0"], abs=5.01e-11)
    net.reg = 1.0
    assert net.loss(X, y)[0] == pytest.approx(EXPECTED["loss_reg1"], abs=5.01e-11)


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_two_layer_net_gradients(reg: float) -> None:
    net, X = spread_two_layer_net()
    net.reg = reg
    assert max(gradient_errors(net, X, np.array([0, 5, 1])).values()) < 1e-6


def test_two_layer_net_starts_as_asked() -> None:
    np.random.seed(3)
    net = TwoLayerNet(input_dim=30, hidden_dim=40, num_classes=7, weight_scale=0.25)
    np.random.seed(3)
    np.testing.assert_array_equal(net.params["W1"], 0.25 * np.random.randn(30, 40))
    np.testing.assert_array_equal(net.params["W2"], 0.25 * np.random.randn(40, 7))
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()
    default = TwoLayerNet()
    assert {name: p.shape for name, p in default.params.items()} == {
        "W1": (3072, 100),
        "b1": (100,),
        "W2": (100, 10),
        "b2": (10,),
    }
    assert default.params["W1"].std() == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize(
    ("normalization", "reg", "want"),
    [
        (None, 0, 2.3004790897684924),
        (None, 3.14, 7.052114776533016),
        ("batchnorm", 0, 2.2611955101340957),
        ("batchnorm", 3.14, 6.996533220108303),
    ],
)
def test_initial_losses_reproduce_the_shown_digits(normalization, reg: float, want: float) -> None:
    X, y = course_batch()
    for r in (0, 3.14):  # the course draws both networks from one stream
        net = FullyConnectedNet(
            [H1, H2], D, C, reg=r, weight_scale=5e-2, dtype=np.float64, normalization=normalization
        )
        if r == reg:
            break
    assert net.loss(X, y)[0] == pytest.approx(want, rel=LAST_DIGIT)
    # At reg 0 W2 shows 2e-5 on this batch, as some of its gradients are all but zero; batch norm over two
    # rows has more such.
    limit = {(None, 0): 3e-5, (None, 3.14): 1e-6, ("batchnorm", 0): 2e-4, ("batchnorm", 3.14): 5e-6}
    errors = gradient_errors(net, X, y)
    assert max(errors[f"W{i}"] for i in (1, 2, 3)) < limit[normalization, reg]
    if normalization is None:
        assert max(errors[f"b{i}"] for i in (1, 2, 3)) < 1e-6


@pytest.mark.parametrize(
    ("keep", "want"), [(1, 2.3004790897684924), (0.75, 2.302371489704412), (0.5, 2.3042759220785896)]
)
def test_dropout_initial_losses_reproduce_the_shown_digits(keep: float, want: float) -> None:
    X, y = course_batch()
    for ratio in (1, 0.75, 0.5):
        net = FullyConnectedNet(
            [H1, H2], D, C, weight_scale=5e-2, dtype=np.float64, dropout_keep_ratio=ratio, seed=123
        )
        loss, _ = net.loss(X, y)  # reseeds, so the next network's weights depend on it
        if ratio == keep:
            break
    assert loss == pytest.approx(want, rel=LAST_DIGIT)


@pytest.mark.parametrize(
    ("normalization", "keep", "reg"),
    list(itertools.product((None, "batchnorm", "layernorm"), (1, 0.6), (0.0, 0.3))),
    ids=str,
)
def test_gradients_of_all_combinations(normalization, keep: float, reg: float) -> None:
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((5, 2, 3)), np.array([0, 3, 1, 1, 2])
    np.random.seed(6)
    net = FullyConnectedNet(
        [7, 6], 6, 4, keep, normalization, reg=reg, weight_scale=0.5, dtype=np.float64, seed=9
    )
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, param in net.params.items():
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], param)
        np.testing.assert_allclose(grads[name], numeric, rtol=1e-5, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("normalization", [None, "batchnorm", "layernorm"])
def test_parameters_are_drawn_in_layer_order(normalization) -> None:
    np.random.seed(3)
    net = FullyConnectedNet([5, 4], 6, 3, normalization=normalization, weight_scale=0.5)
    np.random.seed(3)
    for i, shape in enumerate([(6, 5), (5, 4), (4, 3)], start=1):
        np.testing.assert_array_equal(net.params[f"W{i}"], (0.5 * np.random.randn(*shape)).astype(np.float32))
        np.testing.assert_array_equal(net.params[f"b{i}"], np.zeros(shape[1]))
    norms = {name for name in net.params if name.startswith(("gamma", "beta"))}
    assert norms == ({"gamma1", "beta1", "gamma2", "beta2"} if normalization else set())
    assert len(net.bn_params) == (2 if normalization else 0)
    for i in (1, 2) if normalization else ():
        np.testing.assert_array_equal(net.params[f"gamma{i}"], np.ones(6 - i))
        np.testing.assert_array_equal(net.params[f"beta{i}"], np.zeros(6 - i))


@pytest.mark.parametrize("normalization", [None, "batchnorm", "layernorm"])
def test_everything_is_computed_in_the_dtype_of_the_network(normalization) -> None:
    X, y = course_batch()
    net = FullyConnectedNet(
        [H1, H2], D, C, 0.5, normalization, reg=np.float64(0.1), weight_scale=np.float64(1e-2)
    )
    loss, grads = net.loss(X, y)
    assert type(loss) is float
    assert (
        {g.dtype for g in grads.values()} == {p.dtype for p in net.params.values()} == {np.dtype(np.float32)}
    )
    assert net.loss(X).dtype == np.float32


def test_penalty_is_on_every_weight_and_nothing_else() -> None:
    X, y = course_batch()
    np.random.seed(0)
    net = FullyConnectedNet([6, 5, 4], D, C, normalization="layernorm", weight_scale=0.1, dtype=np.float64)
    for name in net.params:
        if not name.startswith("W"):
            net.params[name] += 2.0
    plain, plain_grads = net.loss(X, y)
    net.reg = 0.8
    loss, grads = net.loss(X, y)
    weights = [name for name in net.params if name.startswith("W")]
    assert loss - plain == pytest.approx(0.4 * sum((net.params[name] ** 2).sum() for name in weights))
    for name in net.params:
        extra = 0.8 * net.params[name] if name in weights else 0
        np.testing.assert_allclose(grads[name] - plain_grads[name], extra, atol=1e-12)


def test_scores_are_those_of_test_mode() -> None:
    X, y = course_batch()
    np.random.seed(0)
    net = FullyConnectedNet(
        [H1, H2], D, C, dropout_keep_ratio=0.5, normalization="batchnorm", weight_scale=0.5
    )
    net.loss(X, y)
    running = net.bn_params[0]["running_mean"].copy()
    first, second = net.loss(X), net.loss(X)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(net.bn_params[0]["running_mean"], running)
    np.testing.assert_allclose(first[0], net.loss(X[:1])[0], rtol=1e-5)
    net.loss(X, y)  # back in train mode
    assert not np.array_equal(net.bn_params[0]["running_mean"], running)


def test_without_a_seed_every_pass_drops_other_units() -> None:
    X, y = course_batch()
    net = FullyConnectedNet([H1], D, C, dropout_keep_ratio=0.5, weight_scale=0.5)
    assert net.loss(X, y)[0] != net.loss(X, y)[0]
    seeded = FullyConnectedNet([H1], D, C, dropout_keep_ratio=0.5, weight_scale=0.5, seed=1)
    assert seeded.loss(X, y)[0] == seeded.loss(X, y)[0]


def test_images_are_left_alone() -> None:
    X, y = course_batch()
    X.setflags(write=False)
    for net in (TwoLayerNet(D, 4, C), FullyConnectedNet([4], D, C, dtype=np.float64)):
        net.loss(X, y)


def test_no_hidden_layer_is_a_linear_classifier() -> None:
    X, y = course_batch()
    net = FullyConnectedNet([], D, C, dtype=np.float64)
    np.testing.assert_allclose(net.loss(X), X @ net.params["W1"])
    assert max(gradient_errors(net, X, y).values()) < 1e-6


@pytest.mark.parametrize("hidden", [[100, 100], [100, 100, 100, 100]], ids=["three layers", "five layers"])
def test_fifty_images_are_learned_by_heart_in_twenty_epochs(hidden: list[int]) -> None:
    np.random.seed(0)
    X, y = np.random.randn(50, 3, 8, 8), np.random.randint(10, size=50)
    net = FullyConnectedNet(hidden, input_dim=192, weight_scale=0.12, dtype=np.float64)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    solver = Solver(net, data, "sgd", {"learning_rate": 4e-2}, batch_size=25, num_epochs=20, verbose=False)
    solver.train()
    assert max(solver.train_acc_history) == 1.0


def test_constructor_errors() -> None:
    with pytest.raises(
        ValueError, match="normalization must be None, 'batchnorm' or 'layernorm', got 'groupnorm'"
    ):
        FullyConnectedNet([4], normalization="groupnorm")
    for keep in (0, 1.2, -1):
        with pytest.raises(
            ValueError, match="FullyConnectedNet: dropout_keep_ratio is the probability of keeping"
        ):
            FullyConnectedNet([4], dropout_keep_ratio=keep)


def test_images_and_labels_that_do_not_fit_are_refused() -> None:
    for net in (TwoLayerNet(D, 4, C), FullyConnectedNet([4], D, C)):
        with pytest.raises(ValueError, match="affine_forward: w must have shape"):
            net.loss(np.ones((2, D + 1)))
        with pytest.raises(ValueError, match=r"softmax_loss: y must have shape \(2,\)"):
            net.loss(np.ones((2, D)), np.zeros(3, dtype=int))


def test_sandwich_errors() -> None:
    x, w, b = np.ones((2, 3)), np.ones((3, 4)), np.ones(4)
    with pytest.raises(
        ValueError, match=r"normalization must be None, 'batchnorm' or 'layernorm', got 'norm'"
    ):
        layer_utils.affine_norm_relu_forward(x, w, b, "norm", b, b, {})
    for gamma, beta, param in ((None, b, {}), (b, None, {}), (b, b, None)):
        with pytest.raises(ValueError, match="layernorm needs gamma, beta and norm_param"):
            layer_utils.affine_norm_relu_forward(x, w, b, "layernorm", gamma, beta, param)
