"""As the notes draw it: one step a line, everything kept."""

import numpy as np

from .. import fast_layers, layers


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
        self.params["W1"] = weight_scale * np.random.randn(num_filters, C, filter_size, filter_size)
        self.params["b1"] = np.zeros(num_filters)
        self.params["W2"] = weight_scale * np.random.randn(num_filters * (H // 2) * (W // 2), hidden_dim)
        self.params["b2"] = np.zeros(hidden_dim)
        self.params["W3"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b3"] = np.zeros(num_classes)
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        W3, b3 = self.params["W3"], self.params["b3"]
        a1, conv_cache = fast_layers.conv_forward_fast(X.astype(self.dtype), W1, b1, self.conv_param)
        r1, relu1_cache = layers.relu_forward(a1)
        p1, pool_cache = fast_layers.max_pool_forward_fast(r1, self.pool_param)
        a2, affine2_cache = layers.affine_forward(p1, W2, b2)
        r2, relu2_cache = layers.relu_forward(a2)
        scores, affine3_cache = layers.affine_forward(r2, W3, b3)
        if y is None:
            return scores
        loss, dscores = layers.softmax_loss(scores, y)
        loss += 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2) + np.sum(W3 * W3))
        dr2, dW3, db3 = layers.affine_backward(dscores, affine3_cache)
        da2 = layers.relu_backward(dr2, relu2_cache)
        dp1, dW2, db2 = layers.affine_backward(da2, affine2_cache)
        dr1 = fast_layers.max_pool_backward_fast(dp1, pool_cache)
        da1 = layers.relu_backward(dr1, relu1_cache)
        dX, dW1, db1 = fast_layers.conv_backward_fast(da1, conv_cache)
        grads = {"W1": dW1 + self.reg * W1, "W2": dW2 + self.reg * W2, "W3": dW3 + self.reg * W3}
        grads.update(b1=db1, b2=db2, b3=db3)
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
        before = C
        for i in range(self.num_convs):
            k = filter_sizes[i]
            self.params["W_%d" % (i + 1)] = weight_scale * np.random.randn(num_filters[i], before, k, k)
            self.params["b_%d" % (i + 1)] = np.zeros(num_filters[i])
            if use_batch_norm:
                self.params["gamma%d" % (i + 1)] = np.ones(num_filters[i])
                self.params["beta%d" % (i + 1)] = np.zeros(num_filters[i])
            before = num_filters[i]
            H, W = H // 2, W // 2
        last = self.num_convs + 1
        self.params["W_%d" % last] = weight_scale * np.random.randn(before * H * W, num_classes)
        self.params["b_%d" % last] = np.zeros(num_classes)
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        mode = "test" if y is None else "train"
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        h, caches = X.astype(self.dtype), []
        for i in range(1, self.num_convs + 1):
            h, conv_cache = fast_layers.conv_forward_fast(
                h, self.params["W_%d" % i], self.params["b_%d" % i], self.conv_params[i - 1]
            )
            norm_cache = None
            if self.use_batch_norm:
                h, norm_cache = layers.spatial_batchnorm_forward(
                    h, self.params["gamma%d" % i], self.params["beta%d" % i], self.bn_params[i - 1]
                )
            h, relu_cache = layers.relu_forward(h)
            h, pool_cache = fast_layers.max_pool_forward_fast(h, self.pool_param)
            caches.append((conv_cache, norm_cache, relu_cache, pool_cache))
        last = self.num_convs + 1
        scores, affine_cache = layers.affine_forward(
            h, self.params["W_%d" % last], self.params["b_%d" % last]
        )
        if y is None:
            return scores
        grads = {}
        loss, dscores = layers.softmax_loss(scores, y)
        dh, grads["W_%d" % last], grads["b_%d" % last] = layers.affine_backward(dscores, affine_cache)
        for i in range(self.num_convs, 0, -1):
            conv_cache, norm_cache, relu_cache, pool_cache = caches[i - 1]
            dh = fast_layers.max_pool_backward_fast(dh, pool_cache)
            dh = layers.relu_backward(dh, relu_cache)
            if self.use_batch_norm:
                dh, dgamma, dbeta = layers.spatial_batchnorm_backward(dh, norm_cache)
                grads["gamma%d" % i], grads["beta%d" % i] = dgamma, dbeta
            dh, grads["W_%d" % i], grads["b_%d" % i] = fast_layers.conv_backward_fast(dh, conv_cache)
        for i in range(1, last + 1):
            W = self.params["W_%d" % i]
            loss += 0.5 * self.reg * np.sum(W * W)
            grads["W_%d" % i] = grads["W_%d" % i] + self.reg * W
        return loss, grads
