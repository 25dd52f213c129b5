"""As short as it gets, with other caches."""

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
        F, k, s = num_filters, filter_size, weight_scale
        for i, (shape, n) in enumerate(
            {
                (F, C, k, k): F,
                (F * (H // 2) * (W // 2), hidden_dim): hidden_dim,
                (hidden_dim, num_classes): num_classes,
            }.items(),
            1,
        ):
            self.params[f"W{i}"] = np.random.normal(0, s, shape).astype(dtype)
            self.params[f"b{i}"] = np.zeros(n, dtype)

    def loss(self, X, y=None):
        p, u = self.params, layer_utils
        a, A = u.conv_relu_pool_forward(
            X.astype(self.dtype), p["W1"], p["b1"], self.conv_param, self.pool_param
        )
        b, B = u.affine_relu_forward(a, p["W2"], p["b2"])
        s, S = layers.affine_forward(b, p["W3"], p["b3"])
        if y is None:
            return s
        L, d = layers.softmax_loss(s, y)
        d, W3, b3 = layers.affine_backward(d, S)
        d, W2, b2 = u.affine_relu_backward(d, B)
        _, W1, b1 = u.conv_relu_pool_backward(d, A)
        g = dict(W1=W1, b1=b1, W2=W2, b2=b2, W3=W3, b3=b3)
        for k in ("W1", "W2", "W3"):
            L, g[k] = L + self.reg * (p[k] ** 2).sum() / 2, g[k] + self.reg * p[k]
        return L, g


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
        put = self.params.__setitem__
        for i, (F, k) in enumerate(zip(num_filters, filter_sizes), 1):
            put(f"W_{i}", np.random.normal(0, weight_scale, (F, C, k, k)).astype(dtype))
            put(f"b_{i}", np.zeros(F, dtype))
            if use_batch_norm:
                put(f"gamma{i}", np.ones(F, dtype))
                put(f"beta{i}", np.zeros(F, dtype))
            C, H, W = F, H // 2, W // 2
        put(f"W_{i + 1}", np.random.normal(0, weight_scale, (C * H * W, num_classes)).astype(dtype))
        put(f"b_{i + 1}", np.zeros(num_classes, dtype))

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
            loss += self.reg * np.linalg.norm(p[name]) ** 2 / 2
            grads[name] = grads[name] + self.reg * p[name]
        return loss, grads
