"""Sums written by their indices, windows by strides."""

import numpy as np

from .. import layer_utils, layers


class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = dict(
            W1=weight_scale * np.random.randn(input_dim, hidden_dim),
            b1=np.zeros(hidden_dim),
            W2=weight_scale * np.random.randn(hidden_dim, num_classes),
            b2=np.zeros(num_classes),
        )

    def loss(self, X, y=None):
        p = self.params
        rows = X.reshape(len(X), -1)
        hidden = np.maximum(np.einsum("nd,dh->nh", rows, p["W1"]) + p["b1"], 0)
        scores = np.einsum("nh,hc->nc", hidden, p["W2"]) + p["b2"]
        if y is None:
            return scores
        loss, dscores = layers.softmax_loss(scores, y)
        dhidden = np.einsum("nc,hc->nh", dscores, p["W2"]) * (hidden > 0)
        grads = {
            "W1": np.einsum("nd,nh->dh", rows, dhidden) + self.reg * p["W1"],
            "b1": dhidden.sum(axis=0),
            "W2": np.einsum("nh,nc->hc", hidden, dscores) + self.reg * p["W2"],
            "b2": dscores.sum(axis=0),
        }
        penalty = sum(np.einsum("ij,ij->", p[k], p[k]) for k in ("W1", "W2"))
        return loss + self.reg / 2 * penalty, grads
