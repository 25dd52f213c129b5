"""Wrong versions of convolution and max pooling."""

from .mutants import mutant

CF, CB = "layers.conv_forward_naive", "layers.conv_backward_naive"
PF, PB = "layers.max_pool_forward_naive", "layers.max_pool_backward_naive"

PADDED = "x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))"
SUM = "out[n, f, i, j] = np.sum(window * w[f]) + b[f]"
FORWARD, BACKWARD = "conv_forward_naive", "conv_backward_naive"
BOTH = f"{FORWARD} {BACKWARD}"
CUT = "dx = dx_pad[:, :, pad : H_pad - pad, pad : W_pad - pad]"
DX, DW = "dx_pad[window] += dout[n, f, i, j] * w[f]", "dw[f] += dout[n, f, i, j] * x_pad[window]"
DB = "db[f] += dout[n, f, i, j]"
MAX = "out[n, c, i, j] = np.max(x[n, c, top : top + height, left : left + width])"
ARGMAX = "row, column = np.unravel_index(np.argmax(window), window.shape)"
ADD = "dx[n, c, top + row, left + column] += dout[n, c, i, j]"
P_FORWARD, P_BACKWARD = "max_pool_forward_naive", "max_pool_backward_naive"
P_BOTH = f"{P_FORWARD} {P_BACKWARD}"

CONV = [
    mutant("conv calls the fast one", CF, PADDED, "from . import fast_layers\n"
           "    return fast_layers.conv_forward_fast(x, w, b, conv_param)", BOTH),
    mutant("conv without bias", CF, " + b[f]", "", FORWARD),
    mutant("conv adds the bias to every product", CF, "np.sum(window * w[f]) + b[f]",
           "np.sum(window * w[f] + b[f])", FORWARD),
    mutant("conv flips the filters", CF, "window * w[f]", "window * w[f, :, ::-1, ::-1]", FORWARD),
    mutant("conv sees the first channel only", CF, "np.sum(window * w[f])", "np.sum(window[0] * w[f, 0])",
           FORWARD),
    mutant("conv uses one filter for all", CF, "window * w[f]", "window * w[0]", FORWARD),
    mutant("conv ignores the stride", CF, "top, left = i * stride, j * stride", "top, left = i, j", FORWARD),
    mutant("conv swaps rows and columns", CF, "out[n, f, i, j] =", "out[n, f, j % H_out, i % W_out] =",
           FORWARD),
    mutant("conv pads with the border", CF, "(pad, pad)))", "(pad, pad)), mode='edge')", BOTH),
    mutant("conv pads on one side", CF, "(pad, pad), (pad, pad)))", "(2 * pad, 0), (2 * pad, 0)))", BOTH),
    mutant("conv sees the first image only", CF, "x_pad[n, :, top", "x_pad[0, :, top", FORWARD),
    mutant("conv averages", CF, "np.sum(window * w[f])", "np.mean(window * w[f])", FORWARD),
    mutant("conv with square output", CF, "for j in range(W_out)", "for j in range(min(H_out, W_out))",
           FORWARD, edge=True),
    mutant("conv with square filters", CF, "left : left + WW]\n", "left : left + HH]\n", BOTH, edge=True),
    mutant("conv needs padding", CF, "    cache = (x_pad", "    assert pad > 0\n    cache = (x_pad", BOTH,
           edge=True),
    mutant("conv needs windows that tile", CF, "    cache = (x_pad",
           "    assert (x.shape[2] + 2 * pad - HH) % stride == 0\n    cache = (x_pad", BOTH, edge=True),
    mutant("conv strides by 2 at most", CF, "top, left = i * stride, j * stride",
           "top, left = i * min(stride, 2), j * min(stride, 2)", FORWARD, edge=True),
    mutant("conv gives float64", CF, "dtype=x.dtype", "dtype=float", FORWARD, edge=True),
    mutant("conv writes to x", CF, "    cache = (x_pad", "    x *= 2\n    cache = (x_pad", FORWARD,
           edge=True),
    mutant("conv back breaks at pad 0", CB, CUT, "dx = dx_pad[:, :, pad:-pad, pad:-pad]", BACKWARD,
           edge=True),
    mutant("conv back assigns dx", CB, DX, DX.replace("+=", "="), BACKWARD),
    mutant("conv back assigns dw", CB, DW, DW.replace("+=", "="), BACKWARD),
    mutant("conv back keeps the padding", CB, CUT, "dx = dx_pad", BACKWARD),
    mutant("conv back cuts one side", CB, CUT, "dx = dx_pad[:, :, : H_pad - 2 * pad, : W_pad - 2 * pad]",
           BACKWARD),
    mutant("conv back flips the filters", CB, "* w[f]\n", "* w[f, :, ::-1, ::-1]\n", BACKWARD),
    mutant("conv back ignores the stride", CB, "top, left = i * stride, j * stride", "top, left = i, j",
           BACKWARD),
    mutant("conv back sums db over one image", CB, DB, "db[f] += dout[0, f, i, j] if n == 0 else 0",
           BACKWARD),
    mutant("conv back averages db", CB, DB, DB + " / N", BACKWARD),
    mutant("conv back counts db once", CB, DB, DB.replace("+=", "="), BACKWARD),
    mutant("conv back, dw without the padding", CB, "x_pad[window]\n",
           "np.roll(x_pad, -pad, axis=(2, 3))[window]\n",
           BACKWARD),
    mutant("conv back gives no dx", CB, CUT,
           "dx = np.zeros_like(dx_pad[:, :, pad : H_pad - pad, pad : W_pad - pad])", BACKWARD),
    mutant("conv back swaps dw and db", CB, CUT, CUT + "\n    dw, db = db, dw", BACKWARD),
    mutant("conv back with square images", CB, "pad : W_pad - pad]", "pad : H_pad - pad]", BACKWARD,
           edge=True),
    mutant("conv back fits dx to the windows", CB, CUT,
           CUT + "\n    dx = dx[:, :, : (H_out - 1) * stride + HH - pad, : (W_out - 1) * stride + WW - pad]",
           BACKWARD, edge=True),
    mutant("conv back gives float64", CB, "np.zeros(F, dtype=dout.dtype)", "np.zeros(F)", BACKWARD,
           edge=True),
    mutant("conv back writes to dout", CB, CUT, CUT + "\n    dout *= 2", BACKWARD, edge=True),
]  # fmt: skip

POOL = [
    mutant("pool averages", PF, "np.max(x", "np.mean(x", P_FORWARD),
    mutant("pool takes the smallest", PF, "np.max(x", "np.min(x", P_FORWARD),
    mutant("pool never goes below 0", PF, MAX, MAX.replace("np.max(", "max(0, np.max(") + ")", P_FORWARD),
    mutant("pool windows are 2 by 2", PF, "top : top + height, left : left + width]",
           "top : top + 2, left : left + 2]", P_FORWARD),
    mutant("pool mixes channels", PF, "np.max(x[n, c, ", "np.max(x[n, :, ", P_FORWARD),
    mutant("pool forgets the stride", PF, "top, left = i * stride, j * stride", "top, left = i, j",
           P_FORWARD),
    mutant("pool steps by its height", PF, "top, left = i * stride, j * stride",
           "top, left = i * height, j * height", P_BOTH, edge=True),
    mutant("pool windows are square", PF, "left : left + width]", "left : left + height]", P_FORWARD,
           edge=True),
    mutant("pool rounds its size up", PF, "    cache = (x, height",
           "    high, wide = (x.shape[2] - height) % stride, (x.shape[3] - width) % stride\n"
           "    out = np.pad(out, ((0, 0), (0, 0), (0, high), (0, wide)))\n    cache = (x, height",
           P_FORWARD, edge=True),
    mutant("pool needs windows that tile", PF, "    cache = (x, height",
           "    assert (x.shape[2] - height) % stride == (x.shape[3] - width) % stride == 0\n"
           "    cache = (x, height",
           P_BOTH, edge=True),
    mutant("pool gives float64", PF, "dtype=x.dtype", "dtype=float", P_FORWARD, edge=True),
    mutant("pool writes to x", PF, "    cache = (x, height",
           "    cache = (x.copy(), height, width, stride)\n    x *= 0\n    _ = (x, height", P_FORWARD,
           edge=True),
    mutant("pool back assigns", PB, ADD, ADD.replace("+=", "="), P_BACKWARD, edge=True),
    mutant("pool back spreads evenly", PB, ADD,
           "dx[n, c, top : top + height, left : left + width] += dout[n, c, i, j] / window.size", P_BACKWARD),
    mutant("pool back gives all of it to everyone", PB, ADD,
           "dx[n, c, top : top + height, left : left + width] += dout[n, c, i, j]", P_BACKWARD),
    mutant("pool back finds the smallest", PB, "np.argmax(window)", "np.argmin(window)", P_BACKWARD),
    mutant("pool back swaps row and column", PB, "row, column =", "column, row =", P_BACKWARD),
    mutant("pool back counts along rows of 2", PB, ARGMAX, "row, column = divmod(int(np.argmax(window)), 2)",
           P_BACKWARD),
    mutant("pool back takes positive maxima only", PB, ADD,
           ADD.replace("dout[n", "(window.max() > 0) * dout[n"), P_BACKWARD),
    mutant("pool back passes the value on", PB, ADD, ADD + " * window.max()", P_BACKWARD),
    mutant("pool back forgets the stride", PB, "top, left = i * stride, j * stride", "top, left = i, j",
           P_BACKWARD),
    mutant("pool back cuts dx", PB, ADD + "\n",
           ADD + "\n    dx = dx[:, :, : (H_out - 1) * stride + height]\n", P_BACKWARD, edge=True),
    mutant("pool back counts along rows of its height", PB, ARGMAX,
           "row, column = divmod(int(np.argmax(window)), height)", P_BACKWARD, edge=True),
    mutant("pool back gives float64", PB, "dtype=dout.dtype", "dtype=float", P_BACKWARD, edge=True),
    mutant("pool back writes to dout", PB, ADD + "\n", ADD + "\n    dout *= 2\n", P_BACKWARD, edge=True),
]  # fmt: skip

WRONG = [*CONV, *POOL]
