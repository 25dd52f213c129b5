"""Argument checks shared by the layers, so that every error is worded the same way.

Each check takes `where`, the name of the calling function, and raises a ValueError that begins with it.
"""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np


def has_shape(where: str, name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    """Check `array.shape`; None in `shape` stands for any size."""
    matches = array.ndim == len(shape) and all(
        want is None or size == want for size, want in zip(array.shape, shape, strict=True)
    )
    if not matches:
        sizes = ", ".join("any" if want is None else str(want) for want in shape)
        wanted = f"({sizes},)" if len(shape) == 1 else f"({sizes})"
        raise ValueError(f"{where}: {name} must have shape {wanted}, got {array.shape}")


def is_batch(where: str, x: np.ndarray) -> None:
    """Check that `x` has a batch axis, at least one more, and at least one row."""
    if x.ndim < 2 or x.shape[0] == 0:
        raise ValueError(f"{where}: x must have shape (N, d_1, ..., d_k) with N > 0, got {x.shape}")


def are_labels(where: str, scores: np.ndarray, y: np.ndarray) -> None:
    """Check that `y` holds one class index for each row of `scores`."""
    is_batch(where, scores)
    has_shape(where, "x", scores, (None, None))
    has_shape(where, "y", y, (scores.shape[0],))
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"{where}: y must hold integers, got dtype {y.dtype}")
    if y.min() < 0 or y.max() >= scores.shape[1]:
        raise ValueError(
            f"{where}: y must lie in 0..{scores.shape[1] - 1}, got labels from {y.min()} to {y.max()}"
        )


def mode_of(where: str, param: Mapping[str, Any]) -> str:
    """Return `param['mode']`, which is 'train' or 'test'."""
    mode = param.get("mode")
    if mode not in ("train", "test"):
        raise ValueError(f"{where}: mode must be 'train' or 'test', got {mode!r}")
    return str(mode)


def keep_ratio(where: str, name: str, p: Any) -> float:
    """Return the probability of keeping a unit, which is above 0 and at most 1."""
    if not isinstance(p, Real) or not 0 < float(p) <= 1:
        raise ValueError(f"{where}: {name} is the probability of keeping, 0 < {name} <= 1, got {p!r}")
    return float(p)


def integers(where: str, param: Mapping[str, Any], **least: int) -> tuple[int, ...]:
    """Return the named entries of `param`, each an integer no smaller than its bound in `least`."""
    for name, bound in least.items():
        value = param.get(name)
        if not isinstance(value, Integral) or value < bound:
            raise ValueError(f"{where}: {name} must be an integer >= {bound}, got {value!r}")
    return tuple(int(param[name]) for name in least)


def output_size(where: str, size: int, window: int, stride: int, pad: int = 0) -> int:
    """Return how many windows fit along one axis; a last one that does not fit whole is left out.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
    arXiv:1603.07285, relationship 6.
    """
    if window > size + 2 * pad:
        raise ValueError(f"{where}: a window of {window} does not fit into {size} + 2 * {pad} (pad)")
    return 1 + (size + 2 * pad - window) // stride


def conv_settings(
    where: str, x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Mapping[str, Any]
) -> tuple[int, int, int, int]:
    """Check the arguments of a convolution; return (stride, pad, H_out, W_out)."""
    stride, pad = integers(where, conv_param, stride=1, pad=0)
    is_batch(where, x)
    has_shape(where, "x", x, (None, None, None, None))
    has_shape(where, "w", w, (None, x.shape[1], None, None))
    has_shape(where, "b", b, (w.shape[0],))
    H_out = output_size(where, x.shape[2], w.shape[2], stride, pad)
    W_out = output_size(where, x.shape[3], w.shape[3], stride, pad)
    return stride, pad, H_out, W_out


def pool_settings(where: str, x: np.ndarray, pool_param: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
    """Check the arguments of a pooling layer; return (pool_height, pool_width, stride, H_out, W_out)."""
    height, width, stride = integers(where, pool_param, pool_height=1, pool_width=1, stride=1)
    is_batch(where, x)
    has_shape(where, "x", x, (None, None, None, None))
    H_out = output_size(where, x.shape[2], height, stride)
    W_out = output_size(where, x.shape[3], width, stride)
    return height, width, stride, H_out, W_out


def float_dtype(x: np.ndarray) -> np.dtype:
    """Return the dtype results for `x` have: its own, or float64 when `x` holds no floats."""
    return x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(np.float64)
