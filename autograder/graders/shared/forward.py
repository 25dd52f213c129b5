"""The judge's own forward pass of a trained model, in plain NumPy, float32: architecture, scores, accuracy.

It shares no code with the library that students complete.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.checks.checks import fail, same_shape, shown
from autograder.graders.shared.model_file import Model

IMAGE = (3, 32, 32)
CLASSES = 10
EPS = 1e-5  # of both normalizations, as the library's contract has it
BATCH = 20  # images at a time: their windows fit the processor's cache better than all at once
MAX_WORK = 100e6  # products an image; the course's largest net takes 16e6, 1,000 images of this some seconds
COPIED = 64  # products that take as long as it takes to copy one number into a window
MAX_LAYERS = 30


def layer_count(model: Model, prefix: str, *, name: str) -> int:
    """How many weight arrays W1, W2, ... (or W_1, ...) there are, without a gap."""
    count = 0
    while f"{prefix}{count + 1}" in model.arrays:
        count += 1
    if not 1 <= count <= MAX_LAYERS:
        fail("type", f"{name}: a {model.kind} has 1 to {MAX_LAYERS} weight arrays {prefix}1, {prefix}2, ...")
    return count


class _Shapes:
    """Collects what the architecture must hold; checks each array as it is named."""

    def __init__(self, model: Model, name: str) -> None:
        self.model, self.name = model, name
        self.used: set[str] = set()
        self.work = 0.0

    def weight(self, key: str, ndim: int) -> np.ndarray:
        value = self.array(key)
        if value.ndim != ndim:
            fail("shape", f"{self.name}: {key} has {value.ndim} axes; in a {self.model.kind} it has {ndim}.")
        return value

    def array(self, key: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
        self.used.add(key)
        if key not in self.model.arrays:
            fail(
                "type", f"{self.name}: {key} is missing from this {self.model.kind}. Save it with save_model."
            )
        value = self.model.arrays[key]
        return value if shape is None else same_shape(value, shape, name=f"{self.name}: {key}")

    def affine(self, w: str, b: str, inputs: int) -> int:
        outputs = self.weight(w, 2).shape[1]
        self.array(w, (inputs, outputs))
        self.array(b, (outputs,))
        self.work += inputs * outputs
        return outputs

    def norm(self, layer: int, width: int) -> None:
        kind = self.model.normalization
        keys = ["gamma", "beta"] if kind else []
        keys += ["running_mean", "running_var"] if kind == "batchnorm" else []
        for key in keys:
            self.array(f"{key}{layer}", (width,))
        if kind == "batchnorm" and (self.array(f"running_var{layer}") < 0).any():
            fail("value", f"{self.name}: running_var{layer} is negative; a variance cannot be.")

    def finish(self, outputs: int) -> None:
        if outputs != CLASSES:
            fail("shape", f"{self.name} gives {outputs} scores an image; CIFAR-10 has {CLASSES} classes.")
        extra = sorted(set(self.model.arrays) - self.used)
        if extra:
            known = f"a {self.model.kind} with normalization {self.model.normalization}"
            fail("type", f"{self.name} holds {shown(extra[0])}, which does not belong to {known}.")
        if self.work > MAX_WORK:
            fail("value", f"{self.name}: the net is too large to be evaluated here. Hand in a smaller one.")

    def filters(self, w: str, b: str, channels: int, side: int) -> int:
        count, _, height, width = self.weight(w, 4).shape
        self.array(w, (count, channels, height, width))
        self.array(b, (count,))
        if height != width or height % 2 == 0 or height > IMAGE[1]:
            fail(
                "shape",
                f"{self.name}: {w} has filters of {height}x{width}; they must be square and of odd size.",
            )
        self.work += (count + COPIED) * channels * height * width * side * side
        return count


def check_architecture(model: Model, *, name: str) -> None:
    """Every array of the kind of net is there, fits its neighbours, and nothing else is."""
    shapes = _Shapes(model, name)
    {
        "TwoLayerNet": _check_dense,
        "FullyConnectedNet": _check_dense,
        "ThreeLayerConvNet": _check_three_layer,
    }.get(model.kind, _check_conv)(model, shapes)


def _check_dense(model: Model, shapes: _Shapes) -> None:
    width, depth = int(np.prod(IMAGE)), layer_count(model, "W", name=shapes.name)
    if model.kind == "TwoLayerNet" and (depth != 2 or model.normalization):
        fail("type", f"{shapes.name}: a TwoLayerNet has W1, b1, W2 and b2.")
    for layer in range(1, depth + 1):
        width = shapes.affine(f"W{layer}", f"b{layer}", width)
        if layer < depth:
            shapes.norm(layer, width)
    shapes.finish(width)


def _check_three_layer(model: Model, shapes: _Shapes) -> None:
    channels = shapes.filters("W1", "b1", IMAGE[0], IMAGE[1])
    if model.normalization:
        fail("type", f"{shapes.name}: a ThreeLayerConvNet has no normalization.")
    width = shapes.affine("W2", "b2", channels * (IMAGE[1] // 2) ** 2)
    shapes.finish(shapes.affine("W3", "b3", width))


def _check_conv(model: Model, shapes: _Shapes) -> None:
    if model.normalization == "layernorm":
        fail("type", f"{shapes.name}: a ConvNet has batch normalization or none.")
    depth = layer_count(model, "W_", name=shapes.name)
    channels, side = IMAGE[0], IMAGE[1]
    for layer in range(1, depth):
        channels = shapes.filters(f"W_{layer}", f"b_{layer}", channels, side)
        shapes.norm(layer, channels)
        side //= 2
        if side == 0:
            fail("shape", f"{shapes.name}: too many layers with pooling for an image of {IMAGE[1]} pixels.")
    shapes.finish(shapes.affine(f"W_{depth}", f"b_{depth}", channels * side * side))


def accuracy(model: Model, X: np.ndarray, y: np.ndarray) -> float:
    """Share of images whose largest score is the right one; the architecture must have been checked."""
    forward: Callable[[Model, np.ndarray], np.ndarray] = {
        "TwoLayerNet": _dense,
        "FullyConnectedNet": _dense,
        "ThreeLayerConvNet": _three_layer,
        "ConvNet": _conv_net,
    }[model.kind]
    right = 0
    with np.errstate(all="ignore"):  # absurd but finite weights may overflow: the image then counts as wrong
        for start in range(0, len(X), BATCH):
            scores = forward(model, X[start : start + BATCH].astype(np.float32))
            known = np.isfinite(scores).all(axis=1)
            right += int(((scores.argmax(axis=1) == y[start : start + BATCH]) & known).sum())
    return right / len(X)


def _dense(model: Model, x: np.ndarray) -> np.ndarray:
    arrays = model.arrays
    depth = layer_count(model, "W", name=model.kind)
    x = x.reshape(len(x), -1)
    for layer in range(1, depth):
        x = x @ arrays[f"W{layer}"] + arrays[f"b{layer}"]
        x = np.maximum(_norm(model, layer, x), 0)
    return x @ arrays[f"W{depth}"] + arrays[f"b{depth}"]


def _three_layer(model: Model, x: np.ndarray) -> np.ndarray:
    arrays = model.arrays
    x = np.maximum(_pool(_convolve(_channels_last(x), arrays["W1"], arrays["b1"])), 0)
    x = np.maximum(_flat(x) @ arrays["W2"] + arrays["b2"], 0)
    return x @ arrays["W3"] + arrays["b3"]


def _conv_net(model: Model, x: np.ndarray) -> np.ndarray:
    arrays = model.arrays
    depth = layer_count(model, "W_", name=model.kind)
    x = _channels_last(x)
    for layer in range(1, depth):
        x = _convolve(x, arrays[f"W_{layer}"], arrays[f"b_{layer}"])
        x = np.maximum(_pool(_norm(model, layer, x)), 0)  # pooling first: the same, on fewer numbers
    return _flat(x) @ arrays[f"W_{depth}"] + arrays[f"b_{depth}"]


def _norm(model: Model, layer: int, x: np.ndarray) -> np.ndarray:
    """Test-mode normalization over the last axis's features."""
    if model.normalization is None:
        return x
    arrays = model.arrays
    if model.normalization == "batchnorm":
        mean, var = arrays[f"running_mean{layer}"], arrays[f"running_var{layer}"]
    else:
        mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    scale = arrays[f"gamma{layer}"] / np.sqrt(var + np.float32(EPS))
    return (x - mean) * scale + arrays[f"beta{layer}"]


def _channels_last(x: np.ndarray) -> np.ndarray:
    """Pictures as (N, H, W, C): windows are copied in longer pieces, half the time for the course's nets."""
    return x.transpose(0, 2, 3, 1)


def _flat(x: np.ndarray) -> np.ndarray:
    """One row a picture, in the order of (C, H, W) that the affine layer's weights are for."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1)


def _convolve(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Stride 1, padded so that the size stays: one product of all windows with all filters."""
    side = w.shape[2]
    pad = (side - 1) // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(padded, (side, side), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    out = windows.reshape(-1, w[0].size) @ w.transpose(2, 3, 1, 0).reshape(-1, len(w)) + b
    return out.reshape(*x.shape[:3], len(w))


def _pool(x: np.ndarray) -> np.ndarray:
    """2x2, stride 2; an odd last row or column falls away."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    rows = np.maximum(x[:, 0:height:2], x[:, 1:height:2])
    return np.maximum(rows[:, :, 0:width:2], rows[:, :, 1:width:2])
