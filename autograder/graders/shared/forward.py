"""The judge's own forward pass of a trained model, in plain NumPy, float32: architecture, scores.

It shares no code with the library that students complete.
"""

from collections.abc import Callable

import numpy as np

from autograder.checks.checks import fail, same_shape, shown
from autograder.graders.shared.model_file import Model

Scores = Callable[[np.ndarray], np.ndarray]  # pictures -> scores of the classes

IMAGE = (3, 32, 32)
CLASSES = 10
EPS = 1e-5  # of both normalizations, as the library's contract has it
PIECE = 8  # pictures at a time in a convolution: their windows fit the processor's cache better than all
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


def scorer(model: Model) -> Scores:
    """The net as a function from pictures, float32 (N, 3, 32, 32), to scores (N, 10); the architecture must
    have been checked."""
    made: dict[str, Callable[[Model], Scores]] = {
        "TwoLayerNet": _dense,
        "FullyConnectedNet": _dense,
        "ThreeLayerConvNet": _three_layer,
        "ConvNet": _conv_net,
    }
    with np.errstate(all="ignore"):  # absurd but finite weights may overflow: images then count as wrong
        return made[model.kind](model)


def count_right(scores: Scores, X: np.ndarray, y: np.ndarray) -> int:
    """Of how many pictures the largest score is the right one."""
    with np.errstate(all="ignore"):
        found = scores(X.astype(np.float32, copy=False))
    known = np.isfinite(found).all(axis=1)
    return int(((found.argmax(axis=1) == y) & known).sum())


def _dense(model: Model) -> Scores:
    arrays = model.arrays
    depth = layer_count(model, "W", name=model.kind)
    layers = [_folded(model, f"W{layer}", f"b{layer}", layer) for layer in range(1, depth)]

    def scores(x: np.ndarray) -> np.ndarray:
        x = x.reshape(len(x), -1)
        for layer, (w, b) in enumerate(layers, start=1):
            x = x @ w + b
            if model.normalization == "layernorm":
                x = _layer_norm(arrays[f"gamma{layer}"], arrays[f"beta{layer}"], x)
            x = np.maximum(x, 0)
        return x @ arrays[f"W{depth}"] + arrays[f"b{depth}"]

    return scores


def _three_layer(model: Model) -> Scores:
    arrays = model.arrays
    filters = [(arrays["W1"], arrays["b1"])]

    def scores(x: np.ndarray) -> np.ndarray:
        x = np.maximum(_features(filters, x) @ arrays["W2"] + arrays["b2"], 0)
        return x @ arrays["W3"] + arrays["b3"]

    return _in_pieces(scores)


def _conv_net(model: Model) -> Scores:
    arrays = model.arrays
    depth = layer_count(model, "W_", name=model.kind)
    filters = [_folded(model, f"W_{layer}", f"b_{layer}", layer) for layer in range(1, depth)]

    def scores(x: np.ndarray) -> np.ndarray:
        return _features(filters, x) @ arrays[f"W_{depth}"] + arrays[f"b_{depth}"]

    return _in_pieces(scores)


def _in_pieces(scores: Scores) -> Scores:
    def whole(x: np.ndarray) -> np.ndarray:
        return np.concatenate([scores(x[at : at + PIECE]) for at in range(0, len(x), PIECE)])

    return whole


def _folded(model: Model, w: str, b: str, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of a layer, which do the batch norm after it as well.

    gamma (w x + b - mean) / std + beta is (scale w) x + scale (b - mean) + beta, scale = gamma / std.
    """
    arrays = model.arrays
    weights, bias = arrays[w], arrays[b]
    if model.normalization != "batchnorm":
        return weights, bias
    mean, var = (arrays[f"running_{name}{layer}"].astype(np.float64) for name in ("mean", "var"))
    scale = arrays[f"gamma{layer}"] / np.sqrt(var + EPS)
    per_output = scale if weights.ndim == 2 else scale[:, None, None, None]
    shift = (bias - mean) * scale + arrays[f"beta{layer}"]
    return (weights * per_output).astype(np.float32), shift.astype(np.float32)


def _layer_norm(gamma: np.ndarray, beta: np.ndarray, x: np.ndarray) -> np.ndarray:
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return (x - mean) * (gamma / np.sqrt(var + np.float32(EPS))) + beta


def _features(filters: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> np.ndarray:
    """Convolution, pooling and ReLU for each of the filters: one row a picture, in the order (C, H, W).

    In between pictures are (C, H, W, N): whatever is copied or compared is a long run of numbers.
    """
    x = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
    for w, b in filters:
        x = np.maximum(_pool(_convolve(x, w, b)), 0)  # pooling first: the same, on fewer numbers
    return x.reshape(-1, x.shape[3]).T


def _convolve(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Stride 1, padded so that the size stays: one product of all filters with all windows."""
    channels, height, width, count = x.shape
    side = w.shape[2]
    pad = (side - 1) // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.empty((channels, side, side, height, width, count), np.float32)
    for row in range(side):
        for column in range(side):
            windows[:, row, column] = padded[:, row : row + height, column : column + width]
    out = w.reshape(len(w), -1) @ windows.reshape(w[0].size, -1)
    out += b[:, None]
    return out.reshape(len(w), height, width, count)


def _pool(x: np.ndarray) -> np.ndarray:
    """2x2, stride 2; an odd last row or column falls away."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    rows = np.maximum(x[:, 0:height:2], x[:, 1:height:2])
    return np.maximum(rows[:, :, 0:width:2], rows[:, :, 1:width:2])
