"""Fully-connected networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import checks, layer_utils, layers


class TwoLayerNet:
    """A network affine - ReLU - affine - softmax, with an L2 penalty on its weights.

    `params` holds W1 (input_dim, hidden_dim), b1 (hidden_dim,), W2 (hidden_dim, num_classes) and
    b2 (num_classes,), float64.
    """

    def __init__(
        self,
        input_dim: int = 3 * 32 * 32,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
    ) -> None:
        """Draw the parameters.

        Args:
            input_dim: D, the number of inputs.
            hidden_dim: the number of hidden units.
            num_classes: C.
            weight_scale: standard deviation of the weights at the start.
            reg: strength of the L2 penalty.
        """
        self.reg = float(reg)
        self.params: dict[str, np.ndarray] = {}
        # TODO: Fill self.params with W1, b1, W2 and b2. Weights are weight_scale * np.random.randn(...), W1
        # drawn before W2; biases are zero.
        raise NotImplementedError("TwoLayerNet.__init__ is not written yet")

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        """Compute the scores, or the loss and its gradients.

        loss = softmax_loss(scores, y) + 0.5 * reg * (sum(W1**2) + sum(W2**2))

        Args:
            X: (N, d_1, ..., d_k) with d_1 * ... * d_k = input_dim.
            y: labels (N,), or None.

        Returns: without y, the scores (N, C). With y, (loss, grads), a number and a dict with the keys and
            shapes of `params`.
        Raises: ValueError when X or y has another shape.
        """
        # TODO: Compute the scores from X. The layers are in layers.py, and layer_utils.py has affine and
        # ReLU in one.
        raise NotImplementedError("TwoLayerNet.loss is not written yet")
        if y is None:
            return scores

        grads: dict[str, np.ndarray] = {}
        # TODO: Compute loss, and the gradient of every parameter in grads. The penalty 0.5 * reg *
        # sum(W**2) is on both weight matrices, not on the biases, and has a gradient too.
        raise NotImplementedError("TwoLayerNet.loss is not written yet")
        return loss, grads


class FullyConnectedNet:
    """A network of any depth: {affine - [norm] - ReLU - [dropout]} x (K - 1) - affine - softmax.

    `params` holds W1, b1, [gamma1, beta1], W2, b2, ..., all of `dtype`. `bn_params` has one dict for each
    normalised layer, where batch norm keeps its running averages.
    """

    def __init__(
        self,
        hidden_dims: Sequence[int],
        input_dim: int = 3 * 32 * 32,
        num_classes: int = 10,
        dropout_keep_ratio: float = 1,
        normalization: str | None = None,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        dtype: DTypeLike = np.float32,
        seed: int | None = None,
    ) -> None:
        """Draw the parameters.

        Args:
            hidden_dims: the number of units of each hidden layer.
            input_dim: D, the number of inputs.
            num_classes: C.
            dropout_keep_ratio: probability of keeping a unit, above 0 and at most 1; 1 means no dropout.
            normalization: None, 'batchnorm' or 'layernorm', before every ReLU.
            reg: strength of the L2 penalty.
            weight_scale: standard deviation of the weights at the start.
            dtype: of parameters and computations; take float64 for gradient checks.
            seed: for the dropout layers, so that a gradient check sees the same masks; None draws anew.

        Raises: ValueError for another normalization or keep ratio.
        """
        if normalization not in (None, "batchnorm", "layernorm"):
            raise ValueError(
                "FullyConnectedNet: normalization must be None, 'batchnorm' or 'layernorm', "
                f"got {normalization!r}"
            )
        keep = checks.keep_ratio("FullyConnectedNet", "dropout_keep_ratio", dropout_keep_ratio)
        self.normalization = normalization
        self.use_dropout = keep != 1
        self.reg = float(reg)
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = np.dtype(dtype)
        self.params: dict[str, np.ndarray] = {}
        # TODO: Fill self.params for all self.num_layers layers, in layer order: W1, b1, W2, ... Weights are
        # weight_scale * np.random.randn(...), biases zero.
        raise NotImplementedError("FullyConnectedNet.__init__ is not written yet")
        self.bn_params: list[dict[str, Any]] = []
        if normalization is not None:
            self.bn_params = [{"mode": "train"} for _ in hidden_dims]
            # TODO for a normalization: Add gamma (ones) and beta (zeros) of every layer but the last to
            # self.params. Then normalise in loss, forwards and backwards. (Notebook BatchNormalization.)
            raise NotImplementedError("FullyConnectedNet for a normalization is not written yet")
        for name, value in self.params.items():
            self.params[name] = value.astype(self.dtype)

        self.dropout_param: dict[str, Any] = {}
        if self.use_dropout:
            # TODO for dropout: Put the mode "train", p and the seed, if there is one, into
            # self.dropout_param. Then drop in loss, forwards and backwards. (Notebook Dropout.)
            raise NotImplementedError("FullyConnectedNet for dropout is not written yet")

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        """Compute the scores in test mode, or the loss and its gradients in train mode.

        loss = softmax_loss(scores, y) + 0.5 * reg * sum over every W of sum(W**2)

        Args:
            X: (N, d_1, ..., d_k) with d_1 * ... * d_k = input_dim; it is computed with in `dtype`.
            y: labels (N,), or None.

        Returns: without y, the scores (N, C). With y, (loss, grads), a number and a dict with the keys and
            shapes of `params`.
        Raises: ValueError when X or y has another shape.
        """
        X = X.astype(self.dtype, copy=False)
        mode = "test" if y is None else "train"
        for param in (self.dropout_param, *self.bn_params):
            if param:
                param["mode"] = mode

        # TODO: Compute the scores. Every layer but the last is affine - [norm] - ReLU - [dropout]; which
        # norm, if any, stands in self.normalization, its settings for layer i in self.bn_params[i - 1],
        # those of dropout in self.dropout_param. Keep the caches for the way back.
        raise NotImplementedError("FullyConnectedNet.loss is not written yet")
        if y is None:
            return scores

        grads: dict[str, np.ndarray] = {}
        # TODO: Compute loss, and the gradient of every parameter in grads, from the last layer back to the
        # first. The penalty 0.5 * reg * sum(W**2) is on every W, the last one too, never on b, gamma or
        # beta.
        raise NotImplementedError("FullyConnectedNet.loss is not written yet")
        return loss, grads
