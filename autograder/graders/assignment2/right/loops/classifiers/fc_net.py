"""Plain loops over images, rows and classes, as a first draft has them."""

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
        self.normalization, self.reg, self.dtype = normalization, reg, dtype
        self.use_dropout, self.num_layers = dropout_keep_ratio != 1, len(hidden_dims) + 1
        self.params = {}
        before = input_dim
        for i, size in enumerate(list(hidden_dims) + [num_classes], 1):
            self.params[f"W{i}"] = (weight_scale * np.random.randn(before, size)).astype(dtype)
            self.params[f"b{i}"] = np.zeros(size, dtype=dtype)
            before = size
        for i, size in enumerate(hidden_dims, 1):
            if normalization:
                self.params[f"gamma{i}"] = np.ones(size, dtype=dtype)
                self.params[f"beta{i}"] = np.zeros(size, dtype=dtype)
        self.bn_params = []
        for _ in hidden_dims:
            if normalization:
                self.bn_params.append({"mode": "train"})
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout_keep_ratio}
        if self.use_dropout and seed is not None:
            self.dropout_param["seed"] = seed

    def loss(self, X, y=None):
        train = y is not None
        for settings in [self.dropout_param, *self.bn_params]:
            settings["mode"] = "train" if train else "test"
        out, way_back = X.astype(self.dtype), []
        for i in range(1, self.num_layers + 1):
            out = self._layer(i, out, way_back)
        if not train:
            return out
        loss, dout = layers.softmax_loss(out, y)
        grads = {}
        for step in reversed(way_back):
            dout = step(dout, grads)
        for name, value in self.params.items():
            if name.startswith("W"):
                loss += 0.5 * self.reg * np.sum(value**2)
                grads[name] = grads[name] + self.reg * value
        return loss, grads

    def _layer(self, i, x, way_back):
        """One block; what undoes each of its parts goes on a list."""
        p = self.params

        def through(names, backward, cache):
            def step(dout, grads):
                result = backward(dout, cache)
                if not names:
                    return result
                grads.update({f"{name}{i}": grad for name, grad in zip(names, result[1:])})
                return result[0]

            way_back.append(step)

        out, cache = layers.affine_forward(x, p[f"W{i}"], p[f"b{i}"])
        through("Wb", layers.affine_backward, cache)
        if i == self.num_layers:
            return out
        if self.normalization:
            norm = self.normalization
            forward, backward = getattr(layers, norm + "_forward"), getattr(layers, norm + "_backward")
            out, cache = forward(out, p[f"gamma{i}"], p[f"beta{i}"], self.bn_params[i - 1])
            through(("gamma", "beta"), backward, cache)
        out, cache = layers.relu_forward(out)
        through((), layers.relu_backward, cache)
        if self.use_dropout:
            out, cache = layers.dropout_forward(out, self.dropout_param)
            through((), layers.dropout_backward, cache)
        return out
