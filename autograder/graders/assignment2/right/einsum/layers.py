"""Sums written by their indices, windows by strides."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    momentum, eps = bn_param.get("momentum", 0.9), bn_param.get("eps", 1e-5)
    kept = [bn_param.get(key, np.zeros(D, dtype=x.dtype)) for key in ("running_mean", "running_var")]
    if bn_param["mode"] == "train":
        mean = np.einsum("nd->d", x) / N
        var = np.einsum("nd,nd->d", x - mean, x - mean) / N
        kept = [momentum * old + (1 - momentum) * new for old, new in zip(kept, (mean, var))]
    else:
        mean, var = kept
    bn_param["running_mean"], bn_param["running_var"] = kept
    scale = 1 / np.sqrt(var + eps)
    hat = np.einsum("nd,d->nd", x - mean, scale)
    return np.einsum("nd,d->nd", hat, gamma) + beta, (hat, scale, gamma)


def batchnorm_backward(dout, cache):
    hat, scale, gamma = cache
    N = len(hat)
    dhat = np.einsum("nd,d->nd", dout, gamma)
    dx = scale / N * (N * dhat - np.einsum("nd->d", dhat) - hat * np.einsum("nd,nd->d", dhat, hat))
    return dx, np.einsum("nd,nd->d", dout, hat), np.einsum("nd->d", dout)


def batchnorm_backward_alt(dout, cache):
    hat, scale, gamma = cache
    inside = dout - np.einsum("nd->d", dout) / len(dout)
    inside = inside - hat * np.einsum("nd,nd->d", dout, hat) / len(dout)
    return inside * (gamma * scale), np.einsum("nd,nd->d", dout, hat), np.einsum("nd->d", dout)


def layernorm_forward(x, gamma, beta, ln_param):
    D = x.shape[1]
    mean = np.einsum("nd->n", x)[:, None] / D
    var = np.einsum("nd,nd->n", x - mean, x - mean)[:, None] / D
    scale = 1 / np.sqrt(var + ln_param.get("eps", 1e-5))
    hat = (x - mean) * scale
    return np.einsum("nd,d->nd", hat, gamma) + beta, (hat, scale, gamma)


def layernorm_backward(dout, cache):
    hat, scale, gamma = cache
    D, dhat = hat.shape[1], np.einsum("nd,d->nd", dout, gamma)
    inside = D * dhat - np.einsum("nd->n", dhat)[:, None] - hat * np.einsum("nd,nd->n", dhat, hat)[:, None]
    return scale / D * inside, np.einsum("nd,nd->d", dout, hat), np.einsum("nd->d", dout)


def dropout_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return np.array(x), None
    if dropout_param.get("seed") is not None:
        np.random.seed(dropout_param["seed"])
    keep = np.random.random_sample(x.shape) <= dropout_param["p"]
    factor = keep.astype(x.dtype) / x.dtype.type(dropout_param["p"])
    return np.einsum("...,...->...", x, factor), factor


def dropout_backward(dout, cache):
    return np.array(dout) if cache is None else np.einsum("...,...->...", dout, cache)


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    return np.einsum("ncijab,fcab->nfij", windows, w) + b[:, None, None], (windows, w, s, p, padded.shape)


def conv_backward_naive(dout, cache):
    windows, w, s, p, shape = cache
    dpadded = np.zeros(shape, dtype=dout.dtype)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            place = np.s_[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]
            dpadded[place] += np.einsum("nf,fcab->ncab", dout[:, :, i, j], w)
    dx = dpadded[:, :, p : shape[2] - p, p : shape[3] - p]
    return dx, np.einsum("nfij,ncijab->fcab", dout, windows), np.einsum("nfij->f", dout)


def _pool_windows(x, pool_param):
    size, s = (pool_param["pool_height"], pool_param["pool_width"]), pool_param["stride"]
    return np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))[:, :, ::s, ::s]


def max_pool_forward_naive(x, pool_param):
    windows = _pool_windows(x, pool_param)
    return windows.max(axis=(4, 5)), (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    windows, s = _pool_windows(x, pool_param), pool_param["stride"]
    flat = windows.reshape(*windows.shape[:4], -1).argmax(axis=-1)
    n, c, i, j = np.indices(dout.shape)
    a, b = np.divmod(flat, pool_param["pool_width"])
    dx = np.zeros_like(x)
    np.add.at(dx, (n, c, i * s + a, j * s + b), dout)
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    rows = np.einsum("nchw->nhwc", x)
    out, cache = batchnorm_forward(rows.reshape(-1, x.shape[1]), gamma, beta, bn_param)
    return np.einsum("nhwc->nchw", out.reshape(rows.shape)), cache


def spatial_batchnorm_backward(dout, cache):
    rows = np.einsum("nchw->nhwc", dout)
    dx, dgamma, dbeta = batchnorm_backward(rows.reshape(-1, dout.shape[1]), cache)
    return np.einsum("nhwc->nchw", dx.reshape(rows.shape)), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    g = x.reshape(len(x), G, -1)
    mean = np.einsum("ngk->ng", g)[..., None] / g.shape[2]
    var = np.einsum("ngk,ngk->ng", g - mean, g - mean)[..., None] / g.shape[2]
    scale = 1 / np.sqrt(var + gn_param.get("eps", 1e-5))
    hat = ((g - mean) * scale).reshape(x.shape)
    return hat * gamma + beta, (hat, scale, gamma)


def spatial_groupnorm_backward(dout, cache):
    hat, scale, gamma = cache
    N, G = scale.shape[:2]
    d, h = (dout * gamma).reshape(N, G, -1), hat.reshape(N, G, -1)
    size = d.shape[2]
    inside = (
        d - np.einsum("ngk->ng", d)[..., None] / size - h * np.einsum("ngk,ngk->ng", d, h)[..., None] / size
    )
    dgamma, dbeta = np.einsum("nchw,nchw->c", dout, hat), np.einsum("nchw->c", dout)
    return (inside * scale).reshape(dout.shape), dgamma.reshape(gamma.shape), dbeta.reshape(gamma.shape)
