"""Convolution and pooling the usual way, to measure against: index arrays, im2col, `np.add.at` backwards.

The contracts are those of `cs_lib.fast_layers`.
"""

from typing import Any

import numpy as np

Param = dict[str, Any]
Indices = tuple[np.ndarray, np.ndarray, np.ndarray]


def conv_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Param) -> tuple[np.ndarray, Any]:
    """Lay every window out as a column, then multiply by the filters."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out, W_out = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    indices = _indices(C, HH, WW, H_out, W_out, stride)
    columns = _columns(x_pad, indices)
    out = (w.reshape(F, -1) @ columns + b[:, None]).reshape(F, H_out, W_out, N).transpose(3, 0, 1, 2)
    return out, (x_pad.shape, w, pad, columns, indices)


def conv_backward(dout: np.ndarray, cache: Any, need_dx: bool = True) -> tuple[Any, Any, Any]:
    """Multiply back, and add every column's gradient to the pixels it came from."""
    pad_shape, w, pad, columns, indices = cache
    F = w.shape[0]
    dout_rows = dout.transpose(1, 2, 3, 0).reshape(F, -1)
    dw = (dout_rows @ columns.T).reshape(w.shape)
    dx = None
    if need_dx:
        dx_pad = _add_columns(w.reshape(F, -1).T @ dout_rows, pad_shape, indices)
        dx = dx_pad[:, :, pad : pad_shape[2] - pad, pad : pad_shape[3] - pad]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward(x: np.ndarray, pool_param: Param) -> tuple[np.ndarray, Any]:
    """Lay every window of every channel out as a column, and take the largest of each."""
    height, width, stride = (pool_param[k] for k in ("pool_height", "pool_width", "stride"))
    N, C, H, W = x.shape
    H_out, W_out = 1 + (H - height) // stride, 1 + (W - width) // stride
    indices = _indices(1, height, width, H_out, W_out, stride)
    columns = _columns(x.reshape(N * C, 1, H, W), indices)
    largest = columns.argmax(axis=0)
    out = columns[largest, np.arange(largest.size)].reshape(H_out, W_out, N, C).transpose(2, 3, 0, 1)
    return out, (x.shape, columns.shape, largest, indices)


def max_pool_backward(dout: np.ndarray, cache: Any) -> np.ndarray:
    """Put each gradient at the largest element of its column, and add the columns up."""
    x_shape, columns_shape, largest, indices = cache
    dcolumns = np.zeros(columns_shape, dtype=dout.dtype)
    dcolumns[largest, np.arange(largest.size)] = dout.transpose(2, 3, 0, 1).ravel()
    N, C, H, W = x_shape
    return _add_columns(dcolumns, (N * C, 1, H, W), indices).reshape(x_shape)


def _indices(C: int, HH: int, WW: int, H_out: int, W_out: int, stride: int) -> Indices:
    """Return channel, row and column of each element (first axis) of each window (second axis)."""
    channel, row, column = (a.reshape(-1, 1) for a in np.mgrid[:C, :HH, :WW])
    top, left = (stride * a.reshape(1, -1) for a in np.mgrid[:H_out, :W_out])
    return channel, row + top, column + left


def _columns(x_pad: np.ndarray, indices: Indices) -> np.ndarray:
    """Return (C * HH * WW, H_out * W_out * N)."""
    windows = x_pad[:, indices[0], indices[1], indices[2]]
    return windows.transpose(1, 2, 0).reshape(windows.shape[1], -1)


def _add_columns(columns: np.ndarray, pad_shape: tuple[int, ...], indices: Indices) -> np.ndarray:
    """Return the image whose windows the columns are, adding where they overlap."""
    x_pad = np.zeros(pad_shape, dtype=columns.dtype)
    windows = columns.reshape(columns.shape[0], -1, pad_shape[0]).transpose(2, 0, 1)
    np.add.at(x_pad, (slice(None), indices[0], indices[1], indices[2]), windows)
    return x_pad
