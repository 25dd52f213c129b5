"""Wrong versions of dropout."""

from .mutants import mutant

DF, DB = "layers.dropout_forward", "layers.dropout_backward"

MASK = "mask = np.random.rand(*x.shape) < p"
SCALED = "scaled_mask = (mask / p).astype(x.dtype)"
OUT = "out = x * scaled_mask"
CACHE = "cache = scaled_mask"
TEST = "out = x.copy()"
SEED = 'np.random.seed(dropout_param["seed"])'
DX = "dx = dout * cache"

WRONG = [
    mutant("dropout does not scale", DF, "(mask / p)", "mask", "dropout_forward"),
    mutant("dropout scales by p", DF, "(mask / p)", "(mask * p)", "dropout_forward"),
    mutant("dropout drops with probability p", DF, SCALED,
           "mask = np.random.rand(*x.shape) >= p\n"
           "        scaled_mask = mask / (1 - p) if p < 1 else mask + 1.0",
           "dropout_forward"),
    mutant("dropout keeps the wrong share, scaled by p", DF, "< p", "> p", "dropout_forward"),
    mutant("dropout drops whole columns", DF, MASK,
           "mask = np.random.rand(*x.shape[1:]) * np.ones_like(x) < p", "dropout_forward"),
    mutant("dropout drops whole rows", DF, MASK,
           "mask = np.random.rand(len(x), *[1] * (x.ndim - 1)) * np.ones_like(x) < p", "dropout_forward"),
    mutant("dropout drops nothing", DF, "< p", "< 2 + p", "dropout_forward dropout_backward"),
    mutant("dropout drops everything", DF, "< p", "< p - 1", "dropout_forward dropout_backward"),
    mutant("dropout halves the kept at 0.8", DF, "(mask / p)", "(mask / 0.5)", "dropout_forward"),
    mutant("dropout scales in test mode", DF, TEST, 'out = x * dropout_param["p"]', "dropout_forward"),
    mutant("dropout drops in test mode", DF, TEST, "out = x * (np.random.rand(*x.shape) < p)",
           "dropout_forward"),
    mutant("dropout gives zeros in test mode", DF, TEST, "out = np.zeros_like(x)", "dropout_forward"),
    mutant("dropout does not use the seed", DF, SEED, "pass", "dropout_forward", edge=True),
    mutant("dropout seeds with a number of its own", DF, MASK, "np.random.seed(1)\n        " + MASK,
           "dropout_forward", edge=True),
    mutant("dropout works on rows only", DF, MASK, "mask = np.random.rand(x.shape[0], x.shape[1]) < p",
           "dropout_forward dropout_backward", edge=True),
    mutant("dropout gives float64", DF, OUT, OUT + ".astype(float)", "dropout_forward", edge=True),
    mutant("dropout caches where the result is 0", DF, CACHE, "cache = ((out != 0) / p).astype(x.dtype)",
           "dropout_backward", edge=True),
    mutant("dropout writes to x", DF, OUT, "x *= scaled_mask\n        out = x.copy()", "dropout_forward",
           edge=True),
    mutant("dropout back lets all through", DB, DX, "dx = dout.copy()", "dropout_backward"),
    mutant("dropout back without the scale", DB, DX, "dx = dout * (cache != 0)", "dropout_backward"),
    mutant("dropout back scales twice", DB, DX, "dx = dout * cache * cache.max()", "dropout_backward"),
    mutant("dropout back draws anew", DB, DX,
           "dx = dout * (np.random.rand(*dout.shape) < 1 / cache.max()) * cache.max()", "dropout_backward"),
    mutant("dropout back gives the dropped ones", DB, DX, "dx = dout * (cache.max() - cache)",
           "dropout_backward"),
    mutant("dropout back gives zeros", DB, DX, "dx = np.zeros_like(dout)", "dropout_backward"),
    mutant("dropout back gives zeros in test mode", DB, "dx = dout.copy()", "dx = np.zeros_like(dout)",
           "dropout_backward", edge=True),
    mutant("dropout back fails in test mode", DB, "dx = dout.copy()", "dx = dout * cache", "dropout_backward",
           edge=True),
    mutant("dropout back writes to dout in test mode", DB, "dx = dout.copy()",
           "dout *= 2\n        dx = dout / 2", "dropout_backward", edge=True),
    mutant("dropout back flattens images", DB, DX, "dx = (dout * cache).reshape(len(dout), -1)",
           "dropout_backward", edge=True),
    mutant("dropout back gives float64", DB, DX, DX + ".astype(float)", "dropout_backward", edge=True),
    mutant("dropout back writes to dout", DB, DX, "dout *= cache\n        dx = dout", "dropout_backward",
           edge=True),
]  # fmt: skip
