"""As short as it gets, with other caches."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    g = bn_param.get
    train, m, e = bn_param["mode"] == "train", g("momentum", 0.9), g("eps", 1e-5)
    rm, rv = g("running_mean", np.zeros_like(x[0])), g("running_var", np.zeros_like(x[0]))
    mu, var = (x.mean(0), x.var(0)) if train else (rm, rv)
    if train:
        bn_param.update(running_mean=m * rm + (1 - m) * mu, running_var=m * rv + (1 - m) * var)
    h = (x - mu) / np.sqrt(var + e)
    return gamma * h + beta, (h, gamma, np.sqrt(var + e))


def batchnorm_backward(dout, cache):
    h, gamma, s = cache
    d = dout * gamma
    return (d - d.mean(0) - h * (d * h).mean(0)) / s, (dout * h).sum(0), dout.sum(0)


def batchnorm_backward_alt(dout, cache):
    h, gamma, s = cache
    dg, db = (dout * h).sum(0), dout.sum(0)
    return gamma / s * (dout - (db + h * dg) / len(h)), dg, db


def layernorm_forward(x, gamma, beta, ln_param):
    s = np.sqrt(x.var(1) + ln_param.get("eps", 1e-5))[:, None]
    h = (x - x.mean(1)[:, None]) / s
    return h * gamma + beta, (h, s, gamma)


def layernorm_backward(dout, cache):
    h, s, gamma = cache
    d = dout * gamma
    return (
        (d - d.mean(1, keepdims=True) - h * (d * h).mean(1, keepdims=True)) / s,
        (dout * h).sum(0),
        dout.sum(0),
    )


def dropout_forward(x, dropout_param):
    p, test = dropout_param["p"], dropout_param["mode"] == "test"
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    m = 1 if test else (np.random.uniform(size=x.shape) < p).astype(x.dtype) / float(p)
    return x * m, m


def dropout_backward(dout, cache):
    return dout * cache


def conv_forward_naive(x, w, b, conv_param):
    s, p, (N, C, H, W), (F, _, A, B) = conv_param["stride"], conv_param["pad"], x.shape, w.shape
    xp = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    I, J = range(0, H + 2 * p - A + 1, s), range(0, W + 2 * p - B + 1, s)
    flat = w.reshape(F, -1).T
    out = np.array([[xp[:, :, i : i + A, j : j + B].reshape(N, -1) @ flat + b for j in J] for i in I])
    return out.transpose(2, 3, 0, 1), (xp, w, s, p)


def conv_backward_naive(dout, cache):
    xp, w, s, p = cache
    dxp, dw, (A, B) = np.zeros_like(xp), np.zeros_like(w), w.shape[2:]
    for i, j in np.ndindex(*dout.shape[2:]):
        d, here = dout[:, :, i, j], np.s_[:, :, i * s : i * s + A, j * s : j * s + B]
        dxp[here] += np.tensordot(d, w, 1)
        dw += np.tensordot(d.T, xp[here], 1)
    inside = np.s_[:, :, p : xp.shape[2] - p, p : xp.shape[3] - p]
    return dxp[inside], dw, dout.sum((0, 2, 3))


def max_pool_forward_naive(x, pool_param):
    A, B, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    I, J = range(0, x.shape[2] - A + 1, s), range(0, x.shape[3] - B + 1, s)
    out = np.array([[np.amax(x[:, :, i : i + A, j : j + B], (2, 3)) for j in J] for i in I])
    return out.transpose(2, 3, 0, 1), (x, A, B, s)


def max_pool_backward_naive(dout, cache):
    x, A, B, s = cache
    dx = x * 0
    for n, c, i, j in np.ndindex(dout.shape):
        view = dx[n, c, i * s : i * s + A, j * s : j * s + B]
        k = np.argmax(x[n, c, i * s : i * s + A, j * s : j * s + B])
        view[k // B, k % B] += dout[n, c, i, j]
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    t = np.moveaxis(x, 1, -1)
    out, cache = batchnorm_forward(t.reshape(-1, len(gamma)), gamma, beta, bn_param)
    return np.moveaxis(out.reshape(t.shape), -1, 1), cache


def spatial_batchnorm_backward(dout, cache):
    t = np.moveaxis(dout, 1, -1)
    dx, dgamma, dbeta = batchnorm_backward_alt(t.reshape(-1, t.shape[-1]), cache)
    return np.moveaxis(dx.reshape(t.shape), -1, 1), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    g = x.reshape(len(x) * G, -1).T
    s = np.sqrt(g.var(0) + gn_param.get("eps", 1e-5))
    h = ((g - g.mean(0)) / s).T.reshape(x.shape)
    return h * gamma + beta, (h, s, gamma, G)


def spatial_groupnorm_backward(dout, cache):
    h, s, gamma, G = cache
    d, k = (dout * gamma).reshape(len(h) * G, -1).T, h.reshape(len(h) * G, -1).T
    dx = ((d - d.mean(0) - k * (d * k).mean(0)) / s).T.reshape(h.shape)
    return dx, (dout * h).sum((0, 2, 3), keepdims=True), dout.sum((0, 2, 3), keepdims=True)
