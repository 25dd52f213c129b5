"""As the notes draw it: one step a line, everything kept."""

import numpy as np

from .. import layers


class FullyConnectedNet:
    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        self.normalization = normalization
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        dims = [input_dim] + list(hidden_dims) + [num_classes]
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = weight_scale * np.random.randn(dims[i], dims[i + 1])
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1])
            if self.normalization is not None and i < self.num_layers - 1:
                self.params["gamma%d" % (i + 1)] = np.ones(dims[i + 1])
                self.params["beta%d" % (i + 1)] = np.zeros(dims[i + 1])
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout_keep_ratio}
            if seed is not None:
                self.dropout_param["seed"] = seed
        self.bn_params = []
        if self.normalization == "batchnorm":
            self.bn_params = [{"mode": "train"} for i in range(self.num_layers - 1)]
        if self.normalization == "layernorm":
            self.bn_params = [{} for i in range(self.num_layers - 1)]
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout:
            self.dropout_param["mode"] = mode
        if self.normalization == "batchnorm":
            for bn_param in self.bn_params:
                bn_param["mode"] = mode
        cache = {}
        h = X
        for i in range(1, self.num_layers):
            h, cache["affine", i] = layers.affine_forward(h, self.params["W%d" % i], self.params["b%d" % i])
            if self.normalization == "batchnorm":
                gamma, beta = self.params["gamma%d" % i], self.params["beta%d" % i]
                h, cache["norm", i] = layers.batchnorm_forward(h, gamma, beta, self.bn_params[i - 1])
            elif self.normalization == "layernorm":
                gamma, beta = self.params["gamma%d" % i], self.params["beta%d" % i]
                h, cache["norm", i] = layers.layernorm_forward(h, gamma, beta, self.bn_params[i - 1])
            h, cache["relu", i] = layers.relu_forward(h)
            if self.use_dropout:
                h, cache["dropout", i] = layers.dropout_forward(h, self.dropout_param)
        last = self.num_layers
        scores, cache["affine", last] = layers.affine_forward(
            h, self.params["W%d" % last], self.params["b%d" % last]
        )
        if y is None:
            return scores
        grads = {}
        loss, dh = layers.softmax_loss(scores, y)
        for i in range(last, 0, -1):
            if i < last:
                if self.use_dropout:
                    dh = layers.dropout_backward(dh, cache["dropout", i])
                dh = layers.relu_backward(dh, cache["relu", i])
                if self.normalization == "batchnorm":
                    dh, grads["gamma%d" % i], grads["beta%d" % i] = layers.batchnorm_backward(
                        dh, cache["norm", i]
                    )
                elif self.normalization == "layernorm":
                    dh, grads["gamma%d" % i], grads["beta%d" % i] = layers.layernorm_backward(
                        dh, cache["norm", i]
                    )
            dh, dW, db = layers.affine_backward(dh, cache["affine", i])
            W = self.params["W%d" % i]
            grads["W%d" % i] = dW + self.reg * W
            grads["b%d" % i] = db
            loss += 0.5 * self.reg * np.sum(W * W)
        return loss, grads
