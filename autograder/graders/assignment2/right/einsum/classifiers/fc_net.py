"""Sums written by their indices, windows by strides."""

import numpy as np

from .. import layer_utils, layers


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
        self.use_dropout, self.num_layers = dropout_keep_ratio < 1, len(hidden_dims) + 1
        shapes = list(zip([input_dim, *hidden_dims], [*hidden_dims, num_classes]))
        drawn = [weight_scale * np.random.standard_normal(shape) for shape in shapes]
        self.params = {f"W{i}": W.astype(dtype) for i, W in enumerate(drawn, 1)}
        self.params |= {f"b{i}": np.zeros(shape[1], dtype) for i, shape in enumerate(shapes, 1)}
        normed = list(enumerate(hidden_dims, 1)) if normalization else []
        self.params |= {f"gamma{i}": np.ones(size, dtype) for i, size in normed}
        self.params |= {f"beta{i}": np.zeros(size, dtype) for i, size in normed}
        self.bn_params = [dict(mode="train") for _ in normed]
        self.dropout_param = dict(mode="train", p=dropout_keep_ratio) if self.use_dropout else {}
        if self.use_dropout and seed is not None:
            self.dropout_param["seed"] = seed

    def loss(self, X, y=None):
        mode, p, L = ("test" if y is None else "train"), self.params, self.num_layers
        self.dropout_param.update(mode=mode)
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        h, caches = X.astype(self.dtype), {}
        for i in range(1, L):
            given = (p[f"gamma{i}"], p[f"beta{i}"], self.bn_params[i - 1]) if self.normalization else ()
            h, caches[i] = layer_utils.affine_norm_relu_forward(
                h, p[f"W{i}"], p[f"b{i}"], self.normalization, *given
            )
            if self.use_dropout:
                h, caches[-i] = layers.dropout_forward(h, self.dropout_param)
        scores, caches[L] = layers.affine_forward(h, p[f"W{L}"], p[f"b{L}"])
        if y is None:
            return scores
        loss, dout = layers.softmax_loss(scores, y)
        grads = {}
        dout, grads[f"W{L}"], grads[f"b{L}"] = layers.affine_backward(dout, caches[L])
        for i in reversed(range(1, L)):
            if self.use_dropout:
                dout = layers.dropout_backward(dout, caches[-i])
            dout, *found = layer_utils.affine_norm_relu_backward(dout, caches[i])
            grads.update({f"{k}{i}": g for k, g in zip(("W", "b", "gamma", "beta"), found) if g is not None})
        weights = [k for k in p if k[0] == "W"]
        grads.update({k: grads[k] + self.reg * p[k] for k in weights})
        return loss + self.reg / 2 * sum(np.einsum("ij,ij->", p[k], p[k]) for k in weights), grads
