"""As short as it gets, with other caches."""

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
        self.normalization, self.use_dropout, self.reg = normalization, dropout_keep_ratio != 1, reg
        self.num_layers, self.dtype, d = len(hidden_dims) + 1, dtype, [input_dim, *hidden_dims, num_classes]
        self.params, L = {}, len(hidden_dims) + 1
        for i in range(1, L + 1):
            new = {"W": np.random.normal(scale=weight_scale, size=d[i - 1 : i + 1]), "b": np.zeros(d[i])}
            new |= {"gamma": np.ones(d[i]), "beta": np.zeros(d[i])} if normalization and i < L else {}
            self.params |= {f"{k}{i}": v.astype(dtype) for k, v in new.items()}
        self.bn_params = [{"mode": "train"} for _ in hidden_dims] if normalization else []
        self.dropout_param = {"mode": "train", "p": dropout_keep_ratio} if self.use_dropout else {}
        self.dropout_param |= {"seed": seed} if self.use_dropout and seed is not None else {}

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
                loss += self.reg * np.vdot(value, value) / 2
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
