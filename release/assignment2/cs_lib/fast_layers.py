"""Convolution and max pooling in pure NumPy, fast enough to train with.

The contracts are those of the naive layers in `layers.py`: arrays of shape (N, C, H, W) go in and come out.
In memory, what comes out is ordered (C, H, W, N), and transposed to the outside. Three things follow from it:

- One row of one channel of all images, W * N numbers, lies in one piece, so that NumPy's loops are long ones.
- The windows of one output row become one matrix product, and little is copied for it (see `_windows`).
- Each channel lies in one piece, which is what a layer wants that treats channels alike, such as batch norm.

ReLU and the like keep the order, so a whole network runs in it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from . import checks

Cache = Any
Param = dict[str, Any]

BLOCK = 32  # images; 32 to 128 measured about the same, fewer are slower

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
    w_matrix = w.transpose(0, 2, 1, 3).reshape(F, -1).astype(dtype, copy=False)
    b_column = b.reshape(F, 1, 1, 1).astype(dtype, copy=False)
    out = np.empty((F, H_out, W_out, N), dtype=dtype)
    for block in _blocks(N):
        rows = w_matrix @ _windows(x[block], w.shape[2:], stride, pad)
        rows = rows.reshape(H_out, F, W_out, -1)
        np.add(rows.transpose(1, 0, 2, 3), b_column, out=out[..., block])
    return out.transpose(3, 0, 1, 2), (x, w, out.shape, stride, pad)


def conv_backward_fast(dout: np.ndarray, cache: Cache, need_dx: bool = True) -> tuple[Any, Any, Any]:
    """Compute the gradients of a convolutional layer.

    Args:
        dout: (N, F, H_out, W_out).
        cache: from `conv_forward_fast`.
        need_dx: False leaves dx out; the first layer of a network has no use for it.

    Returns: (dx, dw, db), as for `layers.conv_backward_naive`; dx is None without need_dx.
    Raises: ValueError when dout does not have out's shape.
    """
    x, w, (F, H_out, W_out, N), stride, pad = cache
    checks.has_shape("conv_backward_fast", "dout", dout, (N, F, H_out, W_out))
    _, C, HH, WW = w.shape
    dw_matrix = np.zeros((HH * C * WW, F), dtype=dout.dtype)
    db = np.zeros(F, dtype=dout.dtype)
    dx = np.empty((C, *x.shape[2:], N), dtype=dout.dtype) if need_dx else None
    for block in _blocks(N):
        dout_rows = np.ascontiguousarray(dout[block].transpose(2, 1, 3, 0)).reshape(H_out, F, -1)
        for windows, dout_row in zip(_windows(x[block], (HH, WW), stride, pad), dout_rows, strict=True):
            dw_matrix += windows @ dout_row.T
        db += dout_rows.sum(axis=2).sum(axis=0)
        if dx is not None:
            dx[..., block] = _input_gradient(dout_rows, w, dx[..., block].shape, stride, pad)
    dw = dw_matrix.reshape(HH, C, WW, F).transpose(3, 1, 0, 2)
    return None if dx is None else dx.transpose(3, 0, 1, 2), dw, db


def max_pool_forward_fast(x: np.ndarray, pool_param: Param) -> tuple[np.ndarray, Cache]:
    """Compute a max-pooling layer.

    Args, Returns, Raises: as for `layers.max_pool_forward_naive`.
    """
    height, width, stride, H_out, W_out = checks.pool_settings("max_pool_forward_fast", x, pool_param)
    x_chwn = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
    places = _places(height, width, stride, H_out, W_out)
    out = x_chwn[places[0]].copy()
    for place in places[1:]:
        np.maximum(out, x_chwn[place], out=out)
    return out.transpose(3, 0, 1, 2), (x_chwn, out, places)


def max_pool_backward_fast(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Compute the gradient of a max-pooling layer.

    Args, Returns, Raises: as for `layers.max_pool_backward_naive`.
    """
    x_chwn, out, places = cache
    checks.has_shape("max_pool_backward_fast", "dout", dout, out.transpose(3, 0, 1, 2).shape)
    dout_chwn = np.ascontiguousarray(dout.transpose(1, 2, 3, 0))
    dx = np.zeros(x_chwn.shape, dtype=dout.dtype)
    unclaimed = np.ones(out.shape, dtype=bool)  # the first of several equal maxima takes the gradient
    for place in places:
        is_max = x_chwn[place] == out
        is_max &= unclaimed
        unclaimed ^= is_max
        dx[place] += dout_chwn * is_max
    return dx.transpose(3, 0, 1, 2)


def _blocks(N: int) -> Iterator[slice]:
    """Cut a batch into blocks, so that a block's windows stay in the processor's cache however large N is."""
    for start in range(0, N, BLOCK):
        yield slice(start, start + BLOCK)


def _windows(x: np.ndarray, window: tuple[int, ...], stride: int, pad: int) -> np.ndarray:
    """Return all windows of x (N, C, H, W), as a view of shape (H_out, HH * C * WW, W_out * N).

    `strips[h, c, k]` is what column k of the windows sees of row h of the padded channel c: W_out * N
    numbers. The HH rows that the windows of output row i see lie right behind each other, so this output row
    only has to look at strips[i * stride : i * stride + HH] as a matrix. That needs WW copies of x (at
    stride 1), where laying out every window in full (im2col) needs HH * WW.

    Source: Cho and Brand, "MEC: Memory-efficient Convolution for Deep Neural Network", 2017,
        arXiv:1706.06873, section 3.
    """
    N, C, H, W = x.shape
    HH, WW = window
    padded = np.zeros((H + 2 * pad, C, W + 2 * pad, N), dtype=checks.float_dtype(x))
    padded[pad : pad + H, :, pad : pad + W] = x.transpose(2, 1, 3, 0)
    columns = sliding_window_view(padded, WW, axis=2)[:, :, ::stride]
    strips = np.ascontiguousarray(columns.transpose(0, 1, 4, 2, 3))
    return _rows_seen(strips.reshape(len(strips), C * WW, -1), HH)[::stride]


def _rows_seen(rows: np.ndarray, height: int) -> np.ndarray:
    """Return, for every i, the matrices rows[i : i + height] one below the other, all as one view."""
    seen = sliding_window_view(rows, height, axis=0).transpose(0, 3, 1, 2)
    return seen.reshape(len(seen), height * rows.shape[1], rows.shape[2])


def _input_gradient(
    dout_rows: np.ndarray, w: np.ndarray, shape: tuple[int, ...], stride: int, pad: int
) -> np.ndarray:
    """Return dx (C, H, W, N), from dout_rows (H_out, F, W_out * N).

    Row h of the padded x had a part in the output rows whose windows it is in. With rows of zeros around them
    and, for a stride, between them, these are HH rows behind each other: one matrix product gives what comes
    back from them to each column of the windows, and the columns are then added up where they overlap.
    """
    C, H, W, N = shape
    F, _, HH, WW = w.shape
    H_out, _, row = dout_rows.shape
    spread = np.zeros((H + 2 * pad + HH - 1, F, row), dtype=dout_rows.dtype)
    spread[_every(stride, HH - 1, H_out)] = dout_rows
    w_matrix = w[:, :, ::-1].transpose(3, 1, 2, 0).reshape(WW * C, HH * F)  # the uppermost row comes last
    strips = w_matrix @ _rows_seen(spread, HH)[pad : pad + H]
    strips = strips.reshape(H, WW, C, -1, N).transpose(1, 2, 0, 3, 4)
    dx = np.zeros((C, H, W + 2 * pad, N), dtype=dout_rows.dtype)
    for k, strip in enumerate(strips):
        dx[:, :, _every(stride, k, strip.shape[2])] += strip
    return dx[:, :, pad : pad + W]


def _places(height: int, width: int, stride: int, H_out: int, W_out: int) -> list[tuple[slice, ...]]:
    """Return, for each place in a window, row by row, the slices that pick it from all windows at once."""
    return [
        (slice(None), _every(stride, i, H_out), _every(stride, j, W_out))
        for i in range(height)
        for j in range(width)
    ]


def _every(stride: int, first: int, count: int) -> slice:
    """Return the slice of `count` places, `stride` apart."""
    return slice(first, first + stride * (count - 1) + 1, stride)
