"""Every layer and sandwich with arguments to try it on: the table the contract tests run through."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cs_lib import fast_layers, layer_utils, layers


@dataclass(frozen=True)
class LayerCase:
    """A forward function over named arrays, its backward function, and the shapes of the arrays."""

    id: str
    forward: Callable[..., tuple[np.ndarray, Any]]
    backward: Callable[..., Any]
    shapes: dict[str, tuple[int, ...]]
    setting: Callable[[], tuple[Any, ...]] = tuple
    options: dict[str, Any] = field(default_factory=dict)

    def arrays(self, dtype: type = np.float64, seed: int = 0) -> list[np.ndarray]:
        """Draw the arrays anew; they are read-only, so that a write to one raises."""
        rng = np.random.default_rng(seed)
        arrays = [rng.standard_normal(shape).astype(dtype) for shape in self.shapes.values()]
        for array in arrays:
            array.setflags(write=False)
        return arrays

    def run(self, arrays: list[np.ndarray]) -> tuple[np.ndarray, Any]:
        """Call forward with fresh settings."""
        return self.forward(*arrays, *self.setting(), **self.options)

    def gradients(self, dout: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
        """Call backward; always return a tuple."""
        grads = self.backward(dout, cache)
        return grads if isinstance(grads, tuple) else (grads,)


def conv_cases() -> list[LayerCase]:
    """Naive and fast convolution: padded, unpadded, H≠W, strides, windows that leave a rest."""
    shapes = {
        "same": ((2, 3, 5, 4), (2, 3, 3, 3), 1, 1),
        "no_pad": ((2, 2, 4, 6), (3, 2, 3, 2), 1, 0),
        "stride_leaves_rest": ((2, 2, 6, 8), (2, 2, 3, 3), 2, 0),
        "stride_above_window": ((1, 2, 7, 6), (2, 2, 2, 1), 3, 1),
        "pad_above_window": ((1, 2, 3, 4), (2, 2, 2, 2), 1, 3),
        "whole_image": ((2, 2, 3, 5), (2, 2, 3, 5), 1, 0),
    }
    return [
        LayerCase(
            f"conv_{kind}_{name}",
            forward,
            backward,
            {"x": x, "w": w, "b": w[:1]},
            lambda stride=stride, pad=pad: ({"stride": stride, "pad": pad},),
        )
        for name, (x, w, stride, pad) in shapes.items()
        for kind, forward, backward in (
            ("naive", layers.conv_forward_naive, layers.conv_backward_naive),
            ("fast", fast_layers.conv_forward_fast, fast_layers.conv_backward_fast),
        )
    ]


def pool_cases() -> list[LayerCase]:
    """Naive and fast pooling: windows that tile, overlap, leave gaps, leave a rest."""
    shapes = {
        "tiles": ((2, 3, 4, 6), (2, 2, 2)),
        "overlaps": ((2, 2, 5, 6), (3, 3, 1)),
        "oblong_leaves_rest": ((2, 2, 6, 7), (3, 2, 2)),
        "gaps": ((1, 2, 7, 5), (2, 1, 3)),
    }
    return [
        LayerCase(
            f"max_pool_{kind}_{name}",
            forward,
            backward,
            {"x": x},
            lambda pool=pool: (dict(zip(("pool_height", "pool_width", "stride"), pool, strict=True)),),
        )
        for name, (x, pool) in shapes.items()
        for kind, forward, backward in (
            ("naive", layers.max_pool_forward_naive, layers.max_pool_backward_naive),
            ("fast", fast_layers.max_pool_forward_fast, fast_layers.max_pool_backward_fast),
        )
    ]


def norm_cases() -> list[LayerCase]:
    """All normalisation layers; group norm with one group, two, and one a channel."""
    rows = {"x": (4, 5), "gamma": (5,), "beta": (5,)}
    images = {"x": (2, 4, 3, 5), "gamma": (4,), "beta": (4,)}
    grouped = {"x": (2, 4, 3, 5), "gamma": (1, 4, 1, 1), "beta": (1, 4, 1, 1)}

    def train() -> tuple[Any, ...]:
        return ({"mode": "train"},)

    return [
        LayerCase("batchnorm", layers.batchnorm_forward, layers.batchnorm_backward, rows, train),
        LayerCase("batchnorm_alt", layers.batchnorm_forward, layers.batchnorm_backward_alt, rows, train),
        LayerCase("layernorm", layers.layernorm_forward, layers.layernorm_backward, rows, lambda: ({},)),
        LayerCase(
            "spatial_batchnorm",
            layers.spatial_batchnorm_forward,
            layers.spatial_batchnorm_backward,
            images,
            train,
        ),
        *(
            LayerCase(
                f"spatial_groupnorm_{groups}",
                layers.spatial_groupnorm_forward,
                layers.spatial_groupnorm_backward,
                grouped,
                lambda groups=groups: (groups, {}),
            )
            for groups in (1, 2, 4)
        ),
    ]


def plain_cases() -> list[LayerCase]:
    """Affine, ReLU and dropout."""
    affine = {"x": (3, 2, 4), "w": (8, 5), "b": (5,)}
    return [
        LayerCase("affine", layers.affine_forward, layers.affine_backward, affine),
        LayerCase("relu", layers.relu_forward, layers.relu_backward, {"x": (3, 2, 4)}),
        LayerCase(
            "dropout_train",
            layers.dropout_forward,
            layers.dropout_backward,
            {"x": (3, 7)},
            lambda: ({"mode": "train", "p": 0.4, "seed": 5},),
        ),
        LayerCase(
            "dropout_test",
            layers.dropout_forward,
            layers.dropout_backward,
            {"x": (3, 7)},
            lambda: ({"mode": "test", "p": 0.4},),
        ),
    ]


def sandwich_cases() -> list[LayerCase]:
    """The sandwich layers of layer_utils."""
    affine = {"x": (4, 2, 3), "w": (6, 5), "b": (5,)}
    conv = {"x": (2, 2, 4, 6), "w": (3, 2, 3, 3), "b": (3,)}
    conv_param = {"stride": 1, "pad": 1}
    pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}

    def affine_norm(kind: str) -> LayerCase:
        def forward(x: Any, w: Any, b: Any, gamma: Any, beta: Any) -> Any:
            return layer_utils.affine_norm_relu_forward(x, w, b, kind, gamma, beta, {"mode": "train"})

        shapes = {**affine, "gamma": (5,), "beta": (5,)}
        return LayerCase(f"affine_{kind}_relu", forward, layer_utils.affine_norm_relu_backward, shapes)

    return [
        LayerCase("affine_relu", layer_utils.affine_relu_forward, layer_utils.affine_relu_backward, affine),
        affine_norm("batchnorm"),
        affine_norm("layernorm"),
        LayerCase(
            "conv_relu",
            layer_utils.conv_relu_forward,
            layer_utils.conv_relu_backward,
            conv,
            lambda: (conv_param,),
        ),
        LayerCase(
            "conv_relu_pool",
            layer_utils.conv_relu_pool_forward,
            layer_utils.conv_relu_pool_backward,
            conv,
            lambda: (conv_param, pool_param),
        ),
        LayerCase(
            "conv_bn_relu_pool",
            layer_utils.conv_bn_relu_pool_forward,
            layer_utils.conv_bn_relu_pool_backward,
            {**conv, "gamma": (3,), "beta": (3,)},
            lambda: (conv_param, {"mode": "train"}, pool_param),
        ),
    ]


CASES = [*plain_cases(), *norm_cases(), *conv_cases(), *pool_cases(), *sandwich_cases()]
