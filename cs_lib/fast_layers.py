"""Convolution and max pooling in pure NumPy, fast enough to train with.

The contracts are those of the naive layers in `layers.py`: arrays of shape (N, C, H, W) go in and come out.
In memory, what comes out is ordered (H, W, N, C), and transposed to the outside. Two things follow from it:

- The windows of one output row become one matrix product, and little is copied for it (see `_windows`).
- One place of all images and channels, N * C numbers, lies in one piece, so that NumPy's loops over strided
  slices are long ones. Pooling is a handful of such slices.

ReLU and the like keep the order, so a whole network runs in it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import checks

Cache = Any
Param = dict[str, Any]

BLOCK = 16  # images; 8 to 32 measured about the same

# A training step takes and frees some 20 MB. By default glibc hands them back to the system each time, and
# fetching them anew, page by page, takes longer than all the computing. Once it has seen one block of nearly
# 32 MB freed, it holds on to twice as much. The block is never written to, so it costs nothing.
np.empty(31 << 20, dtype=np.uint8)


def conv_forward_fast(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Param
) -> tuple[np.ndarray, Cache]:
    """Compute a convolutional layer.

    Args, Returns, Raises: as for `layers.conv_forward_naive`.
    """
    stride, pad, H_out, W_out = checks.conv_settings("conv_forward_fast", x, w, b, conv_param)
    N, F = x.shape[0], w.shape[0]
    dtype = checks.float_dtype(x)
    w_matrix = w.transpose(2, 3, 1, 0).reshape(-1, F).astype(dtype, copy=False)
    out = np.empty((H_out, W_out, N, F), dtype=dtype)
    for block in _blocks(N):
        windows = _windows(x[block], w.shape[2:], stride, pad)
        out[:, :, block] = (windows @ w_matrix).reshape(H_out, W_out, -1, F)
    # Adding N * F numbers at a time is some three times faster than adding b, F numbers, itself.
    out.reshape(-1, N * F)[...] += np.tile(b, N)
    return out.transpose(2, 3, 0, 1), (x, w, out.shape, stride, pad)


def conv_backward_fast(dout: np.ndarray, cache: Cache, need_dx: bool = True) -> tuple[Any, Any, Any]:
    """Compute the gradients of a convolutional layer.

    Args:
        dout: (N, F, H_out, W_out).
        cache: from `conv_forward_fast`.
        need_dx: False leaves dx out; the first layer of a network has no use for it.

    Returns: (dx, dw, db), as for `layers.conv_backward_naive`; dx is None without need_dx.
    Raises: ValueError when dout does not have out's shape.
    """
    x, w, (H_out, W_out, N, F), stride, pad = cache
    checks.has_shape("conv_backward_fast", "dout", dout, (N, F, H_out, W_out))
    dout_hwnc = np.ascontiguousarray(dout.transpose(2, 3, 0, 1))

    _, C, HH, WW = w.shape
    dw_matrix = np.zeros((HH * WW * C, F), dtype=dout.dtype)
    for block in _blocks(N):
        windows = _windows(x[block], (HH, WW), stride, pad)
        dout_rows = np.ascontiguousarray(dout_hwnc[:, :, block]).reshape(H_out, -1, F)
        for row, dout_row in zip(windows, dout_rows, strict=True):
            dw_matrix += row.T @ dout_row
    dw = dw_matrix.reshape(HH, WW, C, F).transpose(3, 2, 0, 1)
    db = dout_hwnc.reshape(-1, N * F).sum(axis=0).reshape(N, F).sum(axis=0)
    dx = _input_gradient(dout_hwnc, w, x.shape, stride, pad) if need_dx else None
    return dx, dw, db


def max_pool_forward_fast(x: np.ndarray, pool_param: Param) -> tuple[np.ndarray, Cache]:
    """Compute a max-pooling layer.

    Args, Returns, Raises: as for `layers.max_pool_forward_naive`.
    """
    height, width, stride, H_out, W_out = checks.pool_settings("max_pool_forward_fast", x, pool_param)
    x_hwnc = np.ascontiguousarray(x.transpose(2, 3, 0, 1))
    places = _places(height, width, stride, H_out, W_out)
    out = x_hwnc[places[0]].copy()
    for place in places[1:]:
        np.maximum(out, x_hwnc[place], out=out)
    return out.transpose(2, 3, 0, 1), (x_hwnc, out, places)


def max_pool_backward_fast(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Compute the gradient of a max-pooling layer.

    Args, Returns, Raises: as for `layers.max_pool_backward_naive`.
    """
    x_hwnc, out, places = cache
    checks.has_shape("max_pool_backward_fast", "dout", dout, out.transpose(2, 3, 0, 1).shape)
    dout_hwnc = np.ascontiguousarray(dout.transpose(2, 3, 0, 1))
    dx = np.zeros(x_hwnc.shape, dtype=dout.dtype)
    unclaimed = np.ones(out.shape, dtype=bool)  # the first of several equal maxima takes the gradient
    for place in places:
        is_max = x_hwnc[place] == out
        is_max &= unclaimed
        unclaimed ^= is_max
        dx[place] += dout_hwnc * is_max
    return dx.transpose(2, 3, 0, 1)


def _blocks(N: int) -> Iterator[slice]:
    """Cut a batch into blocks, so that a block's windows stay in the processor's cache however large N is."""
    for start in range(0, N, BLOCK):
        yield slice(start, start + BLOCK)


def _windows(x: np.ndarray, window: tuple[int, ...], stride: int, pad: int) -> np.ndarray:
    """Return all windows of x (N, C, H, W), as a view of shape (H_out, W_out * N, HH * WW * C).

    `strips[j, n, h]` is what row h of the padded image n holds under the windows of output column j: WW * C
    numbers. The HH rows of such a window lie right behind each other, so output row i only has to
    look at strips[:, :, i * stride : i * stride + HH] as a matrix. That needs WW copies of x (at stride 1),
    where laying out every window in full (im2col) needs HH * WW.

    Source: Cho and Brand, "MEC: Memory-efficient Convolution for Deep Neural Network", 2017,
        arXiv:1706.06873, section 3.
    """
    N, C, H, W = x.shape
    HH, WW = window
    H_pad, W_pad = H + 2 * pad, W + 2 * pad
    H_out = 1 + (H_pad - HH) // stride
    W_out = 1 + (W_pad - WW) // stride

    padded = np.zeros((N, H_pad, W_pad, C), dtype=checks.float_dtype(x))
    padded[:, pad : pad + H, pad : pad + W] = x.transpose(0, 2, 3, 1)
    per_n, per_h, per_w, per_c = padded.strides
    strips = np.ascontiguousarray(
        as_strided(padded, (W_out, N, H_pad, WW * C), (stride * per_w, per_n, per_h, per_c))
    )
    _, per_row, per_h, per_c = strips.strides
    shape, strides = (H_out, W_out * N, HH * WW * C), (stride * per_h, per_row, per_c)
    return as_strided(strips, shape, strides, writeable=False)


def _input_gradient(
    dout_hwnc: np.ndarray, w: np.ndarray, x_shape: tuple[int, ...], stride: int, pad: int
) -> np.ndarray:
    """Return dx: from each place (i, j) of the filters, dout @ w[:, :, i, j] flows back to a slice of x."""
    N, C, H, W = x_shape
    F, _, HH, WW = w.shape
    H_out, W_out = dout_hwnc.shape[:2]
    dx = np.zeros((H + 2 * pad, W + 2 * pad, N, C), dtype=dout_hwnc.dtype)
    pixels = dout_hwnc.reshape(-1, F)
    w_places = w.transpose(2, 3, 0, 1).reshape(-1, F, C)
    for place, w_place in zip(_places(HH, WW, stride, H_out, W_out), w_places, strict=True):
        dx[place] += (pixels @ w_place).reshape(H_out, W_out, N, C)
    return dx[pad : pad + H, pad : pad + W].transpose(2, 3, 0, 1)


def _places(height: int, width: int, stride: int, H_out: int, W_out: int) -> list[tuple[slice, slice]]:
    """Return, for each place in a window, row by row, the slices that pick it from all windows at once."""
    return [
        (slice(i, i + stride * (H_out - 1) + 1, stride), slice(j, j + stride * (W_out - 1) + 1, stride))
        for i in range(height)
        for j in range(width)
    ]
