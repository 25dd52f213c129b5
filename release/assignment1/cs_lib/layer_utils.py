"""Sandwich layers: two or three layers that often follow each other, under one pair of names."""

from typing import Any

import numpy as np

from . import layers

Cache = Any


def affine_relu_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Cache]:
    """Compute affine, then ReLU.

    Args: as for `layers.affine_forward`.
    Returns: (out, cache), out of shape (N, M).
    """
    a, affine_cache = layers.affine_forward(x, w, b)
    out, relu_cache = layers.relu_forward(a)
    return out, (affine_cache, relu_cache)


def affine_relu_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of affine, then ReLU: (dx, dw, db)."""
    affine_cache, relu_cache = cache
    da = layers.relu_backward(dout, relu_cache)
    return layers.affine_backward(da, affine_cache)
