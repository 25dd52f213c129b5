"""Plain loops over images, rows and classes, as a first draft has them."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    out = np.empty_like(x)
    mean = bn_param.setdefault("running_mean", np.zeros(D, x.dtype)).copy()
    var = bn_param.setdefault("running_var", np.zeros(D, x.dtype)).copy()
    train = bn_param["mode"] == "train"
    if train:
        mean = sum(x[n] for n in range(N)) / N
        var = sum((x[n] - mean) ** 2 for n in range(N)) / N
        for key, now in (("running_mean", mean), ("running_var", var)):
            keep = bn_param.get("momentum", 0.9)
            bn_param[key] = (bn_param[key] * keep + now * (1 - keep)).astype(x.dtype)
    for n in range(N):
        out[n] = gamma * (x[n] - mean) / np.sqrt(var + bn_param.get("eps", 1e-5)) + beta
    return out, [x, gamma, beta, mean, var, bn_param.get("eps", 1e-5)]


def batchnorm_backward(dout, cache):
    x, gamma, beta, mean, var, eps = cache
    N, hat = len(x), (x - mean) / np.sqrt(var + eps)
    dvar = np.sum(dout * gamma * (x - mean), axis=0) * -0.5 * (var + eps) ** -1.5
    dmean = -np.sum(dout * gamma, axis=0) / np.sqrt(var + eps) + dvar * np.mean(-2 * (x - mean), axis=0)
    dx = dout * gamma / np.sqrt(var + eps) + dvar * 2 * (x - mean) / N + dmean / N
    return dx, (dout * hat).sum(axis=0), dout.sum(axis=0)


def batchnorm_backward_alt(dout, cache):
    x, gamma, beta, mean, var, eps = cache
    N, hat = len(x), (x - mean) / np.sqrt(var + eps)
    project = np.eye(N, dtype=x.dtype) - 1 / N
    dx = gamma / np.sqrt(var + eps) * (project @ dout - hat * np.mean(hat * dout, axis=0))
    return dx, (dout * hat).sum(axis=0), dout.sum(axis=0)


def layernorm_forward(x, gamma, beta, ln_param):
    rows = [(row - row.mean()) / np.sqrt(row.var() + ln_param.get("eps", 1e-5)) for row in x]
    return np.stack([gamma * row + beta for row in rows]), (x, gamma, rows, ln_param.get("eps", 1e-5))


def layernorm_backward(dout, cache):
    x, gamma, rows, eps = cache
    dx = np.zeros_like(x)
    for n, row in enumerate(rows):
        d = dout[n] * gamma
        dx[n] = (d - d.mean() - row * (d * row).mean()) / np.sqrt(x[n].var() + eps)
    return dx, sum(d * row for d, row in zip(dout, rows)), sum(dout)


def dropout_forward(x, dropout_param):
    p, mask = dropout_param["p"], None
    if dropout_param["mode"] == "train":
        random = np.random.default_rng(dropout_param.get("seed", np.random.randint(2**31)))
        mask = random.choice([0, 1], size=x.shape, p=[1 - p, p])
        return (x * mask / p).astype(x.dtype), (dropout_param, mask)
    return x, (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "train":
        return (dout * mask / dropout_param["p"]).astype(dout.dtype)
    return dout


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    high, wide = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    out = np.zeros((N, F, high, wide), dtype=x.dtype)
    for i in range(high):
        for j in range(wide):
            for a in range(HH):
                for c in range(WW):
                    row, column = i * stride + a - pad, j * stride + c - pad
                    if 0 <= row < H and 0 <= column < W:
                        out[:, :, i, j] += x[:, :, row, column] @ w[:, :, a, c].T
            out[:, :, i, j] += b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            db += dout[:, :, i, j].sum(axis=0)
            for a in range(w.shape[2]):
                for c in range(w.shape[3]):
                    row, column = i * stride + a - pad, j * stride + c - pad
                    if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                        dx[:, :, row, column] += dout[:, :, i, j] @ w[:, :, a, c]
                        dw[:, :, a, c] += dout[:, :, i, j].T @ x[:, :, row, column]
    return dx, dw, db


def max_pool_forward_naive(x, pool_param):
    high, wide, stride = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    N, C, H, W = x.shape
    out = np.empty((N, C, (H - high) // stride + 1, (W - wide) // stride + 1), dtype=x.dtype)
    for n, c, i, j in np.ndindex(*out.shape):
        largest = -np.inf
        for a in range(high):
            for b in range(wide):
                largest = max(largest, x[n, c, i * stride + a, j * stride + b])
        out[n, c, i, j] = largest
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    high, wide, stride = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dout.shape):
        best = (i * stride, j * stride)
        for a in range(high):
            for b in range(wide):
                here = (i * stride + a, j * stride + b)
                if x[n, c][here] > x[n, c][best]:
                    best = here
        dx[n, c][best] += dout[n, c, i, j]
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(x.transpose(0, 3, 2, 1).reshape(N * W * H, C), gamma, beta, bn_param)
    return out.reshape(N, W, H, C).transpose(0, 3, 2, 1), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 3, 2, 1).reshape(N * W * H, C), cache)
    return dx.reshape(N, W, H, C).transpose(0, 3, 2, 1), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    rows = x.reshape(len(x) * G, -1)
    one, zero = np.ones(rows.shape[1], x.dtype), np.zeros(rows.shape[1], x.dtype)
    hat, cache = layernorm_forward(rows, one, zero, gn_param)
    hat = hat.reshape(x.shape)
    return gamma * hat + beta, (G, cache, hat, gamma)


def spatial_groupnorm_backward(dout, cache):
    G, inner, hat, gamma = cache
    dx, _, _ = layernorm_backward((dout * gamma).reshape(len(dout) * G, -1), inner)
    dgamma = np.sum(dout * hat, axis=(0, 2, 3))[None, :, None, None]
    return dx.reshape(dout.shape), dgamma, np.sum(dout, axis=(0, 2, 3))[None, :, None, None]
