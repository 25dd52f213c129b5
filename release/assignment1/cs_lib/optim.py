"""First-order update rules.

Every rule has the form

    next_w, config = rule(w, dw, config)

`w` and `dw` are arrays of one shape. Neither is changed, and neither is an old state array: the new state is
a new array, of w's shape and dtype. `config` holds the hyperparameters and, from call to call, the rule's own
state (a velocity, a decayed average). The rule writes new state, and the defaults it used, into the very dict
it was given, and returns it. With `config=None` it makes a new one.
"""

from typing import Any

import numpy as np

Config = dict[str, Any]


def sgd(w: np.ndarray, dw: np.ndarray, config: Config | None = None) -> tuple[np.ndarray, Config]:
    """Take one step of plain stochastic gradient descent.

    next_w = w - learning_rate * dw

    Config: learning_rate (1e-2).
    Returns: (next_w, config); next_w has w's shape and dtype.
    Raises: ValueError when `dw` does not have w's shape.
    Source: Robbins and Monro, "A Stochastic Approximation Method", 1951.
    """
    config = _prepare("sgd", w, dw, config, learning_rate=1e-2)
    # TODO: Compute next_w: step from w against the gradient, by learning_rate (it is in config). Make a new
    # array; w itself must stay as it is.
    raise NotImplementedError("sgd is not written yet")
    return next_w, config


def _prepare(where: str, w: np.ndarray, dw: np.ndarray, config: Config | None, **defaults: float) -> Config:
    """Check the shapes and fill in the defaults that `config` lacks, in place."""
    if dw.shape != w.shape:
        raise ValueError(f"{where}: dw must have w's shape {w.shape}, got {dw.shape}")
    config = {} if config is None else config
    for name, value in defaults.items():
        config.setdefault(name, value)
        # A float64 scalar from np.logspace would turn float32 weights into float64; a Python float does not.
        if isinstance(config[name], np.floating):
            config[name] = float(config[name])
    return config
