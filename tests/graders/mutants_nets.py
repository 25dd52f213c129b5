"""Wrong and unusual versions of TwoLayerNet and FullyConnectedNet."""

from .mutants import mutant, right

NEW2, LOSS2 = "classifiers.fc_net.TwoLayerNet.__init__", "classifiers.fc_net.TwoLayerNet.loss"
NEW, LOSS = "classifiers.fc_net.FullyConnectedNet.__init__", "classifiers.fc_net.FullyConnectedNet.loss"
TWO, FULL = "two_layer_net", "fully_connected_net"

L2 = "loss += 0.5 * self.reg * float(np.sum(W**2))"
DL2 = "grads[name] += self.reg * W"
FULL_DL2 = 'grads[f"W{i}"] += self.reg * W'
DRAW = 'self.params[f"W{i}"] = weight_scale * np.random.randn(sizes[i - 1], sizes[i])'
BIAS = 'self.params[f"b{i}"] = np.zeros(sizes[i])'
SCORES = 'scores, scores_cache = layers.affine_forward(hidden, params[f"W{L}"], params[f"b{L}"])'

WRONG = [
    mutant("two: L2 off W2", LOSS2, 'for name in ("W1", "W2")', 'for name in ("W1",)', TWO),
    mutant("two: L2 off W1", LOSS2, 'for name in ("W1", "W2")', 'for name in ("W2",)', TWO),
    mutant("two: L2 not in loss", LOSS2, L2, "pass", TWO),
    mutant("two: L2 not in gradients", LOSS2, DL2, "pass", TWO),
    mutant("two: L2 without the half", LOSS2, "0.5 * self.reg", "self.reg", TWO),
    mutant("two: L2 doubled in gradients", LOSS2, DL2, "grads[name] += 2 * self.reg * W", TWO),
    mutant(
        "two: L2 on biases", LOSS2, 'for name in ("W1", "W2")', 'for name in ("W1", "W2", "b1", "b2")', TWO
    ),
    mutant("two: reg is fixed", LOSS2, "self.reg", "0.7", TWO),
    mutant(
        "two: ReLU after the scores",
        LOSS2,
        "if y is None",
        "scores = np.maximum(scores, 0)\n        if y is None",
        TWO,
    ),
    mutant("two: scores after softmax", LOSS2, "return scores", "return np.exp(scores)", TWO),
    mutant("two: loss also without y", LOSS2, "return scores", "return scores, None", TWO),
    mutant(
        "two: layer gradients swapped",
        LOSS2,
        'grads["W2"], grads["b2"] = layers',
        'grads["b2"], grads["W2"] = layers',
        TWO,
    ),
    mutant(
        "two: gradient of b2 missing",
        LOSS2,
        "return loss, grads",
        'del grads["b2"]\n        return loss, grads',
        TWO,
    ),
    mutant(
        "two: gradient of the scores returned",
        LOSS2,
        "return loss, grads",
        'grads["scores"] = dscores\n        return loss, grads',
        TWO,
    ),
    mutant(
        "two: first layer not trained",
        LOSS2,
        "return loss, grads",
        'grads["W1"] = np.zeros_like(grads["W1"])\n        return loss, grads',
        TWO,
    ),
    mutant("two: hinge loss", LOSS2, "layers.softmax_loss", "layers.svm_loss", TWO),
    mutant("two: params decay in loss", LOSS2, DL2, DL2 + "\n            W *= 0.9", TWO, edge=True),
    mutant(
        "two: gradients summed over calls",
        LOSS2,
        "return loss, grads",
        "old = getattr(self, 'old', {})\n"
        "        self.old = {key: value + old.get(key, 0) for key, value in grads.items()}\n"
        "        return loss, self.old",
        TWO,
        edge=True,
    ),
    mutant(
        "two: flat inputs only",
        LOSS2,
        "affine_relu_forward(X,",
        "affine_relu_forward(X.reshape(X.shape[0], X.shape[1]),",
        TWO,
        edge=True,
    ),
    mutant(
        "two: no weight_scale",
        NEW2,
        "weight_scale * np.random.randn(input_dim",
        "np.random.randn(input_dim",
        TWO,
    ),
    mutant(
        "two: weight_scale on one layer",
        NEW2,
        "weight_scale * np.random.randn(hidden_dim, num",
        "1e-3 * np.random.randn(hidden_dim, num",
        TWO,
    ),
    mutant("two: weights all positive", NEW2, "np.random.randn(", "np.random.rand(", TWO),
    mutant(
        "two: weights are 0",
        NEW2,
        "weight_scale * np.random.randn(input_dim",
        "0 * np.random.randn(input_dim",
        TWO,
    ),
    mutant(
        "two: biases drawn", NEW2, "np.zeros(hidden_dim)", "weight_scale * np.random.randn(hidden_dim)", TWO
    ),
    mutant("two: biases are 1", NEW2, "np.zeros(num_classes)", "np.ones(num_classes)", TWO),
    mutant("two: biases with two axes", NEW2, "np.zeros(hidden_dim)", "np.zeros((1, hidden_dim))", TWO),
    mutant(
        "two: weights transposed",
        NEW2,
        "np.random.randn(input_dim, hidden_dim)",
        "np.random.randn(hidden_dim, input_dim)",
        TWO,
    ),
    mutant("two: other names", NEW2, '"W1"', '"w1"', TWO),
    mutant("two: sizes fixed", NEW2, "np.zeros(num_classes)", "np.zeros(10)", TWO),
    mutant(
        "two: W2 drawn first",
        NEW2,
        'self.params["W1"] = weight',
        'W2 = weight_scale * np.random.randn(hidden_dim, num_classes)\n        self.params["W1"] = weight',
        TWO,
        edge=True,
    ),
    mutant(
        "two: one large hidden layer by default",
        "classifiers.fc_net.TwoLayerNet",
        "hidden_dim: int = 100",
        "hidden_dim: int = 128",
        TWO,
        edge=True,
    ),
    mutant("full: L2 off the last W", LOSS, "for i in range(1, L + 1):", "for i in range(1, L):", FULL),
    mutant("full: L2 off the first W", LOSS, "for i in range(1, L + 1):", "for i in range(2, L + 1):", FULL),
    mutant("full: L2 not in loss", LOSS, L2, "pass", FULL),
    mutant("full: L2 not in gradients", LOSS, FULL_DL2, "pass", FULL),
    mutant(
        "full: L2 not in the last gradient", LOSS, FULL_DL2, 'grads[f"W{i}"] += self.reg * W * (i < L)', FULL
    ),
    mutant("full: L2 without the half", LOSS, "0.5 * self.reg", "self.reg", FULL),
    mutant(
        "full: L2 on biases",
        LOSS,
        L2,
        L2 + '; loss += 0.5 * self.reg * float(np.sum(params[f"b{i}"] ** 2))',
        FULL,
    ),
    mutant("full: L2 averaged over the batch", LOSS, L2, L2 + " / len(X)", FULL),
    mutant(
        "full: L2 counts the last layer twice",
        LOSS,
        "for i in range(1, L + 1):",
        "for i in [*range(1, L + 1), L]:",
        FULL,
    ),
    mutant(
        "full: ReLU after the scores", LOSS, SCORES, SCORES + "\n        scores = np.maximum(scores, 0)", FULL
    ),
    mutant(
        "full: three layers whatever is asked",
        LOSS,
        "for i in range(1, L):\n            hidden, block",
        "for i in range(1, min(L, 3)):\n            hidden, block",
        FULL,
    ),
    mutant("full: one cache for all layers", LOSS, "= caches[i - 1]", "= caches[-1]", FULL),
    mutant("full: caches in the wrong order", LOSS, "= caches[i - 1]", "= caches[-i]", FULL),
    mutant(
        "full: first bias not trained",
        LOSS,
        "return loss, grads",
        'grads["b1"] = 0 * grads["b1"]\n        return loss, grads',
        FULL,
    ),
    mutant(
        "full: last layer not trained",
        LOSS,
        "return loss, grads",
        'grads[f"W{L}"] = 0 * grads[f"W{L}"]\n        return loss, grads',
        FULL,
    ),
    mutant(
        "full: no gradients of biases",
        LOSS,
        "return loss, grads",
        'return loss, {k: v for k, v in grads.items() if k[0] == "W"}',
        FULL,
    ),
    mutant(
        "full: gradients of the middle are 0",
        LOSS,
        "return loss, grads",
        'grads["W2"] = 0 * grads["W2"]\n        return loss, grads',
        FULL,
    ),
    mutant("full: loss also without y", LOSS, "return scores", "return 0.0, scores", FULL),
    mutant("full: hinge loss", LOSS, "layers.softmax_loss", "layers.svm_loss", FULL),
    mutant(
        "full: params decay in loss",
        LOSS,
        "return loss, grads",
        "params['W1'] *= 0.9\n        return loss, grads",
        FULL,
        edge=True,
    ),
    mutant(
        "full: weights of the first call",
        LOSS,
        "L, params = self.num_layers, self.params",
        "self.first = params = getattr(self, 'first', dict(self.params))\n        L = self.num_layers",
        FULL,
    ),
    mutant(
        "full: float64 gradients",
        LOSS,
        FULL_DL2,
        'grads[f"W{i}"] = grads[f"W{i}"] + self.reg * W.astype(float)',
        FULL,
        edge=True,
    ),
    mutant(
        "full: float64 parameters", NEW, "value.astype(self.dtype)", "value.astype(float)", FULL, edge=True
    ),
    mutant(
        "full: flat inputs only",
        LOSS,
        "hidden = X",
        "hidden = X.reshape(X.shape[0], X.shape[1])",
        FULL,
        edge=True,
    ),
    mutant(
        "full: two hidden layers at least",
        LOSS,
        "hidden = X\n",
        "hidden = X\n        assert L > 2\n",
        FULL,
        edge=True,
    ),
    mutant("full: no weight_scale", NEW, DRAW, DRAW.replace("weight_scale * ", ""), FULL),
    mutant("full: He's scale", NEW, DRAW, DRAW.replace("weight_scale", "np.sqrt(2 / sizes[i - 1])"), FULL),
    mutant("full: weights all positive", NEW, "randn(", "rand(", FULL),
    mutant("full: biases are 1", NEW, BIAS, BIAS.replace("zeros", "ones"), FULL),
    mutant(
        "full: biases drawn", NEW, BIAS, BIAS.replace("np.zeros(", "weight_scale * np.random.randn("), FULL
    ),
    mutant(
        "full: last layer missing",
        NEW,
        "for i in range(1, self.num_layers + 1):",
        "for i in range(1, self.num_layers):",
        FULL,
    ),
    mutant("full: gammas without normalization", NEW, "if normalization is not None:", "if True:", FULL),
    mutant(
        "full: last layer drawn first",
        NEW,
        "for i in range(1, self.num_layers + 1):",
        "for i in range(self.num_layers, 0, -1):",
        FULL,
        edge=True,
    ),
]

RIGHT = [
    right(
        "two: layers one by one",
        LOSS2,
        "hidden, hidden_cache = layer_utils.affine_relu_forward(X, ",
        "hidden, hidden_cache = layer_utils.affine_relu_forward(X.copy(), ",
    ),
    right(
        "two: weights by normal",
        NEW2,
        "weight_scale * np.random.randn(input_dim, hidden_dim)",
        "np.random.normal(0, weight_scale, (input_dim, hidden_dim))",
    ),
    right("two: L2 by a dot product", LOSS2, "np.sum(W**2)", "W.ravel() @ W.ravel()"),
    right(
        "two: gradients in float32",
        LOSS2,
        "return loss, grads",
        "return np.float32(loss), {k: v.astype(np.float32) for k, v in grads.items()}",
    ),
    right(
        "full: L2 before the layers' gradients",
        LOSS,
        FULL_DL2,
        'grads[f"W{i}"] = self.reg * W + grads[f"W{i}"]',
    ),
    right("full: loss as a 0-d array", LOSS, "return loss, grads", "return np.array(loss), grads"),
    right(
        "full: gradients in reverse order",
        LOSS,
        "return loss, grads",
        "return loss, dict(reversed(grads.items()))",
    ),
]
