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
    # BEGIN SOLUTION
    next_w = w - config["learning_rate"] * dw
    # END SOLUTION
    return next_w, config


def sgd_momentum(w: np.ndarray, dw: np.ndarray, config: Config | None = None) -> tuple[np.ndarray, Config]:
    """Take one step of gradient descent with momentum.

    v = momentum * v - learning_rate * dw,    next_w = w + v

    Config: learning_rate (1e-2), momentum (0.9), velocity (zeros of w's shape).
    Returns: (next_w, config); next_w has w's shape and dtype, config["velocity"] is the new v.
    Raises: ValueError when `dw` does not have w's shape.
    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013,
        equations 1 and 2.
    """
    config = _prepare("sgd_momentum", w, dw, config, learning_rate=1e-2, momentum=0.9)
    velocity = config.get("velocity", np.zeros_like(w))
    # TODO: Compute the new velocity and next_w by the formula above. The learning rate and the momentum are
    # in config. Change neither w nor the old velocity array.
    # BEGIN SOLUTION
    velocity = config["momentum"] * velocity - config["learning_rate"] * dw
    next_w = w + velocity
    # END SOLUTION
    config["velocity"] = velocity
    return next_w, config


def rmsprop(w: np.ndarray, dw: np.ndarray, config: Config | None = None) -> tuple[np.ndarray, Config]:
    """Take one step of RMSProp: each weight's step is divided by the root of its mean squared gradient.

    cache = decay_rate * cache + (1 - decay_rate) * dw**2
    next_w = w - learning_rate * dw / (sqrt(cache) + epsilon)

    Config: learning_rate (1e-2), decay_rate (0.99), epsilon (1e-8), cache (zeros of w's shape).
    Returns: (next_w, config); next_w has w's shape and dtype, config["cache"] is the new average.
    Raises: ValueError when `dw` does not have w's shape.
    Source: Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012. The lecture
        has no epsilon; here it stands outside the root.
    """
    config = _prepare("rmsprop", w, dw, config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    cache = config.get("cache", np.zeros_like(w))
    # TODO: Compute the new cache first and next_w with it, by the formulas above. Epsilon is added to the
    # root, not under it. Change neither w nor the old cache array.
    # BEGIN SOLUTION
    cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    # END SOLUTION
    config["cache"] = cache
    return next_w, config


def adam(w: np.ndarray, dw: np.ndarray, config: Config | None = None) -> tuple[np.ndarray, Config]:
    """Take one step of Adam: decayed averages of the gradient and of its square, both corrected for bias.

    t = t + 1
    m = beta1 m + (1 - beta1) dw            m_hat = m / (1 - beta1^t)
    v = beta2 v + (1 - beta2) dw^2          v_hat = v / (1 - beta2^t)
    next_w = w - learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    Config: learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8), m and v (zeros), t (0).
    Returns: (next_w, config); next_w has w's shape and dtype, config holds the new uncorrected m, v, and t.
    Raises: ValueError when `dw` does not have w's shape.
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, arXiv:1412.6980, algorithm 1.
    """
    config = _prepare("adam", w, dw, config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    beta1, beta2 = config["beta1"], config["beta2"]
    m, v, t = config.get("m", np.zeros_like(w)), config.get("v", np.zeros_like(w)), config["t"]
    # TODO: Count t up before you use it, then compute the new m and v and, from their bias-corrected
    # values, next_w. What is kept in m and v is the uncorrected average. Change neither w nor the old
    # arrays.
    # BEGIN SOLUTION
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    # END SOLUTION
    config["m"], config["v"], config["t"] = m, v, t
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
