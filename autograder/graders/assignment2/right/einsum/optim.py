"""Sums written by their indices, windows by strides."""

import numpy as np


def sgd_momentum(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("momentum", 0.9)):
        config.setdefault(name, value)
    v = np.multiply(config["momentum"], config.get("velocity", np.zeros_like(w)))
    config["velocity"] = np.subtract(v, np.multiply(config["learning_rate"], dw))
    return np.add(w, config["velocity"]), config


def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    for name, value in (("learning_rate", 1e-2), ("decay_rate", 0.99), ("epsilon", 1e-8)):
        config.setdefault(name, value)
    old = config.get("cache", np.zeros_like(w))
    config["cache"] = np.square(dw) + config["decay_rate"] * (old - np.square(dw))
    return w - config["learning_rate"] * np.divide(dw, np.sqrt(config["cache"]) + config["epsilon"]), config


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
    config["t"] = config["t"] + 1
    for key, beta, new in (("m", "beta1", dw), ("v", "beta2", np.square(dw))):
        config[key] = config[beta] * config.get(key, np.zeros_like(w)) + (1 - config[beta]) * new
    hats = [config[key] / (1 - config[beta] ** config["t"]) for key, beta in (("m", "beta1"), ("v", "beta2"))]
    return w - config["learning_rate"] * np.divide(hats[0], np.sqrt(hats[1]) + config["epsilon"]), config
