"""Wrong and unusual versions of the update rules."""

from .mutants import mutant, right

SGD, MOM, RMS, ADAM = "optim.sgd", "optim.sgd_momentum", "optim.rmsprop", "optim.adam"

VELOCITY = 'velocity = config["momentum"] * velocity - config["learning_rate"] * dw'
CACHE = 'cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * dw**2'
RMS_STEP = 'config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])'
ADAM_STEP = 'config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])'
SAVE_ADAM = 'config["m"], config["v"], config["t"] = m, v, t'

WRONG = [
    mutant("sgd gives float64", SGD, "next_w = w", "next_w = w.astype(float)", "sgd", edge=True),
    mutant("momentum keeps a float64 velocity", MOM, "np.zeros_like(w)", "np.zeros(w.shape)",
           "sgd_momentum", edge=True),
    mutant("rmsprop keeps a float64 cache", RMS, "np.zeros_like(w)", "np.zeros(w.shape)", "rmsprop",
           edge=True),
    mutant("adam gives float64", ADAM, "m_hat = m / (1 - beta1**t)",
           "m_hat = m / np.float64(1 - beta1**t)", "adam", edge=True),
    mutant("adam keeps a float64 v", ADAM, '"v", np.zeros_like(w)', '"v", np.zeros(w.shape)', "adam",
           edge=True),
    mutant("momentum damps the old velocity in place", MOM, VELOCITY,
           'velocity *= config["momentum"]\n    velocity = velocity - config["learning_rate"] * dw',
           "sgd_momentum", edge=True),
    mutant("rmsprop decays the old cache in place", RMS, CACHE,
           'cache *= config["decay_rate"]\n    cache += (1 - config["decay_rate"]) * dw**2', "rmsprop",
           edge=True),
    mutant("adam decays the old m in place", ADAM, "m = beta1 * m + (1 - beta1) * dw",
           "m *= beta1\n    m += (1 - beta1) * dw", "adam", edge=True),
    mutant("sgd climbs", SGD, 'w - config["learning_rate"]', 'w + config["learning_rate"]', "sgd"),
    mutant("sgd forgets the rate", SGD, 'config["learning_rate"] * dw', "dw", "sgd"),
    mutant("sgd has another default", SGD, "learning_rate=1e-2", "learning_rate=1e-3", "sgd"),
    mutant(
        "sgd writes into w", SGD, "next_w = w -", "w -= 0.0 * dw + 1\n    next_w = w + 1 -", "sgd", edge=True
    ),
    mutant("sgd overwrites dw", SGD, "return next_w", "dw *= 0\n    return next_w", "sgd", edge=True),
    mutant("momentum adds the gradient", MOM, "velocity - config", "velocity + config", "sgd_momentum"),
    mutant("momentum damps nothing", MOM, 'config["momentum"] * velocity', "velocity", "sgd_momentum"),
    mutant("momentum averages", MOM, VELOCITY, VELOCITY + ' * (1 - config["momentum"])', "sgd_momentum"),
    mutant("momentum is lost", MOM, 'config["velocity"] = velocity', "pass", "sgd_momentum"),
    mutant(
        "momentum steps by the old velocity",
        MOM,
        VELOCITY,
        f"old = velocity\n    {VELOCITY}\n    w = w - velocity + old",
        "sgd_momentum",
    ),
    mutant(
        "momentum by Nesterov",
        MOM,
        "next_w = w + velocity",
        'next_w = w + config["momentum"] * velocity - config["learning_rate"] * dw',
        "sgd_momentum",
    ),
    mutant(
        "momentum keeps the other sign",
        MOM,
        'config["velocity"] = velocity',
        'config["velocity"] = -velocity',
        "sgd_momentum",
    ),
    mutant("momentum has another default", MOM, "momentum=0.9", "momentum=0.5", "sgd_momentum", edge=True),
    mutant(
        "momentum has another default rate",
        MOM,
        "learning_rate=1e-2",
        "learning_rate=1e-3",
        "sgd_momentum",
        edge=True,
    ),
    mutant(
        "momentum copies config",
        MOM,
        "velocity = config.get",
        "config = dict(config)\n    velocity = config.get",
        "sgd_momentum",
        edge=True,
    ),
    mutant(
        "momentum writes into w",
        MOM,
        "next_w = w + velocity",
        "w += velocity\n    next_w = w",
        "sgd_momentum",
        edge=True,
    ),
    mutant(
        "rmsprop under the root",
        RMS,
        '(np.sqrt(cache) + config["epsilon"])',
        'np.sqrt(cache + config["epsilon"])',
        "rmsprop",
        edge=True,
    ),
    mutant("rmsprop without epsilon", RMS, ' + config["epsilon"]', "", "rmsprop", edge=True),
    mutant(
        "rmsprop divides by the old cache",
        RMS,
        CACHE,
        f"old = cache\n    {CACHE}\n    dw = dw * (np.sqrt(cache) + 1e-8) / (np.sqrt(old) + 1e-8)",
        "rmsprop",
    ),
    mutant(
        "rmsprop swaps the decay",
        RMS,
        CACHE,
        'cache = (1 - config["decay_rate"]) * cache + config["decay_rate"] * dw**2',
        "rmsprop",
    ),
    mutant("rmsprop is adagrad", RMS, CACHE, "cache = cache + dw**2", "rmsprop"),
    mutant("rmsprop squares nothing", RMS, "dw**2", "np.abs(dw)", "rmsprop"),
    mutant("rmsprop takes no root", RMS, "np.sqrt(cache)", "cache", "rmsprop"),
    mutant("rmsprop loses its cache", RMS, 'config["cache"] = cache', "pass", "rmsprop"),
    mutant("rmsprop has another default", RMS, "decay_rate=0.99", "decay_rate=0.9", "rmsprop", edge=True),
    mutant(
        "rmsprop copies config",
        RMS,
        "cache = config.get",
        "config = dict(config)\n    cache = config.get",
        "rmsprop",
        edge=True,
    ),
    mutant("rmsprop climbs", RMS, "next_w = w -", "next_w = w +", "rmsprop"),
    mutant(
        "rmsprop writes into w",
        RMS,
        "return next_w",
        "w[:] = next_w\n    return next_w",
        "rmsprop",
        edge=True,
    ),
    mutant(
        "adam without bias correction",
        ADAM,
        "m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)",
        "m_hat, v_hat = m, v",
        "adam",
    ),
    mutant("adam corrects m only", ADAM, "v_hat = v / (1 - beta2**t)", "v_hat = v", "adam"),
    mutant("adam corrects v only", ADAM, "m_hat = m / (1 - beta1**t)", "m_hat = m", "adam"),
    mutant(
        "adam corrects as at the first step",
        ADAM,
        "m_hat = m / (1 - beta1**t)",
        "m_hat = m / (1 - beta1)",
        "adam",
    ),
    mutant("adam counts after use", ADAM, SAVE_ADAM, SAVE_ADAM.replace("v, t", "v, t + 1"), "adam"),
    mutant("adam counts too late", ADAM, "t = t + 1\n", "t = max(t, 1)\n", "adam"),
    mutant("adam forgets t", ADAM, SAVE_ADAM, 'config["m"], config["v"] = m, v', "adam"),
    mutant("adam forgets v", ADAM, SAVE_ADAM, 'config["m"], config["t"] = m, t', "adam"),
    mutant(
        "adam keeps the corrected averages",
        ADAM,
        SAVE_ADAM,
        SAVE_ADAM.replace("= m, v, t", "= m_hat, v_hat, t"),
        "adam",
    ),
    mutant(
        "adam under the root",
        ADAM,
        '(np.sqrt(v_hat) + config["epsilon"])',
        'np.sqrt(v_hat + config["epsilon"])',
        "adam",
        edge=True,
    ),
    mutant(
        "adam adds epsilon before the correction",
        ADAM,
        '(np.sqrt(v_hat) + config["epsilon"])',
        '((np.sqrt(v) + config["epsilon"]) / np.sqrt(1 - beta2**t))',
        "adam",
        edge=True,
    ),
    mutant(
        "adam swaps the betas",
        ADAM,
        'beta1, beta2 = config["beta1"], config["beta2"]',
        'beta2, beta1 = config["beta1"], config["beta2"]',
        "adam",
    ),
    mutant("adam squares nothing", ADAM, "dw**2", "np.abs(dw)", "adam"),
    mutant("adam forgets the rate", ADAM, 'config["learning_rate"] * m_hat', "m_hat", "adam"),
    mutant("adam climbs", ADAM, "next_w = w -", "next_w = w +", "adam"),
    mutant("adam uses the gradient", ADAM, "* m_hat /", "* dw /", "adam"),
    mutant(
        "adam has another default rate", ADAM, "learning_rate=1e-3", "learning_rate=1e-2", "adam", edge=True
    ),
    mutant("adam has another default beta2", ADAM, "beta2=0.999", "beta2=0.99", "adam", edge=True),
    mutant(
        "adam copies config",
        ADAM,
        "m, v, t = config.get",
        "config = dict(config)\n    m, v, t = config.get",
        "adam",
        edge=True,
    ),
    mutant(
        "adam writes into w", ADAM, "return next_w", "w[:] = next_w\n    return next_w", "adam", edge=True
    ),
]  # fmt: skip

RIGHT = [
    right("sgd by a copy", SGD, "next_w = w -", "next_w = w.copy()\n    next_w -="),
    right("rmsprop by power", RMS, "np.sqrt(cache)", "cache**0.5"),
    right(
        "adam by one factor",
        ADAM,
        ADAM_STEP,
        'config["learning_rate"] / (1 - beta1**t) * m / '
        '(np.sqrt(v) / (1 - beta2**t) ** 0.5 + config["epsilon"])',
    ),
    right("adam in float32", ADAM, "return next_w", "return next_w.astype(np.float32)"),
]
