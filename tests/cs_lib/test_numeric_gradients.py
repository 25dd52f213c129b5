"""The gradient checker, and that it does not let a small error through."""

import numpy as np
import pytest

from cs_lib import gradient_check
from cs_lib.gradient_check import (
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    grad_check_sparse,
    rel_error,
)


def cubic(x: np.ndarray) -> float:
    return float(np.sum(x**3))


def cubic_gradient(x: np.ndarray) -> np.ndarray:
    return 3 * x**2


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.5, 2, size=(2, 3, 4))


def test_right_gradients_pass(x: np.ndarray) -> None:
    assert rel_error(eval_numerical_gradient(cubic, x), cubic_gradient(x)) < 1e-8
    dout = np.random.default_rng(1).standard_normal(x.shape)
    numeric = eval_numerical_gradient_array(lambda x: x**3, x, dout)
    assert rel_error(numeric, dout * cubic_gradient(x)) < 1e-8
    assert grad_check_sparse(cubic, x, cubic_gradient(x), num_checks=20, seed=0) < 1e-8


@pytest.mark.parametrize("size", [1e-4, 1e-2])
def test_a_small_error_in_one_element_is_caught(x: np.ndarray, size: float) -> None:
    wrong = cubic_gradient(x)
    wrong[1, 2, 3] *= 1 + size
    assert rel_error(eval_numerical_gradient(cubic, x), wrong) == pytest.approx(size / 2, rel=0.05)
    numeric = eval_numerical_gradient_array(lambda x: x**3, x, 1.0)
    assert rel_error(numeric, wrong) == pytest.approx(size / 2, rel=0.05)


def test_sparse_check_catches_a_small_error_everywhere(x: np.ndarray) -> None:
    assert grad_check_sparse(cubic, x, 1.0001 * cubic_gradient(x), seed=0) > 1e-5


def test_the_step_is_centred(x: np.ndarray) -> None:
    # A one-sided difference of x**3 is off by 3 * x * h, a centred one by h**2 alone.
    numeric = eval_numerical_gradient(cubic, x, h=1e-3)
    np.testing.assert_allclose(numeric - cubic_gradient(x), 1e-6, rtol=1e-2)


@pytest.mark.parametrize(
    "check",
    [
        lambda f, x: eval_numerical_gradient(f, x),
        lambda f, x: eval_numerical_gradient_array(lambda x: np.array([f(x)]), x, np.ones(1)),
        lambda f, x: grad_check_sparse(f, x, np.zeros_like(x)),
    ],
    ids=["scalar", "array", "sparse"],
)
def test_x_is_put_back(check, x: np.ndarray) -> None:
    before = x.copy()
    check(cubic, x)
    np.testing.assert_array_equal(x, before)

    def fails(x: np.ndarray) -> float:
        if not np.array_equal(x, before):
            raise RuntimeError("in the middle of a step")
        return 0.0

    with pytest.raises(RuntimeError, match="in the middle of a step"):
        check(fails, x)
    np.testing.assert_array_equal(x, before)


def test_a_function_that_returns_its_own_buffer_is_copied() -> None:
    buffer = np.zeros(2)

    def f(x: np.ndarray) -> np.ndarray:
        buffer[:] = x**2
        return buffer

    np.testing.assert_allclose(eval_numerical_gradient_array(f, np.array([1.0, 3.0]), np.ones(2)), [2, 6])


def test_zero_dimensional_x() -> None:
    assert eval_numerical_gradient(lambda x: float(x**2), np.array(3.0)).item() == pytest.approx(6)


def test_verbose_prints_each_element(capsys: pytest.CaptureFixture[str]) -> None:
    eval_numerical_gradient(lambda x: float(2 * x.sum()), np.array([0.0, 1.0]), verbose=True)
    assert capsys.readouterr().out.split("\n")[0].startswith("(0,) 2.0")


def test_sparse_check_prints_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    # h = 0.5 makes every step exact, so that the error is exactly that of the wrong gradient.
    grad_check_sparse(lambda x: float(x[0] * 0.5), np.array([1.0]), np.array([1.5]), num_checks=1, h=0.5)
    assert capsys.readouterr().out == (
        "numerical: 0.500000 analytic: 1.500000, relative error: 5.000000e-01\n"
    )


def test_sparse_check_leaves_the_global_generator_alone(x: np.ndarray) -> None:
    np.random.seed(4)
    grad_check_sparse(cubic, x, cubic_gradient(x))
    drawn = np.random.rand()
    np.random.seed(4)
    assert np.random.rand() == drawn


def test_rel_error() -> None:
    assert rel_error(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == pytest.approx(0.2)
    assert rel_error(1.0, 1.0) == 0
    assert rel_error(np.zeros(2), np.zeros(2)) == 0
    assert rel_error(0.0, 1e-12) == pytest.approx(1e-4)  # the floor of 1e-8, not 1
    assert rel_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0
    assert np.isnan(rel_error(np.array([np.nan]), np.array([1.0])))
    with pytest.raises(ValueError, match=r"rel_error: the shapes differ, \(2,\) and \(2, 1\)"):
        rel_error(np.ones(2), np.ones((2, 1)))


@pytest.mark.parametrize(
    "name", ["eval_numerical_gradient", "eval_numerical_gradient_array", "grad_check_sparse"]
)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_anything_but_float64_is_refused(name: str, dtype: type) -> None:
    extra = () if name == "eval_numerical_gradient" else (np.ones(2),)
    with pytest.raises(ValueError, match=f"{name}: x must be float64, got {np.dtype(dtype)}"):
        getattr(gradient_check, name)(cubic, np.ones(2, dtype), *extra)


def test_sparse_check_refuses_a_gradient_of_another_shape(x: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"the gradient has shape \(2,\), x has \(2, 3, 4\)"):
        grad_check_sparse(cubic, x, np.ones(2))
