"""Plain loops over images, rows and classes, as a first draft has them."""

import numpy as np

from .. import layer_utils, layers


class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg, self.params = reg, {}
        sizes = [input_dim, hidden_dim, num_classes]
        for i in (1, 2):
            self.params["W" + str(i)] = weight_scale * np.random.randn(sizes[i - 1], sizes[i])
            self.params["b" + str(i)] = np.zeros(sizes[i])

    def loss(self, X, y=None):
        caches, out = [], X
        for i in (1, 2):
            forward = layer_utils.affine_relu_forward if i == 1 else layers.affine_forward
            out, cache = forward(out, self.params["W" + str(i)], self.params["b" + str(i)])
            caches.append(cache)
        if y is None:
            return out
        loss, dout = layers.softmax_loss(out, y)
        grads = {}
        for i in (2, 1):
            backward = layer_utils.affine_relu_backward if i == 1 else layers.affine_backward
            W = self.params["W" + str(i)]
            dout, dW, grads["b" + str(i)] = backward(dout, caches.pop())
            grads["W" + str(i)] = dW + self.reg * W
            loss += self.reg * 0.5 * (W**2).sum()
        return loss, grads
