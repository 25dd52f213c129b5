"""Plain loops over images, rows and classes, as a first draft has them."""

import numpy as np


def sgd(w, dw, config=None):
    config = {} if config is None else config
    rate = config.setdefault("learning_rate", 0.01)
    next_w = w.copy()
    for place in np.ndindex(*w.shape):
        next_w[place] -= rate * dw[place]
    return next_w, config
