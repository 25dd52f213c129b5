"""As short as it gets, with other caches."""

import numpy as np


def affine_forward(x, w, b):
    return np.tensordot(x.reshape(len(x), -1), w, 1) + b, [x, w, b]


def affine_backward(dout, cache):
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), (dout.T @ x.reshape(len(x), -1)).T, np.ones(len(x), x.dtype) @ dout


def relu_forward(x):
    return x * (x > 0), x > 0


def relu_backward(dout, cache):
    return np.where(cache, dout, 0)


def svm_loss(x, y):
    m = np.maximum(x - np.take_along_axis(x, y[:, None], 1) + 1, 0)
    np.put_along_axis(m, y[:, None], 0, 1)
    d = np.sign(m)
    np.put_along_axis(d, y[:, None], -d.sum(1, keepdims=True), 1)
    return m.sum(1).mean(), d / len(x)


def softmax_loss(x, y):
    z = x - x.max(1)[:, None]
    log_p = z - np.log(np.exp(z).sum(1))[:, None]
    p = np.exp(log_p)
    np.subtract.at(p, (range(len(y)), y), 1)
    return -log_p[range(len(y)), y].mean(), p / len(y)
