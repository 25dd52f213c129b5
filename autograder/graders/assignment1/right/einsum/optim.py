"""Sums written by their indices, windows by strides."""

import numpy as np


def sgd(w, dw, config=None):
    config = config if config is not None else {}
    config.setdefault("learning_rate", 1e-2)
    return np.add(w, np.multiply(-config["learning_rate"], dw)), config
