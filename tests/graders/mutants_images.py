"""Wrong versions of spatial batch norm and group norm."""

from .mutants import mutant

SF, SB = "layers.spatial_batchnorm_forward", "layers.spatial_batchnorm_backward"
GF, GB = "layers.spatial_groupnorm_forward", "layers.spatial_groupnorm_backward"
S_FORWARD, S_BACKWARD = "spatial_batchnorm_forward", "spatial_batchnorm_backward"
G_FORWARD, G_BACKWARD = "spatial_groupnorm_forward", "spatial_groupnorm_backward"
S_BOTH, G_BOTH = f"{S_FORWARD} {S_BACKWARD}", f"{G_FORWARD} {G_BACKWARD}"

ROWS = "rows = x.transpose(2, 3, 0, 1).reshape(-1, C)"
BACK = "out = out_rows.reshape(H, W, N, C).transpose(2, 3, 0, 1)"
CALL = "batchnorm_forward(rows, gamma, beta, bn_param)"
D_ROWS = "dout_rows = dout.transpose(2, 3, 0, 1).reshape(-1, C)"
D_BACK = "dx = dx_rows.reshape(H, W, N, C).transpose(2, 3, 0, 1)"
G_OUT = "out = gamma * x_hat + beta"
G_STATS = "mean, var = groups.mean(axis=2, keepdims=True), groups.var(axis=2, keepdims=True)"
G_ALONG = "along = (dx_hat * groups).mean(axis=2, keepdims=True)"

WRONG = [
    mutant("spatial norm reshapes without transpose", SF, ROWS, "rows = x.reshape(-1, C)", S_BOTH),
    mutant("spatial norm comes back without transpose", SF, BACK, "out = out_rows.reshape(N, C, H, W)",
           S_FORWARD),
    mutant("spatial norm comes back in another order", SF, BACK,
           "out = out_rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)", S_FORWARD),
    mutant("spatial norm swaps height and width", SF, BACK,
           BACK.replace("(2, 3, 0, 1)", "(2, 3, 1, 0)") + ".reshape(N, C, H, W)", S_FORWARD),
    mutant("spatial norm always trains", SF, CALL,
           'batchnorm_forward(rows, gamma, beta, {**bn_param, "mode": "train"})', S_FORWARD),
    mutant("spatial norm keeps no statistics", SF, CALL,
           "batchnorm_forward(rows, gamma, beta, dict(bn_param))", S_FORWARD),
    mutant("spatial norm without gamma", SF, CALL, "batchnorm_forward(rows, gamma * 0 + 1, beta, bn_param)",
           S_FORWARD),
    mutant("spatial norm without beta", SF, CALL, "batchnorm_forward(rows, gamma, beta * 0, bn_param)",
           S_FORWARD),
    mutant("spatial norm loses eps", SF, CALL,
           "batchnorm_forward(rows, gamma, beta, (bn_param.pop('eps', 0), bn_param)[1])", S_FORWARD,
           edge=True),
    mutant("spatial norm of each image", SF, CALL,
           "(np.concatenate([batchnorm_forward(r, gamma, beta, bn_param)[0] for r in "
           "rows.reshape(H * W, N, C).transpose(1, 0, 2)]).reshape(N, H * W, C).transpose(1, 0, 2)"
           ".reshape(-1, C), batchnorm_forward(rows, gamma, beta, bn_param)[1])",
           S_FORWARD),
    mutant("spatial norm gives float64", SF, BACK, BACK + ".astype(float)", S_FORWARD, edge=True),
    mutant("spatial norm writes to x", SF, BACK, BACK + "\n    x *= 2", S_FORWARD, edge=True),
    mutant("spatial norm back without transpose", SB, D_ROWS, "dout_rows = dout.reshape(-1, C)", S_BACKWARD),
    mutant("spatial norm back comes back without transpose", SB, D_BACK, "dx = dx_rows.reshape(N, C, H, W)",
           S_BACKWARD),
    mutant("spatial norm back gives zeros", SB, D_BACK, "dx = np.zeros_like(dout)", S_BACKWARD),
    mutant("spatial norm back averages dgamma", SB, D_BACK, D_BACK + "\n    dgamma = dgamma / (N * H * W)",
           S_BACKWARD),
    mutant("spatial norm back sums dbeta over the places", SB, D_BACK,
           D_BACK + "\n    dbeta = dout.mean(axis=0).sum(axis=(1, 2))", S_BACKWARD),
    mutant("spatial norm back keeps axes", SB, D_BACK, D_BACK + "\n    dgamma = dgamma.reshape(1, C, 1, 1)",
           S_BACKWARD, edge=True),
    mutant("spatial norm back gives float64", SB, D_BACK, D_BACK + ".astype(float)", S_BACKWARD, edge=True),
    mutant("spatial norm back writes to dout", SB, D_BACK, D_BACK + "\n    dout *= 2", S_BACKWARD, edge=True),
    mutant("group norm with G channels a group", GF, "x.reshape(x.shape[0], G, -1)",
           "x.reshape(x.shape[0], x.shape[1] // G, -1)", G_BOTH),
    mutant("group norm over the whole image", GF, "x.reshape(x.shape[0], G, -1)",
           "x.reshape(x.shape[0], 1, -1)", G_BOTH),
    mutant("group norm of each channel", GF, "x.reshape(x.shape[0], G, -1)",
           "x.reshape(x.shape[0], x.shape[1], -1)", G_BOTH),
    mutant("group norm over the batch", GF, G_STATS,
           "mean, var = groups.mean(axis=(0, 2), keepdims=True), groups.var(axis=(0, 2), keepdims=True)",
           G_BOTH),
    mutant("group norm, unbiased variance", GF, "groups.var(axis=2, ", "groups.var(axis=2, ddof=1, ",
           G_FORWARD),
    mutant("group norm divides by the variance", GF, "np.sqrt(var + eps)", "var + eps", G_FORWARD),
    mutant("group norm with eps outside the root", GF, "np.sqrt(var + eps)", "np.sqrt(var) + eps", G_FORWARD,
           edge=True),
    mutant("group norm does not read eps", GF, 'gn_param.get("eps", 1e-5)', "1e-5", G_FORWARD, edge=True),
    mutant("group norm without gamma", GF, G_OUT, "out = x_hat + beta", G_FORWARD),
    mutant("group norm without beta", GF, G_OUT, "out = gamma * x_hat", G_FORWARD),
    mutant("group norm of seven axes", GF, G_OUT, G_OUT + "\n    out = out[None, None, None]", G_FORWARD,
           edge=True),
    mutant("group norm gives float64", GF, G_OUT, G_OUT + "\n    out = out.astype(float)", G_FORWARD,
           edge=True),
    mutant("group norm writes to x", GF, G_OUT, G_OUT + "\n    x *= 2", G_FORWARD, edge=True),
    mutant("group norm back without gamma", GB, "(dout * gamma).reshape", "dout.reshape", G_BACKWARD),
    mutant("group norm back along the batch", GB, G_ALONG, G_ALONG.replace("axis=2", "axis=0"), G_BACKWARD),
    mutant("group norm back without the mean", GB, "dx_hat - dx_hat.mean(axis=2, keepdims=True)", "dx_hat",
           G_BACKWARD),
    mutant("group norm back without the variance", GB, " - groups * along", "", G_BACKWARD),
    mutant("group norm back without the deviation", GB, " / std)", ")", G_BACKWARD),
    mutant("group norm back averages dgamma", GB, "dgamma = (dout * x_hat).sum",
           "dgamma = (dout * x_hat).mean", G_BACKWARD),
    mutant("group norm back sums dbeta over places", GB, "dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)",
           "dbeta = dout[:1].sum(axis=(2, 3), keepdims=True)", G_BACKWARD),
    mutant("group norm back drops axes", GB, "dgamma = (dout * x_hat).sum(axis=(0, 2, 3), keepdims=True)",
           "dgamma = (dout * x_hat).sum(axis=(0, 2, 3))", G_BACKWARD, edge=True),
    mutant("group norm back gives float64", GB, "(dout * gamma).reshape",
           "(dout * gamma.astype(float)).reshape", G_BACKWARD, edge=True),
    mutant("group norm back writes to dout", GB, "    dbeta = dout", "    dout *= 1.5\n    dbeta = dout",
           G_BACKWARD),
]  # fmt: skip
