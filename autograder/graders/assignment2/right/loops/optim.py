"""Plain loops over images, rows and classes, as a first draft has them."""

import numpy as np


def sgd_momentum(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("momentum", 0.9)):
        config.setdefault(name, value)
    old = config.get("velocity", np.zeros_like(w))
    v, next_w = np.zeros_like(w), np.zeros_like(w)
    for k in np.ndindex(*w.shape):
        v[k] = config["momentum"] * old[k] - config["learning_rate"] * dw[k]
        next_w[k] = w[k] + v[k]
    config["velocity"] = v
    return next_w, config


def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("decay_rate", 0.99), ("epsilon", 1e-8)):
        config.setdefault(name, value)
    old, decay = config.get("cache", np.zeros_like(w)), config["decay_rate"]
    cache, next_w = np.zeros_like(w), np.zeros_like(w)
    for k in np.ndindex(*w.shape):
        cache[k] = decay * old[k] + (1 - decay) * dw[k] ** 2
        next_w[k] = w[k] - config["learning_rate"] * dw[k] / (cache[k] ** 0.5 + config["epsilon"])
    config["cache"] = cache
    return next_w, config


def adam(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (
        ("learning_rate", 1e-3),
        ("beta1", 0.9),
        ("beta2", 0.999),
        ("epsilon", 1e-8),
        ("t", 0),
    ):
        config.setdefault(name, value)
    config["t"] = t = config["t"] + 1
    m = np.array(config.get("m", np.zeros_like(w)))
    v = np.array(config.get("v", np.zeros_like(w)))
    next_w = np.zeros_like(w)
    for k in np.ndindex(*w.shape):
        m[k] += (1 - config["beta1"]) * (dw[k] - m[k])
        v[k] += (1 - config["beta2"]) * (dw[k] ** 2 - v[k])
        hat_m, hat_v = m[k] / (1 - config["beta1"] ** t), v[k] / (1 - config["beta2"] ** t)
        next_w[k] = w[k] - config["learning_rate"] * hat_m / (np.sqrt(hat_v) + config["epsilon"])
    config["m"], config["v"] = m, v
    return next_w, config
