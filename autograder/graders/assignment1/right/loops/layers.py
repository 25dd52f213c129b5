"""Plain loops over images, rows and classes, as a first draft has them."""

import numpy as np


def affine_forward(x, w, b):
    out = np.zeros((len(x), w.shape[1]), dtype=x.dtype)
    for n in range(len(x)):
        out[n] = x[n].ravel() @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(dout[0])
    for n in range(len(x)):
        dx[n] = (w @ dout[n]).reshape(x[n].shape)
        dw += np.outer(x[n].ravel(), dout[n])
        db += dout[n]
    return dx, dw, db


def relu_forward(x):
    out = x.copy()
    flat = out.reshape(-1)
    for k in range(flat.size):
        if flat[k] < 0:
            flat[k] = 0
    return out, out


def relu_backward(dout, cache):
    dx = np.zeros_like(dout)
    for place in np.ndindex(*dout.shape):
        if cache[place] > 0:
            dx[place] = dout[place]
    return dx


def svm_loss(x, y):
    loss, dx = 0.0, np.zeros_like(x)
    for n in range(len(x)):
        for c in range(x.shape[1]):
            margin = x[n, c] - x[n, y[n]] + 1
            if c != y[n] and margin > 0:
                loss += margin
                dx[n, c] += 1
                dx[n, y[n]] -= 1
    return loss / len(x), dx / len(x)


def softmax_loss(x, y):
    loss, dx = 0.0, np.zeros_like(x)
    for n, row in enumerate(x):
        row = row - row.max()
        p = np.exp(row) / np.exp(row).sum()
        loss -= row[y[n]] - np.log(np.exp(row).sum())
        p[y[n]] -= 1
        dx[n] = p
    return loss / len(x), dx / len(x)
