"""Affine, ReLU and the two losses: the course's fixed values, and the edges of their contracts."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from cs_lib import layers
from cs_lib.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())

# Half a unit of the eighth decimal, the last one shown.
SHOWN_ATOL = 5.01e-9


def test_affine_forward_reproduces_the_shown_values() -> None:
    x = np.linspace(-0.1, 0.5, num=240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, num=360).reshape(120, 3)
    b = np.linspace(-0.3, 0.1, num=3)
    out, _ = layers.affine_forward(x, w, b)
    np.testing.assert_allclose(out, EXPECTED["affine_forward"]["out"], rtol=0, atol=SHOWN_ATOL)


def test_affine_backward_has_errors_near_1e_10() -> None:
    np.random.seed(231)
    x, w, b = np.random.randn(10, 2, 3), np.random.randn(6, 5), np.random.randn(5)
    dout = np.random.randn(10, 5)
    _, cache = layers.affine_forward(x, w, b)
    dx, dw, db = layers.affine_backward(dout, cache)
    for name, grad, array in (("x", dx, x), ("w", dw, w), ("b", db, b)):
        numeric = eval_numerical_gradient_array(lambda _: layers.affine_forward(x, w, b)[0], array, dout)
        assert rel_error(numeric, grad) < 1e-9, name


def test_relu_forward_reproduces_the_shown_values() -> None:
    x = np.linspace(-0.5, 0.5, num=12).reshape(3, 4)
    out, _ = layers.relu_forward(x)
    np.testing.assert_allclose(out, EXPECTED["relu_forward"]["out"], rtol=0, atol=SHOWN_ATOL)


def test_relu_blocks_the_gradient_at_zero() -> None:
    _, cache = layers.relu_forward(np.array([[-1.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(layers.relu_backward(np.array([[3.0, 3.0, 3.0]]), cache), [[0, 0, 3]])


@pytest.mark.parametrize(
    ("loss_function", "want"),
    [(layers.svm_loss, 8.999602749096233), (layers.softmax_loss, 2.302545844500738)],
    ids=["svm", "softmax"],
)
def test_losses_reproduce_the_shown_digits(loss_function, want: float) -> None:
    np.random.seed(231)
    x = 0.001 * np.random.randn(50, 10)
    y = np.random.randint(10, size=50)
    loss, dx = loss_function(x, y)
    assert loss == pytest.approx(want, rel=1e-14)  # other processors may round the last digit differently
    assert type(loss) is float
    numeric = eval_numerical_gradient(lambda x: loss_function(x, y)[0], x)
    assert rel_error(numeric, dx) < 1e-6


def test_svm_loss_by_hand() -> None:
    # Row 0: margins 3-1+1 = 3 and 2-1+1 = 2. Row 1: margins -1 and 0.5, so only one counts.
    loss, dx = layers.svm_loss(np.array([[1.0, 3.0, 2.0], [0.0, 2.0, 1.5]]), np.array([0, 1]))
    assert loss == pytest.approx((3 + 2 + 0.5) / 2)
    np.testing.assert_allclose(dx, [[-1, 0.5, 0.5], [0, -0.5, 0.5]])


def test_softmax_loss_by_hand() -> None:
    # exp(log 1), exp(log 3) make the probabilities 1/4 and 3/4.
    loss, dx = layers.softmax_loss(np.array([[0.0, math.log(3)]]), np.array([0]))
    assert loss == pytest.approx(math.log(4))
    np.testing.assert_allclose(dx, [[-0.75, 0.75]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e3, 1e4, 1e30])
def test_softmax_loss_stays_finite(size: float, dtype: type) -> None:
    x = np.array([[size, 0, -size], [-size, size, size]], dtype=dtype)
    loss, dx = layers.softmax_loss(x, np.array([2, 0]))
    # The true class is 2 * size below the largest in both rows; the second row has two largest.
    assert loss == pytest.approx(2 * size + math.log(2) / 2, rel=1e-6)
    np.testing.assert_allclose(dx, [[0.5, 0, -0.5], [-0.5, 0.25, 0.25]], atol=1e-6)


@pytest.mark.parametrize("loss_function", [layers.svm_loss, layers.softmax_loss])
def test_losses_keep_float32_and_their_arguments(loss_function) -> None:
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    x.setflags(write=False)
    loss, dx = loss_function(x, np.array([0, 2, 1, 1]))
    assert dx.dtype == np.float32
    want_loss, want_dx = loss_function(x.astype(np.float64), np.array([0, 2, 1, 1]))
    assert loss == pytest.approx(want_loss, rel=1e-5)
    np.testing.assert_allclose(dx, want_dx, rtol=1e-4, atol=1e-6)


def test_losses_take_integer_scores() -> None:
    x, y = np.array([[1, 2, 3]]), np.array([0])
    for loss_function in (layers.svm_loss, layers.softmax_loss):
        loss, dx = loss_function(x, y)
        assert dx.dtype == np.float64
        assert loss == pytest.approx(loss_function(x.astype(float), y)[0])


@pytest.mark.parametrize(
    ("x", "w", "b", "message"),
    [
        ((4,), (4, 2), (2,), r"affine_forward: x must have shape \(N, d_1, ..., d_k\)"),
        ((0, 4), (4, 2), (2,), r"affine_forward: x must have shape .* with N > 0, got \(0, 4\)"),
        ((3, 2, 2), (5, 2), (2,), r"affine_forward: w must have shape \(4, any\), got \(5, 2\)"),
        ((3, 4), (4,), (2,), r"affine_forward: w must have shape \(4, any\), got \(4,\)"),
        ((3, 4), (4, 2), (3,), r"affine_forward: b must have shape \(2,\), got \(3,\)"),
    ],
)
def test_affine_forward_refuses_shapes_that_do_not_fit(x, w, b, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.affine_forward(np.ones(x), np.ones(w), np.ones(b))


@pytest.mark.parametrize("loss_function", [layers.svm_loss, layers.softmax_loss])
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(3), np.array([0]), "x must have shape"),
        (np.ones((0, 3)), np.array([], dtype=int), "x must have shape .* with N > 0"),
        (np.ones((2, 3, 1)), np.array([0, 1]), r"x must have shape \(any, any\)"),
        (np.ones((2, 3)), np.array([0]), r"y must have shape \(2,\), got \(1,\)"),
        (np.ones((2, 3)), np.array([[0], [1]]), r"y must have shape \(2,\), got \(2, 1\)"),
        (np.ones((2, 3)), np.array([0.0, 1.0]), "y must hold integers, got dtype float64"),
        (np.ones((2, 3)), np.array([0, 3]), r"y must lie in 0..2, got labels from 0 to 3"),
        (np.ones((2, 3)), np.array([-1, 1]), r"y must lie in 0..2, got labels from -1 to 1"),
    ],
)
def test_losses_refuse_labels_that_do_not_fit(loss_function, x, y, message: str) -> None:
    with pytest.raises(ValueError, match=f"{loss_function.__name__}: {message}"):
        loss_function(x, y)
