"""As the notes draw it: one step a line, everything kept."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    momentum, eps = bn_param.get("momentum", 0.9), bn_param.get("eps", 1e-5)
    mean_so_far = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    var_so_far = bn_param.get("running_var", np.zeros(x.shape[1], dtype=x.dtype))
    if bn_param["mode"] == "test":
        return gamma * (x - mean_so_far) / (var_so_far + eps) ** 0.5 + beta, None
    mu = 1 / len(x) * np.sum(x, axis=0)
    xmu = x - mu
    var = 1 / len(x) * np.sum(xmu**2, axis=0)
    root = np.sqrt(var + eps)
    inverse = 1 / root
    bn_param["running_mean"] = momentum * mean_so_far + (1 - momentum) * mu
    bn_param["running_var"] = momentum * var_so_far + (1 - momentum) * var
    cache = {"gamma": gamma, "xmu": xmu, "inverse": inverse, "root": root, "var": var, "eps": eps}
    return gamma * (xmu * inverse) + beta, cache


def batchnorm_backward(dout, cache):
    N = len(dout)
    xmu, inverse, root = cache["xmu"], cache["inverse"], cache["root"]
    dgamma = np.einsum("nd,nd->d", dout, xmu * inverse)
    dhat = dout * cache["gamma"]
    dinverse = np.sum(dhat * xmu, axis=0)
    dvar = -dinverse / root**2 * 0.5 / np.sqrt(cache["var"] + cache["eps"])
    dxmu = dhat * inverse + 2 / N * xmu * dvar
    return dxmu - dxmu.mean(axis=0), dgamma, np.sum(dout, axis=0)


def batchnorm_backward_alt(dout, cache):
    N, hat = len(dout), cache["xmu"] * cache["inverse"]
    dbeta, dgamma = dout.sum(0), (hat * dout).sum(0)
    return cache["gamma"] * cache["inverse"] / N * (N * dout - dbeta - hat * dgamma), dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    D = x.shape[0]
    param = {"mode": "train", "eps": ln_param.get("eps", 1e-5)}
    hat, cache = batchnorm_forward(x.T, np.ones(D, x.dtype), np.zeros(D, x.dtype), param)
    return gamma * hat.T + beta, (cache, hat.T, gamma)


def layernorm_backward(dout, cache):
    inner, hat, gamma = cache
    dx, _, _ = batchnorm_backward_alt((dout * gamma).T, inner)
    return dx.T, np.sum(dout * hat, axis=0), np.sum(dout, axis=0)


def dropout_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x.copy(), np.ones(x.shape, dtype=bool).astype(x.dtype)
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    dropped = np.random.binomial(1, 1 - dropout_param["p"], size=x.shape) == 1
    out = x / x.dtype.type(dropout_param["p"])
    out[dropped] = 0
    return out, np.where(dropped, 0, 1 / dropout_param["p"]).astype(x.dtype)


def dropout_backward(dout, cache):
    return np.multiply(dout, cache)


def _places(x, w, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = (x.shape[i] + 2 * pad - w.shape[i] for i in (2, 3))
    return [(i, j) for i in range(0, H + 1, stride) for j in range(0, W + 1, stride)], H // stride + 1


def conv_forward_naive(x, w, b, conv_param):
    pad, (F, C, HH, WW) = conv_param["pad"], w.shape
    places, high = _places(x, w, conv_param)
    padded = np.zeros((len(x), C, x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), dtype=x.dtype)
    padded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    columns = np.stack([padded[:, :, i : i + HH, j : j + WW].reshape(len(x), -1) for i, j in places], axis=2)
    out = w.reshape(F, -1) @ columns + b[:, None]
    return out.reshape(len(x), F, high, -1), (x, w, b, conv_param, columns)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param, columns = cache
    pad, (F, C, HH, WW) = conv_param["pad"], w.shape
    rows = dout.reshape(len(x), F, -1)
    dcolumns = np.einsum("fk,nfp->nkp", w.reshape(F, -1), rows)
    dpadded = np.zeros((len(x), C, x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), dtype=x.dtype)
    for p, (i, j) in enumerate(_places(x, w, conv_param)[0]):
        dpadded[:, :, i : i + HH, j : j + WW] += dcolumns[:, :, p].reshape(len(x), C, HH, WW)
    dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return dx, np.einsum("nfp,nkp->fk", rows, columns).reshape(w.shape), dout.sum(axis=(0, 2, 3))


def max_pool_forward_naive(x, pool_param):
    high, wide, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    rows = range(0, x.shape[2] - high + 1, stride)
    columns = range(0, x.shape[3] - wide + 1, stride)
    out = np.stack(
        [np.stack([x[:, :, i : i + high, j : j + wide].max(axis=(2, 3)) for j in columns], -1) for i in rows],
        -2,
    )
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    high, wide, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            place = np.s_[:, :, i * stride : i * stride + high, j * stride : j * stride + wide]
            largest = x[place] == x[place].max(axis=(2, 3), keepdims=True)
            dx[place] += largest * dout[:, :, i : i + 1, j : j + 1]
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    if bn_param["mode"] == "train":
        for key, now in (("running_mean", mean), ("running_var", var)):
            bn_param[key] = momentum * bn_param.get(key, np.zeros_like(now)) + (1 - momentum) * now
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    root = np.sqrt(var + eps)[None, :, None, None]
    hat = (x - mean.reshape(1, -1, 1, 1)) / root
    return hat * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1), (hat, root, gamma)


def spatial_batchnorm_backward(dout, cache):
    hat, root, gamma = cache
    axes, gamma = (0, 2, 3), gamma.reshape(1, -1, 1, 1)
    along = (dout * hat).mean(axis=axes, keepdims=True)
    dx = gamma / root * (dout - dout.mean(axis=axes, keepdims=True) - hat * along)
    return dx, (dout * hat).sum(axis=axes), dout.sum(axis=axes)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    five = x.reshape(N, G, C // G, H, W)
    mean = five.mean(axis=(2, 3, 4), keepdims=True)
    var = ((five - mean) ** 2).mean(axis=(2, 3, 4), keepdims=True)
    hat = (five - mean) * (var + gn_param.get("eps", 1e-5)) ** -0.5
    out = gamma.reshape(1, G, C // G, 1, 1) * hat + beta.reshape(1, G, C // G, 1, 1)
    return out.reshape(N, C, H, W), (five, mean, var, gamma, gn_param.get("eps", 1e-5))


def spatial_groupnorm_backward(dout, cache):
    five, mean, var, gamma, eps = cache
    root, size = np.sqrt(var + eps), five[0, 0].size
    hat = (five - mean) / root
    dhat = (dout * gamma).reshape(five.shape)
    axes = (2, 3, 4)
    dvar = (dhat * (five - mean)).sum(axis=axes, keepdims=True) * -0.5 / root**3
    dmean = -(dhat / root).sum(axis=axes, keepdims=True)
    dx = dhat / root + dvar * 2 * (five - mean) / size + dmean / size
    dgamma = (dout * hat.reshape(dout.shape)).sum(axis=(0, 2, 3), keepdims=True)
    return dx.reshape(dout.shape), dgamma, dout.sum(axis=(0, 2, 3), keepdims=True)
