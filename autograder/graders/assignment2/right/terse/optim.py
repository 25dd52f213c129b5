"""As short as it gets, with other caches."""

import numpy as np


def sgd_momentum(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("momentum", 0.9)):
        config.setdefault(name, value)
    c = config
    c["velocity"] = c["momentum"] * c.get("velocity", 0 * w) - c["learning_rate"] * dw
    return w + c["velocity"], c


def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("decay_rate", 0.99), ("epsilon", 1e-8)):
        config.setdefault(name, value)
    c, d = config, config["decay_rate"]
    c["cache"] = d * c.get("cache", 0 * w) + (1 - d) * dw**2
    return w - c["learning_rate"] / (c["cache"] ** 0.5 + c["epsilon"]) * dw, c


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
    c, a, b, t = config, config["beta1"], config["beta2"], config["t"] + 1
    c.update(t=t, m=a * c.get("m", 0 * w) + (1 - a) * dw, v=b * c.get("v", 0 * w) + (1 - b) * dw**2)
    return w - c["learning_rate"] * (c["m"] / (1 - a**t)) / ((c["v"] / (1 - b**t)) ** 0.5 + c["epsilon"]), c
