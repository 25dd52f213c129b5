"""Batch, layer and group normalisation, and dropout."""

import numpy as np
import pytest

from cs_lib import layers

BATCHNORMS = [layers.batchnorm_backward, layers.batchnorm_backward_alt]


def two_layer_activations(n: int) -> np.ndarray:
    """The activations of the course's set-up, before normalisation."""
    np.random.seed(231)
    D1, D2, D3 = 50, 60, 3
    X = np.random.randn(n, D1)
    W1, W2 = np.random.randn(D1, D2), np.random.randn(D2, D3)
    return np.maximum(0, X @ W1) @ W2


def test_batchnorm_train_reproduces_the_shown_statistics() -> None:
    a = two_layer_activations(200)
    np.testing.assert_allclose(a.mean(axis=0), [-2.3814598, -13.18038246, 1.91780462], rtol=0, atol=5.01e-9)
    np.testing.assert_allclose(a.std(axis=0), [27.18502186, 34.21455511, 37.68611762], rtol=0, atol=5.01e-9)
    gamma, beta = np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 13.0])
    for scale, shift in ((np.ones(3), np.zeros(3)), (gamma, beta)):
        out, _ = layers.batchnorm_forward(a, scale, shift, {"mode": "train"})
        np.testing.assert_allclose(out.mean(axis=0), shift, atol=1e-12)
        np.testing.assert_allclose(out.std(axis=0), scale, rtol=1e-7)


def test_batchnorm_test_mode_uses_the_running_averages() -> None:
    np.random.seed(231)
    D1, D2, D3 = 50, 60, 3
    W1, W2 = np.random.randn(D1, D2), np.random.randn(D2, D3)
    bn_param = {"mode": "train"}
    for _ in range(50):
        X = np.random.randn(200, D1)
        layers.batchnorm_forward(np.maximum(0, X @ W1) @ W2, np.ones(D3), np.zeros(D3), bn_param)
    bn_param["mode"] = "test"
    X = np.random.randn(200, D1)
    out, _ = layers.batchnorm_forward(np.maximum(0, X @ W1) @ W2, np.ones(D3), np.zeros(D3), bn_param)
    # The warm-up's averages are near this batch's statistics, not equal to them.
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=0.2)
    np.testing.assert_allclose(out.std(axis=0), 1, atol=0.2)
    assert np.abs(out.mean(axis=0)).min() > 1e-3


def test_batchnorm_running_averages_by_hand() -> None:
    # Column means 2 and 20, biased variances 1 and 100.
    x = np.array([[1.0, 10.0], [3.0, 30.0]])
    bn_param = {"mode": "train", "momentum": 0.75, "eps": 3.0}
    layers.batchnorm_forward(x, np.ones(2), np.zeros(2), bn_param)
    np.testing.assert_allclose(bn_param["running_mean"], [0.5, 5])
    np.testing.assert_allclose(bn_param["running_var"], [0.25, 25])  # eps is not in it
    first = bn_param["running_mean"]
    layers.batchnorm_forward(x, np.ones(2), np.zeros(2), bn_param)
    np.testing.assert_allclose(bn_param["running_mean"], [0.875, 8.75])
    np.testing.assert_allclose(first, [0.5, 5])  # the old array is left alone


def test_batchnorm_test_mode_by_hand() -> None:
    bn_param = {"mode": "test", "eps": 7.0, "running_mean": np.array([1.0]), "running_var": np.array([9.0])}
    out, cache = layers.batchnorm_forward(np.array([[9.0]]), np.array([3.0]), np.array([0.5]), bn_param)
    np.testing.assert_allclose(out, [[3 * 8 / 4 + 0.5]])
    np.testing.assert_array_equal(bn_param["running_mean"], [1.0])
    np.testing.assert_array_equal(bn_param["running_var"], [9.0])
    for backward in BATCHNORMS:
        with pytest.raises(ValueError, match=f"{backward.__name__}: the cache is from test mode"):
            backward(np.ones((1, 1)), cache)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batchnorm_keeps_running_averages_in_the_dtype_of_x(dtype: type) -> None:
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(dtype)
    bn_param = {"mode": "train"}
    for mode in ("train", "train", "test"):
        bn_param["mode"] = mode
        out, _ = layers.batchnorm_forward(x, np.ones(3, dtype), np.zeros(3, dtype), bn_param)
        assert out.dtype == bn_param["running_mean"].dtype == bn_param["running_var"].dtype == dtype


def test_batchnorm_backward_alt_equals_the_long_way() -> None:
    np.random.seed(231)
    x = 5 * np.random.randn(100, 500) + 12
    gamma, beta, dout = np.random.randn(500), np.random.randn(500), np.random.randn(100, 500)
    _, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train"})
    for long, short in zip(
        layers.batchnorm_backward(dout, cache), layers.batchnorm_backward_alt(dout, cache), strict=True
    ):
        np.testing.assert_allclose(short, long, rtol=1e-9, atol=1e-12)


def test_layernorm_reproduces_the_shown_statistics() -> None:
    a = two_layer_activations(4)
    shown = [-59.06673243, -47.60782686, -43.31137368, -26.40991744]
    np.testing.assert_allclose(a.mean(axis=1), shown, rtol=0, atol=5.01e-9)
    out, _ = layers.layernorm_forward(a, np.ones(3), np.zeros(3), {})
    np.testing.assert_allclose(out.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=1), 1, rtol=1e-6)
    out, _ = layers.layernorm_forward(a, 3 * np.ones(3), 5 * np.ones(3), {})
    np.testing.assert_allclose(out.mean(axis=1), 5, rtol=1e-9)
    np.testing.assert_allclose(out.std(axis=1), 3, rtol=1e-6)


def test_layernorm_looks_at_one_row_at_a_time() -> None:
    x = np.random.default_rng(0).standard_normal((5, 4))
    gamma, beta = np.array([1.0, 2, 3, 4]), np.array([4.0, 3, 2, 1])
    whole, _ = layers.layernorm_forward(x, gamma, beta, {"eps": 0.1})
    for i in range(5):
        row, _ = layers.layernorm_forward(x[i : i + 1], gamma, beta, {"eps": 0.1})
        np.testing.assert_allclose(row[0], whole[i])
    centred = x[2] - x[2].sum() / 4
    np.testing.assert_allclose(whole[2], gamma * centred / np.sqrt((centred**2).sum() / 4 + 0.1) + beta)


def test_spatial_batchnorm_reproduces_the_shown_statistics() -> None:
    np.random.seed(231)
    x = 4 * np.random.randn(2, 3, 4, 5) + 10
    shown = [9.33463814, 8.90909116, 9.11056338]
    np.testing.assert_allclose(x.mean(axis=(0, 2, 3)), shown, rtol=0, atol=5.01e-9)
    gamma, beta = np.array([3.0, 4.0, 5.0]), np.array([6.0, 7.0, 8.0])
    bn_param = {"mode": "train"}
    out, _ = layers.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    assert out.shape == x.shape
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), beta)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), gamma, rtol=1e-5)
    np.testing.assert_allclose(bn_param["running_mean"], 0.1 * x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(bn_param["running_var"], 0.1 * x.var(axis=(0, 2, 3)))


def test_spatial_batchnorm_test_mode() -> None:
    x = np.random.default_rng(0).standard_normal((2, 2, 3, 4))
    mean, var = np.array([0.5, -1.0]), np.array([4.0, 0.25])
    bn_param = {"mode": "test", "running_mean": mean, "running_var": var}
    out, _ = layers.spatial_batchnorm_forward(x, np.array([2.0, 3.0]), np.array([1.0, -1.0]), bn_param)
    for c in range(2):
        want = (2.0, 3.0)[c] * (x[:, c] - mean[c]) / np.sqrt(var[c] + 1e-5) + (1.0, -1.0)[c]
        np.testing.assert_allclose(out[:, c], want)


def test_groupnorm_reproduces_the_shown_statistics() -> None:
    np.random.seed(231)
    N, C, H, W, G = 2, 6, 4, 5, 2
    x = 4 * np.random.randn(N, C, H, W) + 10
    shown = [9.72505327, 8.51114185, 8.9147544, 9.43448077]
    np.testing.assert_allclose(x.reshape(N * G, -1).mean(axis=1), shown, rtol=0, atol=5.01e-9)
    out, _ = layers.spatial_groupnorm_forward(x, np.ones((1, C, 1, 1)), np.zeros((1, C, 1, 1)), G, {})
    assert out.shape == (N, C, H, W)
    np.testing.assert_allclose(out.reshape(N * G, -1).mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(out.reshape(N * G, -1).std(axis=1), 1, rtol=1e-5)


def test_groupnorm_scales_channels_not_groups() -> None:
    x = np.random.default_rng(0).standard_normal((1, 4, 2, 3))
    gamma = np.array([1.0, 2, 3, 4]).reshape(1, 4, 1, 1)
    beta = np.array([5.0, 6, 7, 8]).reshape(1, 4, 1, 1)
    out, _ = layers.spatial_groupnorm_forward(x, gamma, beta, 2, {"eps": 0.5})
    for c in range(4):
        group = x[0, c // 2 * 2 : c // 2 * 2 + 2]
        x_hat = (x[0, c] - group.mean()) / np.sqrt(group.var() + 0.5)
        np.testing.assert_allclose(out[0, c], (c + 1) * x_hat + c + 5)


@pytest.mark.parametrize(
    ("p", "mean", "zeros"),
    [
        (0.25, 10.014059116977283, 0.749784),
        (0.4, 9.977917658761159, 0.600796),
        (0.7, 9.987811912159428, 0.30074),
    ],
)
def test_dropout_reproduces_the_shown_digits(p: float, mean: float, zeros: float) -> None:
    np.random.seed(231)
    x = np.random.randn(500, 500) + 10
    for ratio in (0.25, 0.4, 0.7):  # the course draws the three masks one after the other
        out, _ = layers.dropout_forward(x, {"mode": "train", "p": ratio})
        test_out, _ = layers.dropout_forward(x, {"mode": "test", "p": ratio})
        np.testing.assert_array_equal(test_out, x)
        if ratio == p:
            break
    assert out.mean() == pytest.approx(
        mean, rel=1e-14
    )  # other processors may round the last digit differently
    assert (out == 0).mean() == zeros


def test_dropout_seed_repeats_the_mask() -> None:
    x = np.ones((20, 30))
    np.random.seed(1)
    first, _ = layers.dropout_forward(x, {"mode": "train", "p": 0.5, "seed": 7})
    np.random.seed(2)
    second, _ = layers.dropout_forward(x, {"mode": "train", "p": 0.5, "seed": 7})
    np.testing.assert_array_equal(first, second)
    np.random.seed(7)
    np.testing.assert_array_equal(first, 2 * (np.random.rand(20, 30) < 0.5))


def test_dropout_in_test_mode_draws_nothing() -> None:
    np.random.seed(3)
    layers.dropout_forward(np.ones(4), {"mode": "test", "p": 0.5, "seed": 7})
    drawn = np.random.rand()
    np.random.seed(3)
    assert np.random.rand() == drawn


@pytest.mark.parametrize("p", [0, -0.1, 1.5, None, "half", float("nan")])
def test_dropout_refuses_a_keep_ratio_out_of_range(p) -> None:
    for mode in ("train", "test"):
        with pytest.raises(ValueError, match=r"dropout_forward: p is the probability of keeping, 0 < p <= 1"):
            layers.dropout_forward(np.ones((2, 2)), {"mode": mode, "p": p})


@pytest.mark.parametrize("param", [{}, {"mode": "eval"}, {"mode": None}])
def test_unknown_modes_are_refused(param: dict) -> None:
    two, rows, images = np.ones(2), np.ones((3, 2)), np.ones((3, 2, 2, 2))
    with pytest.raises(ValueError, match="batchnorm_forward: mode must be 'train' or 'test'"):
        layers.batchnorm_forward(rows, two, two, dict(param))
    with pytest.raises(ValueError, match="batchnorm_forward: mode must be 'train' or 'test'"):
        layers.spatial_batchnorm_forward(images, two, two, dict(param))
    with pytest.raises(ValueError, match="dropout_forward: mode must be 'train' or 'test'"):
        layers.dropout_forward(rows, {**param, "p": 0.5})


def test_norms_refuse_shapes_that_do_not_fit() -> None:
    ones, train = np.ones, {"mode": "train"}
    for name, call in {
        "batchnorm_forward": lambda x, g, b: layers.batchnorm_forward(x, g, b, dict(train)),
        "layernorm_forward": lambda x, g, b: layers.layernorm_forward(x, g, b, {}),
    }.items():
        with pytest.raises(ValueError, match=f"{name}: x must have shape"):
            call(ones(3), ones(3), ones(3))
        with pytest.raises(ValueError, match=rf"{name}: x must have shape \(any, any\), got \(2, 3, 1\)"):
            call(ones((2, 3, 1)), ones(3), ones(3))
        with pytest.raises(ValueError, match=rf"{name}: gamma must have shape \(3,\), got \(2,\)"):
            call(ones((2, 3)), ones(2), ones(3))
        with pytest.raises(ValueError, match=rf"{name}: beta must have shape \(3,\), got \(1, 3\)"):
            call(ones((2, 3)), ones(3), ones((1, 3)))


def test_spatial_norms_refuse_shapes_that_do_not_fit() -> None:
    x, c = np.ones((2, 4, 3, 3)), np.ones((1, 4, 1, 1))
    with pytest.raises(ValueError, match="spatial_batchnorm_forward: x must have shape"):
        layers.spatial_batchnorm_forward(np.ones((2, 4)), np.ones(4), np.ones(4), {"mode": "train"})
    with pytest.raises(ValueError, match=r"batchnorm_forward: gamma must have shape \(4,\), got \(3,\)"):
        layers.spatial_batchnorm_forward(x, np.ones(3), np.ones(4), {"mode": "train"})
    with pytest.raises(ValueError, match="spatial_batchnorm_backward: dout must have shape"):
        layers.spatial_batchnorm_backward(np.ones((2, 4)), None)
    with pytest.raises(ValueError, match="spatial_groupnorm_forward: x must have shape"):
        layers.spatial_groupnorm_forward(np.ones((2, 4)), c, c, 2, {})
    with pytest.raises(ValueError, match=r"gamma must have shape \(1, 4, 1, 1\), got \(4,\)"):
        layers.spatial_groupnorm_forward(x, np.ones(4), c, 2, {})
    with pytest.raises(ValueError, match=r"beta must have shape \(1, 4, 1, 1\), got \(4,\)"):
        layers.spatial_groupnorm_forward(x, c, np.ones(4), 2, {})
    with pytest.raises(ValueError, match="G must divide the 4 channels, got 3"):
        layers.spatial_groupnorm_forward(x, c, c, 3, {})
    for groups in (0, -2, 1.5):
        with pytest.raises(ValueError, match="G must be an integer >= 1"):
            layers.spatial_groupnorm_forward(x, c, c, groups, {})
