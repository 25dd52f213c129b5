"""As the notes draw it: one step a line, everything kept."""

import numpy as np

from .. import layer_utils, layers


class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = np.random.randn(input_dim, hidden_dim) * weight_scale
        self.params["b1"] = np.zeros((hidden_dim,))
        self.params["W2"] = np.random.randn(hidden_dim, num_classes) * weight_scale
        self.params["b2"] = np.zeros((num_classes,))

    def loss(self, X, y=None):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        a, affine1_cache = layers.affine_forward(X, W1, b1)
        h, relu_cache = layers.relu_forward(a)
        scores, affine2_cache = layers.affine_forward(h, W2, b2)
        if y is None:
            return scores
        grads = {}
        data_loss, dscores = layers.softmax_loss(scores, y)
        loss = data_loss + 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        dh, dW2, db2 = layers.affine_backward(dscores, affine2_cache)
        da = layers.relu_backward(dh, relu_cache)
        dX, dW1, db1 = layers.affine_backward(da, affine1_cache)
        grads["W1"] = dW1 + self.reg * W1
        grads["W2"] = dW2 + self.reg * W2
        grads["b1"], grads["b2"] = db1, db2
        return loss, grads
