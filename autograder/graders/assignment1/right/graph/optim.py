"""As the notes draw it: one step a line, everything kept."""

import numpy as np


def sgd(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    step = config["learning_rate"] * dw
    next_w = w - step
    return next_w, config
