"""Plain loops over images, rows and classes, as a first draft has them."""

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
        shapes = [(num_filters, C, filter_size, filter_size), (num_filters * (H // 2) * (W // 2), hidden_dim)]
        shapes.append((hidden_dim, num_classes))
        for i, (shape, bias) in enumerate(zip(shapes, (num_filters, hidden_dim, num_classes)), 1):
            self.params[f"W{i}"] = np.asarray(weight_scale * np.random.randn(*shape), dtype=dtype)
            self.params[f"b{i}"] = np.zeros(bias, dtype=dtype)

    def loss(self, X, y=None):
        p = self.params
        steps = [
            (layer_utils.conv_relu_pool_forward, layer_utils.conv_relu_pool_backward),
            (layer_utils.affine_relu_forward, layer_utils.affine_relu_backward),
            (layers.affine_forward, layers.affine_backward),
        ]
        out, caches = X.astype(self.dtype), []
        for i, (forward, _) in enumerate(steps, 1):
            more = (self.conv_param, self.pool_param) if i == 1 else ()
            out, cache = forward(out, p[f"W{i}"], p[f"b{i}"], *more)
            caches.append(cache)
        if y is None:
            return out
        loss, dout = layers.softmax_loss(out, y)
        grads = {}
        for i in (3, 2, 1):
            dout, grads[f"W{i}"], grads[f"b{i}"] = steps[i - 1][1](dout, caches[i - 1])
            grads[f"W{i}"] = grads[f"W{i}"] + self.reg * p[f"W{i}"]
            loss += 0.5 * self.reg * np.sum(np.square(p[f"W{i}"]))
        return loss, grads


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
        sizes, channels = list(filter_sizes), [C, *num_filters]
        for i in range(1, len(channels)):
            shape = (channels[i], channels[i - 1], sizes[i - 1], sizes[i - 1])
            self.params[f"W_{i}"] = (weight_scale * np.random.randn(*shape)).astype(dtype)
            self.params[f"b_{i}"] = np.zeros(channels[i], dtype)
            H, W = (H - 2) // 2 + 1, (W - 2) // 2 + 1
        for i, F in enumerate(num_filters, 1):
            if use_batch_norm:
                self.params[f"gamma{i}"], self.params[f"beta{i}"] = np.ones(F, dtype), np.zeros(F, dtype)
        top = len(channels)
        self.params[f"W_{top}"] = (weight_scale * np.random.randn(channels[-1] * H * W, num_classes)).astype(
            dtype
        )
        self.params[f"b_{top}"] = np.zeros(num_classes, dtype)

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
            loss += 0.5 * self.reg * np.sum(p[name] ** 2)
            grads[name] = grads[name] + self.reg * p[name]
        return loss, grads
