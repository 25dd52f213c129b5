# ruff: noqa
from builtins import range, object
import numpy as np

from cs231n.layers import *
from cs231n.layer_utils import *


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)

    def loss(self, X, y=None):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        h, cache1 = affine_relu_forward(X, W1, b1)
        scores, cache2 = affine_forward(h, W2, b2)
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        loss += 0.5 * self.reg * ((W1**2).sum() + (W2**2).sum())
        grads = {}
        d, dW2, grads["b2"] = affine_backward(d, cache2)
        _, dW1, grads["b1"] = affine_relu_backward(d, cache1)
        grads["W1"], grads["W2"] = dW1 + self.reg * W1, dW2 + self.reg * W2
        return loss, grads


class FullyConnectedNet(object):
    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout=1,
        use_batchnorm=False,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        self.use_batchnorm = use_batchnorm
        self.use_dropout = dropout != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        dims = [input_dim] + list(hidden_dims) + [num_classes]
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = weight_scale * np.random.randn(dims[i], dims[i + 1])
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1])
            if use_batchnorm and i < self.num_layers - 1:
                self.params["gamma%d" % (i + 1)] = np.ones(dims[i + 1])
                self.params["beta%d" % (i + 1)] = np.zeros(dims[i + 1])
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout}
            if seed is not None:
                self.dropout_param["seed"] = seed
        self.bn_params = [{"mode": "train"} for _ in range(self.num_layers - 1)] if use_batchnorm else []
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout:
            self.dropout_param["mode"] = mode
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        h, caches = X, []
        for i in range(1, self.num_layers):
            h, fc = affine_forward(h, self.params["W%d" % i], self.params["b%d" % i])
            bn = do = None
            if self.use_batchnorm:
                h, bn = batchnorm_forward(
                    h, self.params["gamma%d" % i], self.params["beta%d" % i], self.bn_params[i - 1]
                )
            h, relu = relu_forward(h)
            if self.use_dropout:
                h, do = dropout_forward(h, self.dropout_param)
            caches.append((fc, bn, relu, do))
        L = self.num_layers
        scores, last = affine_forward(h, self.params["W%d" % L], self.params["b%d" % L])
        if mode == "test":
            return scores
        loss, d = softmax_loss(scores, y)
        grads = {}
        d, grads["W%d" % L], grads["b%d" % L] = affine_backward(d, last)
        for i in range(L - 1, 0, -1):
            fc, bn, relu, do = caches[i - 1]
            if self.use_dropout:
                d = dropout_backward(d, do)
            d = relu_backward(d, relu)
            if self.use_batchnorm:
                d, grads["gamma%d" % i], grads["beta%d" % i] = batchnorm_backward(d, bn)
            d, grads["W%d" % i], grads["b%d" % i] = affine_backward(d, fc)
        for i in range(1, L + 1):
            W = self.params["W%d" % i]
            loss += 0.5 * self.reg * (W**2).sum()
            grads["W%d" % i] += self.reg * W
        return loss, grads
