"""Fully-connected networks."""

from typing import Any

import numpy as np

from .. import layer_utils, layers


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
