"""Convolutional networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import checks, layer_utils, layers

POOL_PARAM = {"pool_height": 2, "pool_width": 2, "stride": 2}


class ThreeLayerConvNet:
    """A network conv - ReLU - 2x2 max pool - affine - ReLU - affine - softmax, with an L2 penalty.

    `params` holds W1 (num_filters, C, filter_size, filter_size), b1, W2 (..., hidden_dim), b2,
    W3 (hidden_dim, num_classes) and b3, all of `dtype`. The convolution keeps the size of the image.
    """

    def __init__(
        self,
        input_dim: tuple[int, int, int] = (3, 32, 32),
        num_filters: int = 32,
        filter_size: int = 7,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        """Draw the parameters.

        Args:
            input_dim: (C, H, W) of an image.
            num_filters: F.
            filter_size: height and width of the filters; odd, so that the padding can keep the image's
                size.
            hidden_dim: the number of units of the hidden affine layer.
            num_classes: the number of classes.
            weight_scale: standard deviation of the weights at the start.
            reg: strength of the L2 penalty.
            dtype: of parameters and computations; take float64 for gradient checks.

        Raises: ValueError for an even filter size or an image too small to pool.
        """
        conv_param, pooled = _same_size_conv("ThreeLayerConvNet", filter_size, input_dim[1:])
        self.conv_param = conv_param
        self.pool_param = dict(POOL_PARAM)
        self.reg = float(reg)
        self.dtype = np.dtype(dtype)
        self.params: dict[str, np.ndarray] = {}
        # TODO: Fill self.params with W1, b1, W2, b2, W3 and b3. Weights are weight_scale *
        # np.random.randn(...), drawn in this order; biases are zero. pooled is the (height, width) that the
        # pooling layer puts out.
        raise NotImplementedError("ThreeLayerConvNet.__init__ is not written yet")
        for name, value in self.params.items():
            self.params[name] = value.astype(self.dtype)

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        """Compute the scores, or the loss and its gradients.

        loss = softmax_loss(scores, y) + 0.5 * reg * (sum(W1**2) + sum(W2**2) + sum(W3**2))

        Args:
            X: (N, C, H, W); it is computed with in `dtype`.
            y: labels (N,), or None.

        Returns: without y, the scores (N, num_classes). With y, (loss, grads), a number and a dict with the
            keys and shapes of `params`.
        Raises: ValueError when X or y has another shape.
        """
        X = X.astype(self.dtype, copy=False)
        # TODO: Compute the scores from X. layer_utils.py has the first three layers in one, and the next
        # two. self.conv_param and self.pool_param are ready to use.
        raise NotImplementedError("ThreeLayerConvNet.loss is not written yet")
        if y is None:
            return scores

        grads: dict[str, np.ndarray] = {}
        # TODO: Compute loss, and the gradient of every parameter in grads. The penalty 0.5 * reg *
        # sum(W**2) is on all three weights, not on the biases.
        raise NotImplementedError("ThreeLayerConvNet.loss is not written yet")
        return loss, grads


class ConvNet:
    """A network of any depth: {conv - [spatial batch norm] - ReLU - 2x2 max pool} x K - affine - softmax.

    `params` holds W_1, b_1, [gamma1, beta1], W_2, b_2, ..., all of `dtype`; W_<K+1>, b_<K+1> are those of
    the affine layer. The convolutions keep the size of the image; every pooling halves it. `bn_params` has
    one dict for each batch norm, where it keeps its running averages.
    """

    def __init__(
        self,
        input_dim: tuple[int, int, int] = (3, 32, 32),
        num_filters: Sequence[int] = (16, 32),
        filter_sizes: Sequence[int] = (7, 3),
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        use_batch_norm: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        """Draw the parameters.

        Args:
            input_dim: (C, H, W) of an image.
            num_filters, filter_sizes: one number for each convolution; sizes are odd, so that the padding
                can keep the image's size.
            num_classes: the number of classes.
            weight_scale: standard deviation of the weights at the start.
            reg: strength of the L2 penalty.
            use_batch_norm: normalise after every convolution.
            dtype: of parameters and computations; take float64 for gradient checks.

        Raises: ValueError when the two lists differ in length, for an even filter size, or an image too
            small to pool so often.
        """
        if len(num_filters) != len(filter_sizes):
            raise ValueError(
                f"ConvNet: num_filters and filter_sizes must be of one length, got {len(num_filters)} and "
                f"{len(filter_sizes)}"
            )
        self.num_convs = len(num_filters)
        self.use_batch_norm = use_batch_norm
        self.reg = float(reg)
        self.dtype = np.dtype(dtype)
        self.pool_param = dict(POOL_PARAM)
        self.conv_params: list[dict[str, int]] = []
        size: tuple[int, ...] = input_dim[1:]
        for filter_size in filter_sizes:
            conv_param, size = _same_size_conv("ConvNet", filter_size, size)
            self.conv_params.append(conv_param)
        self.params: dict[str, np.ndarray] = {}
        # TODO: Fill self.params for all self.num_convs convolutions and the affine layer, in layer order.
        # Weights are weight_scale * np.random.randn(...), biases zero; with batch norm every convolution
        # also has gamma (ones) and beta (zeros), one number a filter. size is the (height, width) after the
        # last pooling.
        raise NotImplementedError("ConvNet.__init__ is not written yet")
        for name, value in self.params.items():
            self.params[name] = value.astype(self.dtype)
        self.bn_params: list[dict[str, Any]] = [{"mode": "train"} for _ in num_filters if use_batch_norm]

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        """Compute the scores in test mode, or the loss and its gradients in train mode.

        loss = softmax_loss(scores, y) + 0.5 * reg * sum over every W of sum(W**2)

        Args:
            X: (N, C, H, W); it is computed with in `dtype`.
            y: labels (N,), or None.

        Returns: without y, the scores (N, num_classes). With y, (loss, grads), a number and a dict with the
            keys and shapes of `params`.
        Raises: ValueError when X or y has another shape.
        """
        X = X.astype(self.dtype, copy=False)
        for bn_param in self.bn_params:
            bn_param["mode"] = "test" if y is None else "train"
        # TODO: Compute the scores. layer_utils.py has conv - ReLU - pool and conv - batch norm - ReLU -
        # pool in one. Convolution i takes self.conv_params[i - 1] and, with batch norm, self.bn_params[i -
        # 1]. Keep the caches for the way back.
        raise NotImplementedError("ConvNet.loss is not written yet")
        if y is None:
            return scores

        grads: dict[str, np.ndarray] = {}
        # TODO: Compute loss, and the gradient of every parameter in grads, from the last layer back to the
        # first. The penalty 0.5 * reg * sum(W**2) is on every W, that of the affine layer too, never on b,
        # gamma or beta.
        raise NotImplementedError("ConvNet.loss is not written yet")
        return loss, grads


def _same_size_conv(
    where: str, filter_size: int, size: Sequence[int]
) -> tuple[dict[str, int], tuple[int, ...]]:
    """Return the settings of a convolution that keeps the image's size, and the size after pooling."""
    checks.integers(where, {"filter_size": filter_size}, filter_size=1)
    if filter_size % 2 == 0:
        raise ValueError(f"{where}: filter_size must be odd to keep the image's size, got {filter_size}")
    pool, stride = POOL_PARAM["pool_height"], POOL_PARAM["stride"]
    pooled = tuple(checks.output_size(where, n, pool, stride) for n in size)
    return {"stride": 1, "pad": (filter_size - 1) // 2}, pooled
