"""Numeric gradients by centred differences, to check the analytic ones.

(f(x + h) - f(x - h)) / 2h is off by about h**2 from the step and by about 1e-16 / h from rounding. With
float64 and h = 1e-5 both are near 1e-10, so a right gradient shows a relative error of 1e-7 or less.

Jupyter leaves out functions that set `__tracebackhide__`: an error inside `f` shows where `f` raised it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def rel_error(x: np.ndarray | float, y: np.ndarray | float) -> float:
    """Return the largest relative error, max |x - y| / max(1e-8, |x| + |y|).

    The floor of 1e-8 keeps 0/0 out; two arrays of other shapes that broadcast are an error.

    Raises: ValueError when the shapes differ.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"rel_error: the shapes differ, {x.shape} and {y.shape}")
    return float(np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)), initial=0.0))


def eval_numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, verbose: bool = False, h: float = 1e-5
) -> np.ndarray:
    """Return the numeric gradient of a scalar function, df/dx.

    Args:
        f: takes `x`, returns a number. It may also ignore its argument and read the same array elsewhere
            (a network's parameter): `x` is moved in place, one element at a time, and put back.
        x: float64 array of any shape.
        verbose: print each element of the gradient.
        h: the step.

    Returns: float64 array of x's shape.
    Raises: ValueError when `x` is not float64.
    """
    __tracebackhide__ = True
    _require_float64("eval_numerical_gradient", x)
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus, minus = map(float, _both_sides(f, x, index, h))
        grad[index] = (plus - minus) / (2 * h)
        if verbose:
            print(index, grad[index])
    return grad


def eval_numerical_gradient_array(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, df: np.ndarray | float, h: float = 1e-5
) -> np.ndarray:
    """Return the numeric gradient of sum(f(x) * df) with respect to x, for an f that returns an array.

    Args:
        f: takes `x`, returns an array of df's shape.
        x: float64 array of any shape, moved in place and put back.
        df: the upstream gradient.
        h: the step.

    Returns: float64 array of x's shape.
    Raises: ValueError when `x` is not float64.
    """
    __tracebackhide__ = True
    _require_float64("eval_numerical_gradient_array", x)
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus, minus = _both_sides(f, x, index, h)
        grad[index] = np.sum((plus - minus) * df) / (2 * h)
    return grad


def grad_check_sparse(
    f: Callable[[np.ndarray], float],
    x: np.ndarray,
    analytic_grad: np.ndarray,
    num_checks: int = 10,
    h: float = 1e-5,
    seed: int | None = None,
) -> float:
    """Compare the analytic gradient with the numeric one at a few elements drawn at random, and print each.

    Args:
        f, x, h: as for `eval_numerical_gradient`.
        analytic_grad: array of x's shape.
        num_checks: how many elements to draw.
        seed: of the draw, which has its own generator and leaves NumPy's global one alone.

    Returns: the largest relative error seen.
    Raises: ValueError when `x` is not float64 or the shapes differ.
    """
    __tracebackhide__ = True
    _require_float64("grad_check_sparse", x)
    if analytic_grad.shape != x.shape:
        raise ValueError(f"grad_check_sparse: the gradient has shape {analytic_grad.shape}, x has {x.shape}")
    rng = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(num_checks):
        index = tuple(int(rng.integers(size)) for size in x.shape)
        plus, minus = map(float, _both_sides(f, x, index, h))
        numeric, analytic = (plus - minus) / (2 * h), float(analytic_grad[index])
        error = rel_error(numeric, analytic)
        worst = max(worst, error)
        print(f"numerical: {numeric:f} analytic: {analytic:f}, relative error: {error:e}")
    return worst


def _both_sides(
    f: Callable[[np.ndarray], Any], x: np.ndarray, index: tuple[int, ...], h: float
) -> tuple[np.ndarray, np.ndarray]:
    """f(x) with x[index] a step above and then a step below its value; put it back, whatever happens."""
    __tracebackhide__ = True
    old = x[index]
    try:
        x[index] = old + h
        plus = np.array(f(x), copy=True)  # it may be a view of x
        x[index] = old - h
        return plus, np.array(f(x), copy=True)
    finally:
        x[index] = old


def _require_float64(where: str, x: np.ndarray) -> None:
    if x.dtype != np.float64:
        raise ValueError(f"{where}: x must be float64, got {x.dtype}; a step of 1e-5 drowns in anything less")
