"""Wrong versions of batch norm and layer norm."""

from .mutants import mutant

BF, BB, BA = "layers.batchnorm_forward", "layers.batchnorm_backward", "layers.batchnorm_backward_alt"
LF, LB = "layers.layernorm_forward", "layers.layernorm_backward"

STATS = "mean, var = x.mean(axis=0), x.var(axis=0)"
STD = "std = np.sqrt(var + eps)"
OUT = "out = gamma * x_hat + beta"
TRAIN_OUT = OUT + "\n        cache = (x_hat"
TEST_OUT = OUT + "\n        cache = None"
TEST_HAT = "x_hat = (x - running_mean) / np.sqrt(running_var + eps)"
R_MEAN = "running_mean = momentum * running_mean + (1 - momentum) * mean"
R_VAR = "running_var = momentum * running_var + (1 - momentum) * var"
DX_ALT = "dx = gamma / std * (dout - dbeta / N - x_hat * (dgamma / N))"
L_STATS = "mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)"
L_ALONG = "along = (dx_hat * x_hat).mean(axis=1, keepdims=True)"
ALL_BN = "batchnorm_forward batchnorm_backward batchnorm_backward_alt"

FORWARD = [
    mutant("batch norm, unbiased variance", BF, "x.var(axis=0)", "x.var(axis=0, ddof=1)",
           "batchnorm_forward"),
    mutant("batch norm divides by the variance", BF, STD, "std = var + eps", "batchnorm_forward"),
    mutant("batch norm over the features", BF, STATS,
           "mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)",
           # the running statistics have one entry a row now, so that no net can test on another batch
           f"{ALL_BN} spatial_batchnorm_forward conv_net fully_connected_net_batchnorm"),
    mutant("batch norm does not centre", BF, "x_hat = (x - mean) / std", "x_hat = x / std", ALL_BN),
    mutant("batch norm with eps outside the root", BF, STD, "std = np.sqrt(var) + eps", "batchnorm_forward",
           edge=True),
    mutant("batch norm with a small eps", BF, "std = np.sqrt(var + eps)", "std = np.sqrt(var + 1e-8)",
           "batchnorm_forward", edge=True),
    mutant("batch norm trains without gamma", BF, TRAIN_OUT, TRAIN_OUT.replace("gamma * ", ""),
           "batchnorm_forward"),
    mutant("batch norm trains without beta", BF, TRAIN_OUT, TRAIN_OUT.replace(" + beta", ""),
           "batchnorm_forward"),
    mutant("batch norm with momentum the wrong way round", BF, R_MEAN,
           "running_mean = (1 - momentum) * running_mean + momentum * mean", "batchnorm_forward"),
    mutant("batch norm keeps no running mean", BF, R_MEAN, "", "batchnorm_forward"),
    mutant("batch norm's running mean is the last batch's", BF, R_MEAN, "running_mean = mean",
           "batchnorm_forward"),
    mutant("batch norm's running variance is unbiased", BF, R_VAR,
           R_VAR.replace("* var", "* x.var(axis=0, ddof=1)"), "batchnorm_forward"),
    mutant("batch norm's running variance is a deviation", BF, R_VAR, R_VAR.replace("* var", "* std"),
           "batchnorm_forward"),
    mutant("batch norm folds eps into the running variance", BF, R_VAR,
           R_VAR.replace("* var", "* (var + eps)"), "batchnorm_forward", edge=True),
    mutant("batch norm does not read momentum", BF, 'bn_param.get("momentum", 0.9)', "0.9",
           "batchnorm_forward", edge=True),
    mutant("batch norm tests without gamma and beta", BF, TEST_OUT, TEST_OUT.replace(OUT, "out = x_hat"),
           "batchnorm_forward", edge=True),
    mutant("batch norm tests with the batch's statistics", BF, TEST_HAT,
           "x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)", "batchnorm_forward"),
    mutant("batch norm tests without eps", BF, TEST_HAT, TEST_HAT.replace(" + eps", ""), "batchnorm_forward",
           edge=True),
    mutant("batch norm tests without the root", BF, TEST_HAT,
           "x_hat = (x - running_mean) / (running_var + eps)", "batchnorm_forward"),
    mutant("batch norm learns from test batches", BF, TEST_OUT,
           TEST_OUT + "\n        running_mean = 0.9 * running_mean + 0.1 * x.mean(axis=0)",
           "batchnorm_forward", edge=True),
    mutant("batch norm gives float64", BF, TRAIN_OUT,
           TRAIN_OUT.replace("x_hat +", "x_hat.astype(float) +", 1), "batchnorm_forward", edge=True),
    mutant("batch norm keeps float64 statistics", BF, R_MEAN, R_MEAN + ".astype(float)", "batchnorm_forward",
           edge=True),
    mutant("batch norm centres x in place", BF, "x_hat = (x - mean) / std",
           "x -= mean\n        x_hat = x / std", "batchnorm_forward", edge=True),
    mutant("batch norm writes to gamma", BF, TRAIN_OUT + ", std, gamma)",
           OUT + "\n        cache = (x_hat, std, gamma.copy())\n        gamma *= 2",
           # params change under the nets
           "batchnorm_forward spatial_batchnorm_forward conv_net fully_connected_net_batchnorm"),
]  # fmt: skip

BACKWARD = [
    mutant("batch norm back without the mean", BB, "dmean = -dcentred.sum(axis=0)",
           "dmean = 0 * dcentred.sum(axis=0)", "batchnorm_backward"),
    mutant("batch norm back without the variance", BB, "dvar = 0.5", "dvar = 0.0", "batchnorm_backward"),
    mutant("batch norm back with half the variance", BB, "2 / N *", "1 / N *", "batchnorm_backward"),
    mutant("batch norm back without gamma in dx", BB, "dx_hat = dout * gamma", "dx_hat = dout",
           "batchnorm_backward"),
    mutant("batch norm back, sign of the variance", BB, "dstd = -(", "dstd = (", "batchnorm_backward"),
    mutant("batch norm back divides by the features", BB, "N = x_hat.shape[0]", "N = x_hat.shape[1]",
           "batchnorm_backward"),
    mutant("batch norm back averages dbeta", BB, "dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)",
           "batchnorm_backward"),
    mutant("batch norm back, dgamma by dout alone", BB, "dgamma = (dout * x_hat)", "dgamma = (dout * dout)",
           "batchnorm_backward"),
    mutant("batch norm back keeps an axis", BB, "dbeta = dout.sum(axis=0)",
           "dbeta = dout.sum(axis=0, keepdims=True)", "batchnorm_backward", edge=True),
    mutant("batch norm back writes to dout", BB, "dx_hat = dout * gamma", "dout *= gamma\n    dx_hat = dout",
           "batchnorm_backward", edge=True),
    mutant("batch norm back gives float64", BB, "dx_hat = dout * gamma",
           "dx_hat = dout * gamma.astype(float)", "batchnorm_backward", edge=True),
    mutant("batch norm back gives zeros", BB, "dx = dcentred + dmean / N", "dx = np.zeros_like(dout)",
           "batchnorm_backward"),
    mutant("batch norm alt calls the other", BA, DX_ALT, "dx = batchnorm_backward(dout, cache)[0]",
           "batchnorm_backward_alt"),
    mutant("batch norm alt without the x_hat term", BA, " - x_hat * (dgamma / N)", "",
           "batchnorm_backward_alt"),
    mutant("batch norm alt without the mean", BA, " - dbeta / N", "", "batchnorm_backward_alt"),
    mutant("batch norm alt with sums for means", BA, DX_ALT,
           "dx = gamma / std * (dout - dbeta - x_hat * dgamma)", "batchnorm_backward_alt"),
    mutant("batch norm alt without gamma", BA, "gamma / std", "1 / std", "batchnorm_backward_alt"),
    mutant("batch norm alt without the deviation", BA, "gamma / std", "gamma", "batchnorm_backward_alt"),
    mutant("batch norm alt, sign", BA, "(dout - dbeta / N - x_hat", "(dout - dbeta / N + x_hat",
           "batchnorm_backward_alt"),
    mutant("batch norm alt averages dgamma", BA, DX_ALT, DX_ALT + "\n    dgamma = dgamma / N",
           "batchnorm_backward_alt"),
    mutant("batch norm alt weights dbeta by gamma", BA, DX_ALT, DX_ALT + "\n    dbeta = dbeta * gamma",
           "batchnorm_backward_alt"),
    mutant("batch norm alt writes to dout", BA, DX_ALT, DX_ALT + "\n    dout *= 2", "batchnorm_backward_alt",
           edge=True),
    mutant("batch norm alt gives float64", BA, DX_ALT, DX_ALT + "\n    dx = dx.astype(float)",
           "batchnorm_backward_alt spatial_batchnorm_backward", edge=True),
]  # fmt: skip

LAYER = [
    mutant("layer norm over the batch", LF, L_STATS, "mean, var = x.mean(axis=0), x.var(axis=0)",
           "layernorm_forward layernorm_backward"),
    mutant("layer norm, unbiased variance", LF, "x.var(axis=1, ", "x.var(axis=1, ddof=1, ",
           "layernorm_forward"),
    mutant("layer norm over everything", LF, L_STATS,
           "mean, var = x.mean(keepdims=True), x.var(keepdims=True)", "layernorm_forward layernorm_backward"),
    mutant("layer norm divides by the variance", LF, STD, "std = var + eps", "layernorm_forward"),
    mutant("layer norm with eps outside the root", LF, STD, "std = np.sqrt(var) + eps", "layernorm_forward",
           edge=True),
    mutant("layer norm without gamma", LF, OUT, "out = x_hat + beta", "layernorm_forward"),
    mutant("layer norm without beta", LF, OUT, "out = gamma * x_hat", "layernorm_forward"),
    mutant("layer norm needs a batch", LF, L_STATS,
           "mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True) * (len(x) > 1)",
           "layernorm_forward"),
    mutant("layer norm centres x in place", LF, "x_hat = (x - mean) / std", "x -= mean\n    x_hat = x / std",
           "layernorm_forward", edge=True),
    mutant("layer norm gives float64", LF, OUT, OUT.replace("x_hat +", "x_hat.astype(float) +"),
           "layernorm_forward", edge=True),
    mutant("layer norm back with x as it came", LB, L_ALONG, L_ALONG.replace("* x_hat", "* (x_hat + 0.3)"),
           "layernorm_backward"),
    mutant("layer norm back along the batch", LB, L_ALONG, L_ALONG.replace("axis=1", "axis=0"),
           "layernorm_backward"),
    mutant("layer norm back brings gamma in late", LB, "dx_hat = dout * gamma", "dx_hat = dout",
           "layernorm_backward"),
    mutant("layer norm back without the mean", LB, "dx_hat - dx_hat.mean(axis=1, keepdims=True)", "dx_hat",
           "layernorm_backward"),
    mutant("layer norm back sums for means", LB, L_ALONG, L_ALONG.replace("mean", "sum"),
           "layernorm_backward"),
    mutant("layer norm back without the deviation", LB, ") / std", ")", "layernorm_backward"),
    mutant("layer norm back, dgamma averaged", LB, "dgamma = (dout * x_hat).sum",
           "dgamma = (dout * x_hat).mean", "layernorm_backward"),
    mutant("layer norm back, dbeta takes gamma", LB, "dbeta = dout.sum", "dbeta = (dout * gamma).sum",
           "layernorm_backward"),
    mutant("layer norm back writes to dout", LB, "dx_hat = dout * gamma", "dout *= gamma\n    dx_hat = dout",
           "layernorm_backward", edge=True),
    mutant("layer norm back gives float64", LB, "dx_hat = dout * gamma",
           "dx_hat = dout * gamma.astype(float)", "layernorm_backward", edge=True),
]  # fmt: skip

WRONG = [*FORWARD, *BACKWARD, *LAYER]
