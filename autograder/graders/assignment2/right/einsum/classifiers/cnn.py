"""Sums written by their indices, windows by strides."""

import numpy as np

from .. import layer_utils, layers


class ThreeLayerConvNet:
    def __init__(
        self,
        input_dim=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=np.float32,
    ):
        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        self.reg, self.dtype, self.params = reg, dtype, {}
        C, H, W = input_dim
        features = num_filters * ((H - 2) // 2 + 1) * ((W - 2) // 2 + 1)
        W1 = np.random.standard_normal((num_filters, C, filter_size, filter_size))
        W2 = np.random.standard_normal((features, hidden_dim))
        W3 = np.random.standard_normal((hidden_dim, num_classes))
        biases = [np.zeros(size) for size in (num_filters, hidden_dim, num_classes)]
        made = {"W1": W1, "W2": W2, "W3": W3}
        self.params = {k: (weight_scale * v).astype(dtype) for k, v in made.items()}
        self.params |= {f"b{i}": b.astype(dtype) for i, b in enumerate(biases, 1)}

    def loss(self, X, y=None):
        p, r = self.params, self.reg
        pooled, first = layer_utils.conv_relu_pool_forward(
            X.astype(self.dtype), p["W1"], p["b1"], self.conv_param, self.pool_param
        )
        rows = pooled.reshape(len(X), -1)
        hidden = np.maximum(np.einsum("nd,dh->nh", rows, p["W2"]) + p["b2"], 0)
        scores = np.einsum("nh,hc->nc", hidden, p["W3"]) + p["b3"]
        if y is None:
            return scores
        loss, dscores = layers.softmax_loss(scores, y)
        dhidden = np.einsum("nc,hc->nh", dscores, p["W3"]) * (hidden > 0)
        drows = np.einsum("nh,dh->nd", dhidden, p["W2"])
        _, dW1, db1 = layer_utils.conv_relu_pool_backward(drows.reshape(pooled.shape), first)
        dW2, dW3 = np.einsum("nd,nh->dh", rows, dhidden), np.einsum("nh,nc->hc", hidden, dscores)
        found = {"W1": dW1, "W2": dW2, "W3": dW3}
        grads = {k: g + r * p[k] for k, g in found.items()} | {
            "b1": db1,
            "b2": dhidden.sum(0),
            "b3": dscores.sum(0),
        }
        return loss + r / 2 * sum(np.sum(p[k] ** 2) for k in found), grads


class ConvNet:
    def __init__(
        self,
        input_dim=(3, 32, 32),
        num_filters=(16, 32),
        filter_sizes=(7, 3),
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        use_batch_norm=True,
        dtype=np.float32,
    ):
        self.num_convs, self.use_batch_norm, self.reg, self.dtype = (
            len(num_filters),
            use_batch_norm,
            reg,
            dtype,
        )
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        self.conv_params = [{"stride": 1, "pad": (size - 1) // 2} for size in filter_sizes]
        self.bn_params = [{"mode": "train"} for _ in num_filters] if use_batch_norm else []
        self.params = {}
        C, H, W = input_dim
        shrink = 2 ** len(num_filters)
        shapes = [(F, B, k, k) for F, B, k in zip(num_filters, [C, *num_filters], filter_sizes)]
        shapes.append((num_filters[-1] * (H // shrink) * (W // shrink), num_classes))
        for i, shape in enumerate(shapes, 1):
            self.params[f"W_{i}"] = weight_scale * np.random.standard_normal(shape)
        self.params |= {f"b_{i}": np.zeros(n) for i, n in enumerate([*num_filters, num_classes], 1)}
        for i, F in enumerate(num_filters if use_batch_norm else [], 1):
            self.params |= {f"gamma{i}": np.ones(F), f"beta{i}": np.zeros(F)}
        self.params = {name: value.astype(dtype) for name, value in self.params.items()}

    def loss(self, X, y=None):
        p, L, u = self.params, self.num_convs, layer_utils
        for bn_param in self.bn_params:
            bn_param["mode"] = "train" if y is not None else "test"
        out, back = X.astype(self.dtype), []
        for i in range(1, L + 1):
            first, conv_param = (out, p[f"W_{i}"], p[f"b_{i}"]), self.conv_params[i - 1]
            if self.use_batch_norm:
                norm = p[f"gamma{i}"], p[f"beta{i}"], conv_param, self.bn_params[i - 1]
                out, cache = u.conv_bn_relu_pool_forward(*first, *norm, self.pool_param)
            else:
                out, cache = u.conv_relu_pool_forward(*first, conv_param, self.pool_param)
            back.append(cache)
        scores, cache = layers.affine_forward(out, p[f"W_{L + 1}"], p[f"b_{L + 1}"])
        if y is None:
            return scores
        loss, dout = layers.softmax_loss(scores, y)
        dout, dW, db = layers.affine_backward(dout, cache)
        grads = {f"W_{L + 1}": dW, f"b_{L + 1}": db}
        backward = u.conv_bn_relu_pool_backward if self.use_batch_norm else u.conv_relu_pool_backward
        while back:
            i = len(back)
            dout, *found = backward(dout, back.pop())
            grads.update(zip((f"W_{i}", f"b_{i}", f"gamma{i}", f"beta{i}"), found))
        for name in [name for name in p if name.startswith("W")]:
            loss += self.reg / 2 * np.vdot(p[name], p[name])
            grads[name] = grads[name] + self.reg * p[name]
        return loss, grads
