"""As the notes draw it: one step a line, everything kept."""

import numpy as np


def sgd_momentum(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("momentum", 0.9)):
        config.setdefault(name, value)
    v = config.get("velocity", np.zeros_like(w))
    kept = config["momentum"] * v
    step = config["learning_rate"] * dw
    v = kept - step
    config["velocity"] = v
    return w + v, config


def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("decay_rate", 0.99), ("epsilon", 1e-8)):
        config.setdefault(name, value)
    cache = config.get("cache", np.zeros_like(w))
    squared = dw * dw
    cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * squared
    root = np.sqrt(cache)
    config["cache"] = cache
    return w - config["learning_rate"] * dw / (root + config["epsilon"]), config


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
    config["t"] += 1
    m = config["beta1"] * config.get("m", np.zeros_like(w)) + (1 - config["beta1"]) * dw
    v = config["beta2"] * config.get("v", np.zeros_like(w)) + (1 - config["beta2"]) * dw * dw
    config["m"], config["v"] = m, v
    mt = m / (1 - config["beta1"] ** config["t"])
    vt = v / (1 - config["beta2"] ** config["t"])
    return w - config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"]), config
