"""Results of every layer by PyTorch, in float64 on the CPU; make_expected.py writes them down.

Inputs are drawn from NumPy's frozen RandomState and rounded, so that they can be read; they differ from those
of the notebooks.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

EPS = 1e-5
GAP = 1e-2  # the two largest entries of a pooling window, and a ReLU's input and 0, stay this far apart

Arrays = dict[str, Any]
Entry = tuple[str, Arrays]  # where the results come from, and the arrays

AUTOGRAD = "gradients by torch.autograd"
ROWS = "means and biased variances written out"


def tensor(value: Any, grad: bool = False) -> torch.Tensor:
    return torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=grad)


def plain(values: Arrays) -> dict[str, np.ndarray]:
    return {
        k: v.detach().numpy() if isinstance(v, torch.Tensor) else np.asarray(v) for k, v in values.items()
    }


class Draw:
    """Rounded random inputs."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.RandomState(seed)

    def normal(self, *shape: int, scale: float = 1.0, shift: float = 0.0, digits: int = 2) -> np.ndarray:
        return np.round(self.random.standard_normal(shape) * scale + shift, digits)

    def away_from_zero(self, *shape: int) -> np.ndarray:
        """Between 0.4 and 2, some negative: a scale factor whose loss shows."""
        size = np.round(self.random.uniform(0.4, 2.0, shape), 2)
        return size * self.random.choice([-1.0, 1.0], shape)

    def distinct(self, *shape: int, shift: float = 0.0) -> np.ndarray:
        """No two entries alike: every pooling window has one maximum, a clear one."""
        size = int(np.prod(shape))
        return np.round((self.random.permutation(size) - size / 2) * 2 * GAP + shift, 3).reshape(shape)


def with_gradients(function: Any, dout: np.ndarray, **inputs: np.ndarray) -> Arrays:
    """out = function(**inputs), and d(sum(dout * out)) by each input."""
    given = {name: tensor(value, grad=True) for name, value in inputs.items()}
    out = function(**given)
    grads = torch.autograd.grad(out, list(given.values()), tensor(dout))
    return {**inputs, "dout": dout, "out": out, **{f"d{n}": g for n, g in zip(given, grads, strict=True)}}


# --- batch normalisation ------------------------------------------------------------------------


def batch_norm(x: Any, gamma: Any, beta: Any) -> torch.Tensor:
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=EPS)


def running(batches: list[np.ndarray], momentum: float, mean: Any, var: Any) -> tuple[Any, Any]:
    """Running statistics over all axes but the second, after the batches were seen in turn."""
    mean, var = tensor(mean), tensor(var)
    for batch in map(tensor, batches):
        axes = [axis for axis in range(batch.ndim) if axis != 1]
        mean = momentum * mean + (1 - momentum) * batch.mean(axes)
        var = momentum * var + (1 - momentum) * batch.var(axes, correction=0)
    return mean, var


def batchnorm_train(shape: tuple[int, ...], seed: int, scale: float = 4.0) -> Arrays:
    draw, channels = Draw(seed), shape[1]
    shifts = draw.normal(channels, scale=9.0).reshape(1, -1, *[1] * (len(shape) - 2))
    digits = 2 if scale > 1 else 5
    x = draw.normal(*shape, scale=scale, digits=digits) + shifts
    gamma, beta = draw.away_from_zero(channels), draw.normal(channels)
    return with_gradients(batch_norm, draw.normal(*shape), x=x, gamma=gamma, beta=beta)


def batchnorm_running(
    shape: tuple[int, ...], seed: int, passes: int, momentum: float, zero: bool, scale: float = 3.0
) -> Arrays:
    draw, channels = Draw(seed), shape[1]
    batches = draw.normal(passes, *shape, scale=scale, shift=2.0, digits=2 if scale > 1 else 5)
    mean0 = np.zeros(channels) if zero else draw.normal(channels)
    var0 = np.zeros(channels) if zero else np.abs(draw.normal(channels)) + 0.5
    mean, var = running(list(batches), momentum, mean0, var0)
    start = {"running_mean_before": mean0, "running_var_before": var0}
    return {"batches": batches, "momentum": momentum, **start, "running_mean": mean, "running_var": var}


def batchnorm_test(shape: tuple[int, ...], seed: int, affine: bool, var: float = 4.0) -> Arrays:
    draw, channels = Draw(seed), shape[1]
    x = draw.normal(*shape, scale=3.0, shift=1.0)
    mean = draw.normal(channels)
    spread = np.round(var * draw.random.uniform(0.5, 2.0, channels), 7)
    gamma = draw.away_from_zero(channels) if affine else np.ones(channels)
    beta = draw.normal(channels) if affine else np.zeros(channels)
    out = F.batch_norm(*map(tensor, (x, mean, spread, gamma, beta)), training=False, eps=EPS)
    given = {"x": x, "running_mean": mean, "running_var": spread, "gamma": gamma, "beta": beta}
    return {**given, "out": out}


TRAIN = f"torch.nn.functional.batch_norm, training=True; {AUTOGRAD}"
RUNNING = f"torch, {ROWS}; the recursion as the contract has it"
TEST = "torch.nn.functional.batch_norm, training=False"


def batchnorm() -> dict[str, Entry]:
    return {
        "train": (TRAIN, batchnorm_train((7, 4), 1)),
        "wide": (TRAIN, batchnorm_train((3, 6), 2)),
        "small_variance": (TRAIN, batchnorm_train((6, 3), 3, scale=4e-3)),
        "one_pass": (RUNNING, batchnorm_running((6, 4), 4, 1, 0.9, zero=False)),
        "from_nothing": (RUNNING, batchnorm_running((5, 3), 5, 3, 0.9, zero=True)),
        "running_small_variance": (
            RUNNING,
            batchnorm_running((5, 3), 10, 2, 0.9, zero=True, scale=4e-3),
        ),
        "other_momentum": (RUNNING, batchnorm_running((4, 3), 6, 2, 0.6, zero=False)),
        "test": (TEST, batchnorm_test((5, 4), 7, affine=False)),
        "test_scaled": (TEST, batchnorm_test((5, 4), 8, affine=True)),
        "test_small_variance": (TEST, batchnorm_test((4, 3), 9, affine=False, var=2e-5)),
    }


def spatial_batchnorm() -> dict[str, Entry]:
    return {
        "train": (TRAIN, batchnorm_train((3, 4, 2, 5), 21)),
        "one_image": (TRAIN, batchnorm_train((1, 3, 4, 3), 22)),
        "small_variance": (TRAIN, batchnorm_train((2, 3, 3, 2), 23, scale=4e-3)),
        "one_pass": (RUNNING, batchnorm_running((2, 4, 3, 5), 24, 1, 0.9, zero=False)),
        "from_nothing": (RUNNING, batchnorm_running((3, 2, 4, 3), 25, 2, 0.9, zero=True)),
        "test": (TEST, batchnorm_test((2, 4, 3, 2), 26, affine=False)),
        "test_scaled": (TEST, batchnorm_test((2, 3, 2, 4), 27, affine=True)),
    }


# --- layer and group normalisation --------------------------------------------------------------


def layernorm_entry(shape: tuple[int, int], seed: int, scale: float = 4.0) -> Entry:
    draw = Draw(seed)
    digits = 2 if scale > 1 else 5
    x = draw.normal(*shape, scale=scale, digits=digits) + draw.normal(shape[0], 1, scale=9.0)
    gamma, beta = draw.away_from_zero(shape[1]), draw.normal(shape[1])

    def layer_norm(x: Any, gamma: Any, beta: Any) -> torch.Tensor:
        return F.layer_norm(x, (shape[1],), gamma, beta, EPS)

    arrays = with_gradients(layer_norm, draw.normal(*shape), x=x, gamma=gamma, beta=beta)
    return f"torch.nn.functional.layer_norm; {AUTOGRAD}", arrays


def layernorm() -> dict[str, Entry]:
    return {
        "wide": layernorm_entry((4, 7), 11),
        "tall": layernorm_entry((8, 3), 12),
        "one_row": layernorm_entry((1, 6), 13),
        "small_variance": layernorm_entry((3, 5), 14, scale=4e-3),
    }


def groupnorm_entry(shape: tuple[int, int, int, int], groups: int, seed: int, scale: float = 4.0) -> Entry:
    draw, channels = Draw(seed), shape[1]
    digits = 2 if scale > 1 else 5
    x = draw.normal(*shape, scale=scale, digits=digits)
    x = x + draw.normal(shape[0], channels, 1, 1, scale=scale, digits=digits)
    gamma, beta = draw.away_from_zero(1, channels, 1, 1), draw.normal(1, channels, 1, 1)

    def group_norm(x: Any, gamma: Any, beta: Any) -> torch.Tensor:
        return F.group_norm(x, groups, gamma.reshape(-1), beta.reshape(-1), EPS)

    arrays = with_gradients(group_norm, draw.normal(*shape), x=x, gamma=gamma, beta=beta)
    return f"torch.nn.functional.group_norm; {AUTOGRAD}", {**arrays, "groups": groups}


def groupnorm() -> dict[str, Entry]:
    return {
        "two_groups": groupnorm_entry((3, 4, 2, 5), 2, 31),
        "three_groups": groupnorm_entry((2, 6, 3, 2), 3, 32),
        "one_group": groupnorm_entry((2, 3, 3, 4), 1, 33),
        "group_per_channel": groupnorm_entry((2, 3, 4, 2), 3, 34),
        "one_image": groupnorm_entry((1, 4, 3, 3), 2, 35),
        "small_variance": groupnorm_entry((2, 4, 2, 3), 2, 36, scale=4e-3),
    }


# --- convolution and pooling --------------------------------------------------------------------


def conv_entry(
    x: tuple[int, ...], filters: int, window: tuple[int, int], stride: int, pad: int, seed: int
) -> Entry:
    draw = Draw(seed)
    inputs = {"x": draw.normal(*x), "w": draw.normal(filters, x[1], *window), "b": draw.normal(filters)}
    side = [(size + 2 * pad - width) // stride + 1 for size, width in zip(x[2:], window, strict=True)]

    def conv(x: Any, w: Any, b: Any) -> torch.Tensor:
        return F.conv2d(x, w, b, stride=stride, padding=pad)

    arrays = with_gradients(conv, draw.normal(x[0], filters, *side), **inputs)
    return f"torch.nn.functional.conv2d; {AUTOGRAD}", {**arrays, "stride": stride, "pad": pad}


def conv() -> dict[str, Entry]:
    return {
        "same_size": conv_entry((2, 3, 4, 4), 2, (3, 3), 1, 1, 41),
        "stride_2": conv_entry((2, 2, 6, 6), 3, (4, 4), 2, 1, 42),
        "pad_2": conv_entry((1, 2, 4, 4), 2, (5, 5), 1, 2, 43),
        "no_pad": conv_entry((2, 2, 4, 4), 2, (2, 2), 1, 0, 44),
        "no_pad_stride_2": conv_entry((1, 2, 5, 5), 2, (3, 3), 2, 0, 45),
        "rectangular": conv_entry((2, 2, 3, 6), 2, (2, 3), 1, 1, 46),
        "no_tile": conv_entry((2, 2, 5, 6), 2, (2, 3), 3, 1, 47),
        "stride_3": conv_entry((1, 2, 8, 5), 2, (2, 2), 3, 0, 48),
    }


def pool_entry(
    shape: tuple[int, ...], window: tuple[int, int], stride: int, seed: int, shift: float = 0.0
) -> Entry:
    draw = Draw(seed)
    x = draw.distinct(*shape, shift=shift)
    side = [(size - width) // stride + 1 for size, width in zip(shape[2:], window, strict=True)]

    def pool(x: Any) -> torch.Tensor:
        return F.max_pool2d(x, window, stride)

    arrays = with_gradients(pool, draw.normal(*shape[:2], *side), x=x)
    source = f"torch.nn.functional.max_pool2d; {AUTOGRAD}"
    return source, {**arrays, "pool_height": window[0], "pool_width": window[1], "stride": stride}


def pool() -> dict[str, Entry]:
    return {
        "two_by_two": pool_entry((2, 3, 4, 4), (2, 2), 2, 51),
        "three_by_three": pool_entry((1, 2, 6, 6), (3, 3), 3, 52),
        "all_negative": pool_entry((2, 2, 4, 4), (2, 2), 2, 53, shift=-5.0),
        "overlapping": pool_entry((2, 2, 5, 5), (3, 3), 2, 63),
        "stride_1": pool_entry((1, 2, 4, 4), (2, 2), 1, 55),
        # windows tile and share no maximum by this seed; one side taken for the other changes sizes
        "rectangular": pool_entry((2, 2, 4, 8), (2, 4), 2, 4813),
        "no_tile": pool_entry((2, 2, 5, 7), (2, 2), 2, 57),
        "gaps": pool_entry((1, 2, 5, 8), (2, 2), 3, 58),
    }
