"""Sandwich layers: two or three layers that often follow each other, under one pair of names."""

from typing import Any

import numpy as np

from . import fast_layers, layers

Cache = Any
Param = dict[str, Any]


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


def affine_norm_relu_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    normalization: str | None = None,
    gamma: np.ndarray | None = None,
    beta: np.ndarray | None = None,
    norm_param: Param | None = None,
) -> tuple[np.ndarray, Cache]:
    """Compute affine, then batch norm or layer norm, then ReLU.

    Args:
        x, w, b: as for `layers.affine_forward`.
        normalization: 'batchnorm', 'layernorm', or None to go from affine straight to ReLU.
        gamma, beta: (M,), needed with a normalization.
        norm_param: the `bn_param` or `ln_param` of the normalization.

    Returns: (out, cache), out of shape (N, M).
    Raises: ValueError for another normalization, or one without gamma, beta and norm_param.
    """
    if normalization is None:
        out, cache = affine_relu_forward(x, w, b)
        return out, (None, cache)
    if normalization not in ("batchnorm", "layernorm"):
        raise ValueError(
            "affine_norm_relu_forward: normalization must be None, 'batchnorm' or 'layernorm', "
            f"got {normalization!r}"
        )
    if gamma is None or beta is None or norm_param is None:
        raise ValueError(f"affine_norm_relu_forward: {normalization} needs gamma, beta and norm_param")
    a, affine_cache = layers.affine_forward(x, w, b)
    if normalization == "batchnorm":
        normed, norm_cache = layers.batchnorm_forward(a, gamma, beta, norm_param)
    else:
        normed, norm_cache = layers.layernorm_forward(a, gamma, beta, norm_param)
    out, relu_cache = layers.relu_forward(normed)
    return out, (normalization, (affine_cache, norm_cache, relu_cache))


def affine_norm_relu_backward(dout: np.ndarray, cache: Cache) -> tuple[Any, ...]:
    """Compute the gradients of affine, normalization, ReLU.

    Returns: (dx, dw, db, dgamma, dbeta); the last two are None without a normalization.
    """
    normalization, parts = cache
    if normalization is None:
        return (*affine_relu_backward(dout, parts), None, None)
    affine_cache, norm_cache, relu_cache = parts
    dnormed = layers.relu_backward(dout, relu_cache)
    if normalization == "batchnorm":
        da, dgamma, dbeta = layers.batchnorm_backward(dnormed, norm_cache)
    else:
        da, dgamma, dbeta = layers.layernorm_backward(dnormed, norm_cache)
    return (*layers.affine_backward(da, affine_cache), dgamma, dbeta)


def conv_relu_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Param
) -> tuple[np.ndarray, Cache]:
    """Compute convolution, then ReLU.

    Args: as for `layers.conv_forward_naive`.
    Returns: (out, cache), out of shape (N, F, H_out, W_out).
    """
    a, conv_cache = fast_layers.conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = layers.relu_forward(a)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout: np.ndarray, cache: Cache, need_dx: bool = True) -> tuple[Any, Any, Any]:
    """Compute the gradients of convolution, then ReLU: (dx, dw, db); dx is None without need_dx."""
    conv_cache, relu_cache = cache
    da = layers.relu_backward(dout, relu_cache)
    return fast_layers.conv_backward_fast(da, conv_cache, need_dx)


def conv_relu_pool_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Param, pool_param: Param
) -> tuple[np.ndarray, Cache]:
    """Compute convolution, ReLU, then max pooling.

    Args: as for `layers.conv_forward_naive`, and pool_param as for `layers.max_pool_forward_naive`.
    Returns: (out, cache), out of shape (N, F, H_pooled, W_pooled).
    """
    a, conv_cache = conv_relu_forward(x, w, b, conv_param)
    out, pool_cache = fast_layers.max_pool_forward_fast(a, pool_param)
    return out, (conv_cache, pool_cache)


def conv_relu_pool_backward(dout: np.ndarray, cache: Cache, need_dx: bool = True) -> tuple[Any, Any, Any]:
    """Compute the gradients of convolution, ReLU, max pooling: (dx, dw, db); dx is None without need_dx."""
    conv_cache, pool_cache = cache
    da = fast_layers.max_pool_backward_fast(dout, pool_cache)
    return conv_relu_backward(da, conv_cache, need_dx)


def conv_bn_relu_pool_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    conv_param: Param,
    bn_param: Param,
    pool_param: Param,
) -> tuple[np.ndarray, Cache]:
    """Compute convolution, spatial batch norm, ReLU, then max pooling.

    Args: as for `conv_relu_pool_forward`, and gamma, beta (F,) and bn_param as for
        `layers.spatial_batchnorm_forward`.
    Returns: (out, cache), out of shape (N, F, H_pooled, W_pooled).
    """
    a, conv_cache = fast_layers.conv_forward_fast(x, w, b, conv_param)
    normed, bn_cache = layers.spatial_batchnorm_forward(a, gamma, beta, bn_param)
    rectified, relu_cache = layers.relu_forward(normed)
    out, pool_cache = fast_layers.max_pool_forward_fast(rectified, pool_param)
    return out, (conv_cache, bn_cache, relu_cache, pool_cache)


def conv_bn_relu_pool_backward(dout: np.ndarray, cache: Cache, need_dx: bool = True) -> tuple[Any, ...]:
    """Compute the gradients of convolution, spatial batch norm, ReLU, max pooling.

    Returns: (dx, dw, db, dgamma, dbeta); dx is None without need_dx.
    """
    conv_cache, bn_cache, relu_cache, pool_cache = cache
    drectified = fast_layers.max_pool_backward_fast(dout, pool_cache)
    dnormed = layers.relu_backward(drectified, relu_cache)
    da, dgamma, dbeta = layers.spatial_batchnorm_backward(dnormed, bn_cache)
    return (*fast_layers.conv_backward_fast(da, conv_cache, need_dx), dgamma, dbeta)
