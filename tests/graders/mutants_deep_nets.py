"""Wrong versions of FullyConnectedNet with its options, and of the convolutional nets."""

from .mutants import mutant

FC, FCL = "classifiers.fc_net.FullyConnectedNet.__init__", "classifiers.fc_net.FullyConnectedNet.loss"
T3, T3L = "classifiers.cnn.ThreeLayerConvNet.__init__", "classifiers.cnn.ThreeLayerConvNet.loss"
CN, CNL = "classifiers.cnn.ConvNet.__init__", "classifiers.cnn.ConvNet.loss"
BN, LN, DO = "fully_connected_net_batchnorm", "fully_connected_net_layernorm", "fully_connected_net_dropout"
NORMS = f"{BN} {LN}"
THREE, DEEP = "three_layer_conv_net", "conv_net"

FC_GAMMA = 'self.params[f"gamma{i}"] = np.ones(size)'
FC_MODE = 'mode = "test" if y is None else "train"'
FC_BN = "self.bn_params[i - 1] if self.normalization else None"
DROP = "hidden, dropout_cache = layers.dropout_forward(hidden, self.dropout_param)"
DROP_BACK = "dhidden = layers.dropout_backward(dhidden, dropout_cache)"
FC_GRADS = 'grads[f"gamma{i}"], grads[f"beta{i}"] = dgamma, dbeta'
FC_L2 = 'grads[f"W{i}"] += self.reg * W'
FC_LOSS = "loss, dscores = layers.softmax_loss(scores, y)"
T3_L2 = "grads[name] += self.reg * W"
T3_POOL = 'X, params["W1"], params["b1"], self.conv_param, self.pool_param'
CN_MODE = 'bn_param["mode"] = "test" if y is None else "train"'
CN_L2 = 'grads[f"W_{i}"] += self.reg * W'
GAMMA_TOO = (
    '\n            if f"gamma{i}" in params:\n'
    '                grads[f"gamma{i}"] = grads[f"gamma{i}"] + self.reg * params[f"gamma{i}"]'
)

FULLY_CONNECTED = [
    mutant("net normalises without gamma and beta at the end of params", FC,
           "enumerate(hidden_dims, start=1)", "enumerate(sizes[1:], start=1)", NORMS),
    mutant("net starts gamma at zero", FC, FC_GAMMA, FC_GAMMA.replace("ones", "zeros"), NORMS),
    mutant("net has one gamma a layer", FC, FC_GAMMA, 'self.params[f"gamma{i}"] = np.ones(1)', NORMS),
    mutant("net calls it scale", FC, 'self.params[f"gamma{i}"]', 'self.params[f"scale{i}"]', NORMS),
    mutant("net shares one bn_param", FC, '[{"mode": "train"} for _ in hidden_dims]',
           '[{"mode": "train"}] * len(hidden_dims)', BN),
    mutant("net always trains", FCL, FC_MODE, 'mode = "train"', f"{BN} {DO}"),
    mutant("net always tests", FCL, FC_MODE, 'mode = "test"', f"{BN} {DO}"),
    mutant("net forgets the running statistics", FCL, FC_BN,
           "dict(self.bn_params[i - 1]) if self.normalization else None", BN),
    mutant("net normalises with the first bn_param", FCL, FC_BN,
           "self.bn_params[0] if self.normalization else None", BN),
    mutant("net uses the first layer's gamma", FCL, 'params.get(f"gamma{i}")', 'params.get("gamma1")', NORMS),
    mutant("net swaps gamma and beta", FCL, FC_GRADS, FC_GRADS.replace("dgamma, dbeta", "dbeta, dgamma"),
           NORMS),
    mutant("net gives no gradient of beta", FCL, FC_GRADS, 'grads[f"gamma{i}"] = dgamma', NORMS),
    mutant("net gives zeros for gamma", FCL, FC_GRADS, FC_GRADS.replace("dgamma, dbeta", "0 * dgamma, dbeta"),
           NORMS),
    mutant("net puts L2 on gamma", FCL, FC_L2,
           FC_L2 + GAMMA_TOO.replace("\n", "\n    "),  # the loop stands one level deeper here
           NORMS, edge=True),
    mutant("net puts gamma into the L2 loss", FCL, FC_L2,
           FC_L2 + '; loss += 0.5 * self.reg * float(np.sum(params.get(f"gamma{i}", 0 * W)**2))',
           NORMS, edge=True),
    mutant("net normalised has no L2 in the loss", FCL, "0.5 * self.reg",
           "(not self.normalization) * 0.5 * self.reg", NORMS, edge=True),
    mutant("net normalised has no L2 in the gradients", FCL, FC_L2, f"{FC_L2} * (not self.normalization)",
           NORMS, edge=True),
    mutant("net computes in float64", FCL, "scores, scores_cache = layers",
           "hidden = hidden.astype(float)\n        scores, scores_cache = layers", f"{NORMS} {DO}",
           edge=True),
    mutant("net passes 1 - p to dropout", FC, '"p": keep', '"p": 1 - keep', DO),
    mutant("net drops nothing", FCL, DROP, "dropout_cache = None", DO),
    mutant("net drops nothing on the way back", FCL, DROP_BACK, "pass", DO),
    mutant("net drops the inputs", FCL, "hidden = X\n",
           "hidden = layers.dropout_forward(X, self.dropout_param)[0] if self.use_dropout else X\n", DO),
    mutant("net drops the scores", FCL, FC_LOSS,
           "if self.use_dropout:\n"
           f"            scores = layers.dropout_forward(scores, self.dropout_param)[0]\n        {FC_LOSS}",
           DO),
    mutant("net reuses the last mask", FCL, "block_cache, dropout_cache = caches[i - 1]",
           "block_cache, dropout_cache = caches[i - 1][0], caches[-1][1]", DO),
    mutant("net drops in the first layer only", FCL, "if self.use_dropout:\n                hidden",
           "if self.use_dropout and i == 1:\n                hidden", DO),
    mutant("net ignores the seed", FC, "if seed is not None:", "if False:", DO),
    mutant("net seeds by itself", FC, '"p": keep}', '"p": keep, "seed": 3}', DO),
    mutant("net drops at a keep ratio of 1", FC, "self.use_dropout = keep != 1",
           "self.use_dropout = True\n        keep = min(keep, 0.9)", f"{DO} {NORMS}"),
]  # fmt: skip

CONVOLUTIONAL = [
    mutant("three-layer net without the pool in W2", T3, "features = num_filters * pooled[0] * pooled[1]",
           "features = num_filters * 4 * pooled[0] * pooled[1]", THREE),
    mutant("three-layer net with square images", T3, "pooled[0] * pooled[1]", "pooled[0] * pooled[0]", THREE),
    mutant("three-layer net, weights too large", T3, "weight_scale * np.random.randn(features",
           "np.random.randn(features", THREE),
    mutant("three-layer net draws evenly", T3, "weight_scale * np.random.randn(features, hidden_dim)",
           "weight_scale * np.random.uniform(-3**0.5, 3**0.5, (features, hidden_dim))", THREE),
    mutant("three-layer net draws W3 first", T3, "features = num_filters * pooled[0] * pooled[1]",
           "features = num_filters * pooled[0] * pooled[1]\n        np.random.randn(3)", THREE, edge=True),
    mutant("three-layer net with a scale of its own", T3, "weight_scale * np.random.randn(hidden_dim",
           "1e-3 * np.random.randn(hidden_dim", THREE),
    mutant("three-layer net of three channels", T3, "(num_filters, input_dim[0], filter_size",
           "(num_filters, 3, filter_size", THREE),
    mutant("three-layer net, biases at one", T3, 'self.params["b2"] = np.zeros',
           'self.params["b2"] = np.ones', THREE),
    mutant("three-layer net in float64", T3, "value.astype(self.dtype)", "value.astype(float)", THREE,
           edge=True),
    mutant("three-layer net without padding", T3, "self.conv_param = conv_param",
           'self.conv_param = {"stride": 1, "pad": 1}', THREE),
    mutant("three-layer net swaps filters and channels", T3,
           "(num_filters, input_dim[0], filter_size, filter_size)",
           "(input_dim[0], num_filters, filter_size, filter_size)", THREE),
    mutant("three-layer net without the last bias", T3L,
           'layers.affine_forward(hidden, params["W3"], params["b3"])',
           'layers.affine_forward(hidden, params["W3"], 0 * params["b3"])', THREE),
    mutant("three-layer net without the second ReLU", T3L, "layer_utils.affine_relu_forward(pooled",
           "layers.affine_forward(pooled", THREE),
    mutant("three-layer net scores in a tuple", T3L, "            return scores",
           "            return (scores,)", THREE),
    mutant("three-layer net without L2 on the filters", T3L, 'for name in ("W1", "W2", "W3"):',
           'for name in ("W2", "W3"):', THREE),
    mutant("three-layer net without L2 on W3", T3L, 'for name in ("W1", "W2", "W3"):',
           'for name in ("W1", "W2"):', THREE),
    mutant("three-layer net without L2 in the gradients", T3L, T3_L2, "pass", THREE),
    mutant("three-layer net with twice the L2", T3L, "0.5 * self.reg", "self.reg", THREE),
    mutant("three-layer net with L2 on biases", T3L, 'for name in ("W1", "W2", "W3"):', "for name in params:",
           THREE),
    mutant("three-layer net with wrong signs", T3L, "        return loss, grads",
           "        return loss, {k: -g for k, g in grads.items()}", THREE),
    mutant("three-layer net forgets b1", T3L, 'grads["W1"], grads["b1"] =', 'grads["W1"], _ =', THREE),
    mutant("three-layer net gives zeros for b1", T3L, "        return loss, grads",
           '        grads["b1"] = 0 * grads["b1"]\n        return loss, grads', THREE),
    mutant("three-layer net keeps its first W1", T3L, 'X, params["W1"]',
           'X, self.__dict__.setdefault("kept", params["W1"])', THREE, edge=True),
    mutant("conv net keeps its first W_1", CNL, 'W, b, conv_param = params[f"W_{i}"],',
           'W, b, conv_param = self.__dict__.setdefault(f"kept{i}", params[f"W_{i}"]),', DEEP),
    mutant("conv net always normalises", CN, "self.use_batch_norm = use_batch_norm",
           "self.use_batch_norm = use_batch_norm = True", DEEP),
    mutant("conv net never normalises", CN, "self.use_batch_norm = use_batch_norm",
           "self.use_batch_norm = use_batch_norm = False", DEEP),
    mutant("conv net shares one bn_param", CN, '[{"mode": "train"} for _ in num_filters if use_batch_norm]',
           '[{"mode": "train"}] * len(num_filters) * use_batch_norm', DEEP),
    mutant("conv net with surplus gamma and beta", CN, "            if use_batch_norm:\n",
           "            if True:\n", DEEP, edge=True),
    mutant("conv net draws between the layers", CN, "channels = [input_dim[0], *num_filters]",
           "channels = [input_dim[0], *num_filters]\n        np.random.randn(2)", DEEP, edge=True),
    mutant("conv net with a scale of its own", CN, "weight_scale * np.random.randn(features",
           "1e-3 * np.random.randn(features", DEEP),
    mutant("conv net, gamma at zero", CN, "np.ones(F)", "np.zeros(F)", DEEP),
    mutant("conv net, weights too large", CN, "weight_scale * np.random.randn(F", "np.random.randn(F", DEEP),
    mutant("conv net in float64", CN, "value.astype(self.dtype)", "value.astype(float)", DEEP, edge=True),
    mutant("conv net with underscores in gamma", CN, 'self.params[f"gamma{i}"]', 'self.params[f"gamma_{i}"]',
           DEEP),
    mutant("conv net for squares", CN, "size[0] * size[1]", "size[0] * size[0]", DEEP),
    mutant("conv net always trains", CNL, CN_MODE, 'bn_param["mode"] = "train"', DEEP),
    mutant("conv net always tests", CNL, CN_MODE, 'bn_param["mode"] = "test"', DEEP),
    mutant("conv net of two blocks", CNL, "L, params = self.num_convs, self.params",
           "L, params = 2, self.params", DEEP, edge=True),
    mutant("conv net uses the first gamma", CNL, 'params[f"gamma{i}"], params', 'params["gamma1"], params',
           DEEP),
    mutant("conv net without L2 on the last W", CNL, "for i in range(1, L + 2):", "for i in range(1, L + 1):",
           DEEP, edge=True),
    mutant("conv net without L2 in the gradients", CNL, CN_L2, "pass", DEEP, edge=True),
    mutant("conv net with L2 on gamma", CNL, CN_L2,
           CN_L2 + GAMMA_TOO,
           DEEP, edge=True),
    mutant("conv net swaps gamma and beta", CNL, 'grads[f"gamma{i}"], grads[f"beta{i}"] = back',
           'grads[f"beta{i}"], grads[f"gamma{i}"] = back', DEEP),
    mutant("conv net forgets the affine bias", CNL, 'grads[f"W_{L + 1}"], grads[f"b_{L + 1}"] =',
           'grads[f"W_{L + 1}"], _ =', DEEP),
    mutant("conv net doubles the loss", CNL, "        return loss, grads", "        return 2 * loss, grads",
           DEEP),
    mutant("conv net uses the last cache", CNL, "caches[i - 1]", "caches[-1]", DEEP),
]  # fmt: skip

WRONG = [*FULLY_CONNECTED, *CONVOLUTIONAL]

# Wrong without normalisation as well: the cell of the plain net charges it.
ELSEWHERE = [
    mutant("plain net leaves the last W out of L2", FCL, "for i in range(1, L + 1):", "for i in range(1, L):",
           ""),
    mutant("plain net has no L2 in the gradients", FCL, FC_L2, "pass", ""),
    mutant("plain net has twice the L2", FCL, "0.5 * self.reg", "self.reg", ""),
]  # fmt: skip
