"""Sums written by their indices, windows by strides."""

import numpy as np


def affine_forward(x, w, b):
    return np.einsum("nd,dm->nm", x.reshape(len(x), -1), w) + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
    return dx, np.einsum("nd,nm->dm", x.reshape(len(x), -1), dout), np.einsum("nm->m", dout)


def relu_forward(x):
    return x.clip(0), np.sign(x).clip(0)


def relu_backward(dout, cache):
    return np.einsum("...,...->...", dout, cache)


def svm_loss(x, y):
    N, C = x.shape
    one_hot = np.eye(C, dtype=x.dtype)[y]
    correct = np.einsum("nc,nc->n", x, one_hot)
    margins = np.clip(x - correct[:, None] + 1, 0, None) * (1 - one_hot)
    active = (margins > 0).astype(x.dtype)
    dx = active - one_hot * np.einsum("nc->n", active)[:, None]
    return np.einsum("nc->", margins) / N, dx / N


def softmax_loss(x, y):
    N, C = x.shape
    one_hot = np.eye(C, dtype=x.dtype)[y]
    log_sum = np.logaddexp.reduce(x, axis=1)
    loss = (np.einsum("n->", log_sum) - np.einsum("nc,nc->", np.where(one_hot, x, 0), one_hot)) / N
    return loss, (np.exp(x - log_sum[:, None]) - one_hot) / N
