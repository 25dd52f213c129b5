"""As short as it gets, with other caches."""

import numpy as np


def sgd(w, dw, config=None):
    c = config if config is not None else dict(learning_rate=1e-2)
    v = w.copy()
    v -= c.setdefault("learning_rate", 1e-2) * dw
    return v, c
