"""Convolution with a compiled im2col and col2im, the way courses ship it as a Cython extension.

Two loops over plain arrays in C, compiled as extension modules are (-O3, no instructions that only some
processors have), and one matrix product of NumPy's for each result. The forward pass keeps its columns for
the backward pass. The contracts are those of `cs_lib.fast_layers`, for float32 alone.
"""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

Param = dict[str, Any]

LOOPS = """
#define EVERY(i, n) for (long i = 0; i < n; i++)
#define LOOPS(name, statement)                                                                        \\
void name(float *x, float *columns, long N, long C, long H, long W, long HH, long WW,                 \\
          long H_out, long W_out, long stride) {                                                      \\
    EVERY(c, C) EVERY(i, HH) EVERY(j, WW) EVERY(n, N) EVERY(row, H_out) {                             \\
        float *pixel = x + ((n * C + c) * H + row * stride + i) * W + j;                              \\
        float *column = columns + ((((c * HH + i) * WW + j) * N + n) * H_out + row) * W_out;          \\
        EVERY(k, W_out) statement;                                                                    \\
    }                                                                                                 \\
}
LOOPS(im2col, column[k] = pixel[k * stride])
LOOPS(col2im, pixel[k * stride] += column[k])
"""


def compiled() -> ctypes.CDLL | None:
    """Compile the loops and load them; None on a machine without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "im2col.c"), Path(folder, "im2col.so")
        source.write_text(LOOPS)
        subprocess.run([compiler, "-O3", "-shared", "-fPIC", "-o", library, source], check=True)
        return ctypes.CDLL(str(library))


class Convolution:
    """A convolution with the compiled loops."""

    def __init__(self, loops: ctypes.CDLL) -> None:
        """Take the loops that `compiled` returned."""
        self.loops = loops

    def forward(self, x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Param) -> tuple[Any, Any]:
        """Lay every window out as a column, then multiply by the filters."""
        stride, pad = conv_param["stride"], conv_param["pad"]
        N, C, H, W = x.shape
        F, _, HH, WW = w.shape
        H_out, W_out = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
        x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        columns = np.empty((C * HH * WW, N * H_out * W_out), np.float32)
        sizes = (N, C, H + 2 * pad, W + 2 * pad, HH, WW, H_out, W_out, stride)
        self._run("im2col", x_pad, columns, sizes)
        out = w.reshape(F, -1) @ columns + b[:, None]
        out = np.ascontiguousarray(out.reshape(F, N, H_out, W_out).transpose(1, 0, 2, 3))
        return out, (columns, w, sizes, pad)

    def backward(self, dout: np.ndarray, cache: Any) -> tuple[Any, Any, Any]:
        """Multiply back, and add every column's gradient to the pixels it came from."""
        columns, w, sizes, pad = cache
        F, (N, C, H, W) = w.shape[0], sizes[:4]
        dout_rows = dout.transpose(1, 0, 2, 3).reshape(F, -1)
        dw = (dout_rows @ columns.T).reshape(w.shape)
        dx_pad = np.zeros((N, C, H, W), np.float32)
        self._run("col2im", dx_pad, w.reshape(F, -1).T @ dout_rows, sizes)
        dx = dx_pad[:, :, pad : H - pad, pad : W - pad]
        return dx, dw, dout.sum(axis=(0, 2, 3))

    def _run(self, name: str, x: np.ndarray, columns: np.ndarray, sizes: tuple[int, ...]) -> None:
        """Run one of the loops over two float32 arrays, each in one piece."""
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, columns)]
        self.loops[name](*pointers, *map(ctypes.c_long, sizes))
