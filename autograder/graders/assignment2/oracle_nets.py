"""Losses, gradients and scores of nets by PyTorch, at fixed parameters; make_expected.py writes them down."""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from autograder.graders.assignment2.oracle_layers import EPS, Arrays, Draw, Entry, running, tensor


class TooClose(ValueError):
    """These inputs lie where rounding would decide; other ones are drawn."""


Params = dict[str, torch.Tensor]
Net = Callable[..., torch.Tensor]
MOMENTUM = 0.9
KINK = (
    1e-3  # inputs of a ReLU and rivals in a pooling window stay this far apart, so that no rounding decides
)
SAME = 1e-9
SEEN = 1e-2  # a parameter whose largest gradient is below this would be judged by rounding
NETS = "torch.nn.functional, gradients by torch.autograd"


class Running:
    """What batch normalisation remembers of one layer."""

    def __init__(self, size: int) -> None:
        self.mean, self.var = tensor(np.zeros(size)), tensor(np.zeros(size))

    def norm(self, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, train: bool) -> torch.Tensor:
        if not train:
            return F.batch_norm(x, self.mean, self.var, gamma, beta, training=False, eps=EPS)
        seen = [x.detach().numpy()]
        self.mean, self.var = running(seen, MOMENTUM, self.mean.numpy(), self.var.numpy())
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=EPS)


def relu(x: torch.Tensor) -> torch.Tensor:
    if x.abs().min() < KINK:
        raise TooClose(f"an input of a ReLU is {float(x.detach().abs().min()):.1e} from 0")
    return F.relu(x)


def pool(x: torch.Tensor) -> torch.Tensor:
    windows = F.unfold(x.reshape(-1, 1, *x.shape[2:]), 2, stride=2).transpose(1, 2)
    first, second = windows.topk(2).values.unbind(-1)
    rivals = (first - second)[first > 0]  # windows of zeros pass no gradient on, whichever entry is chosen
    if rivals.min() < KINK:
        raise TooClose(f"two maxima are {float(rivals.detach().min()):.1e} apart")
    return F.max_pool2d(x, 2)


def clear(entry: Callable[[Draw], Entry], seed: int) -> Entry:
    """`entry` made from the first of seed, seed + 1000, ... whose inputs stay clear of every kink."""
    while True:
        try:
            return entry(Draw(seed))
        except TooClose:
            seed += 1000


# --- what is judged of a net --------------------------------------------------------------------


def judged(net: Net, params: Arrays, X: np.ndarray, y: np.ndarray, reg: float) -> Arrays:
    """Loss and gradients with and without L2 over every W; training mode."""
    leaves = {name: tensor(value, grad=True) for name, value in params.items()}
    loss = F.cross_entropy(net(leaves, tensor(X), train=True), torch.tensor(y))
    penalty = 0.5 * reg * sum((w**2).sum() for name, w in leaves.items() if name.startswith("W"))
    entry = {"X": X, "y": y, "reg": reg, "loss": loss, "loss_reg": loss + penalty}
    for prefix, value in (("grads", loss), ("grads_reg", loss + penalty)):
        grads = torch.autograd.grad(value, list(leaves.values()), retain_graph=True)
        entry |= {f"{prefix}.{name}": g for name, g in zip(leaves, grads, strict=True)}
    faint = [name for name in params if entry[f"grads.{name}"].abs().max() < SEEN]
    normed = {name.replace("gamma", "b") for name in params} | {n.replace("gamma", "b_") for n in params}
    if set(faint) - normed:
        raise TooClose(f"gradients of {faint} are too small to judge")
    return entry | {f"params.{name}": value for name, value in params.items()}


def scores_after(net: Net, params: Arrays, X: np.ndarray, warmup: Sequence[np.ndarray]) -> Arrays:
    """Scores in test mode after training passes on the batches of `warmup`."""
    fixed = {name: tensor(value) for name, value in params.items()}
    for batch in warmup:
        net(fixed, tensor(batch), train=True)
    return {"warmup": np.asarray(warmup), "X_test": X, "scores": net(fixed, tensor(X), train=False)}


# --- fully-connected nets -----------------------------------------------------------------------


def fully_connected(sizes: Sequence[int], normalization: str | None) -> Net:
    """{affine-[norm]-relu-[mask]} x (L-1) - affine."""
    memory = [Running(size) for size in sizes[1:-1]]

    def net(p: Params, x: torch.Tensor, train: bool, masks: Any = None) -> torch.Tensor:
        for i, size in enumerate(sizes[1:-1], start=1):
            x = x.flatten(1) @ p[f"W{i}"] + p[f"b{i}"]
            if normalization == "batchnorm":
                x = memory[i - 1].norm(x, p[f"gamma{i}"], p[f"beta{i}"], train)
            if normalization == "layernorm":
                x = F.layer_norm(x, (size,), p[f"gamma{i}"], p[f"beta{i}"], EPS)
            x = relu(x)
            if masks is not None:
                x = x * masks[i - 1]
        return x @ p[f"W{len(sizes) - 1}"] + p[f"b{len(sizes) - 1}"]

    return net


def fc_params(draw: Draw, sizes: Sequence[int], normalized: bool) -> Arrays:
    params: Arrays = {}
    for i, (rows, columns) in enumerate(itertools.pairwise(sizes), start=1):
        params[f"W{i}"], params[f"b{i}"] = draw.normal(rows, columns), draw.normal(columns)
        if normalized and i < len(sizes) - 1:
            params[f"gamma{i}"], params[f"beta{i}"] = draw.away_from_zero(columns), draw.normal(columns)
    return params


def fc_entry(draw: Draw, sizes: Sequence[int], count: int, normalization: str) -> Entry:
    params = fc_params(draw, sizes, normalized=True)
    X, y = draw.normal(count, sizes[0]), draw.random.randint(sizes[-1], size=count)
    entry = judged(fully_connected(sizes, normalization), params, X, y, reg=0.7)
    warmup = draw.normal(3, count, sizes[0], shift=0.5)
    entry |= scores_after(fully_connected(sizes, normalization), params, draw.normal(4, sizes[0]), warmup)
    return NETS, {**entry, "sizes": np.asarray(sizes)}


def fully_connected_norm() -> dict[str, Entry]:
    return {
        "batchnorm": clear(partial(fc_entry, sizes=(6, 5, 4, 3), count=7, normalization="batchnorm"), 101),
        "batchnorm_one_hidden": clear(
            partial(fc_entry, sizes=(4, 6, 3), count=5, normalization="batchnorm"), 102
        ),
        "batchnorm_three_hidden": clear(
            partial(fc_entry, sizes=(4, 5, 3, 4, 3), count=6, normalization="batchnorm"), 103
        ),
        "layernorm": clear(partial(fc_entry, sizes=(6, 5, 4, 3), count=4, normalization="layernorm"), 104),
        "layernorm_one_hidden": clear(
            partial(fc_entry, sizes=(4, 6, 3), count=3, normalization="layernorm"), 105
        ),
        "layernorm_three_hidden": clear(
            partial(fc_entry, sizes=(4, 5, 3, 4, 3), count=3, normalization="layernorm"), 106
        ),
    }


def masks_of(sizes: Sequence[int], count: int, keep: float) -> list[list[torch.Tensor]]:
    """Every way dropout can fall on a batch of `count`, as factors 0 or 1/keep for each hidden layer."""
    hidden = sizes[1:-1]
    bits = itertools.product((0.0, 1.0 / keep), repeat=count * sum(hidden))
    ends = list(itertools.accumulate(size * count for size in hidden))
    starts = [0, *ends[:-1]]
    return [[tensor(row[a:b]).reshape(count, -1) for a, b in zip(starts, ends, strict=True)] for row in bits]


def tell_apart(losses: np.ndarray, grads: list[tuple[torch.Tensor, ...]]) -> None:
    """Two masks of one loss must also have one gradient, or the loss would not say which mask was drawn."""
    for i, j in itertools.combinations(range(len(losses)), 2):
        apart = any((a - b).abs().max() > SAME for a, b in zip(grads[i], grads[j], strict=True))
        if apart and abs(losses[i] - losses[j]) < KINK**2:
            raise TooClose(f"masks {i} and {j} have the same loss")
    if len(np.unique(losses.round(6))) < len(losses) / 4:
        raise TooClose("most masks have the same loss")


def dropout_entry(
    draw: Draw, sizes: Sequence[int], count: int, keep: float, normalization: str | None
) -> Entry:
    """Losses and gradients under every mask, so that any right way to draw one can be judged exactly."""
    params = fc_params(draw, sizes, normalized=normalization is not None)
    X, y = draw.normal(count, sizes[0]), draw.random.randint(sizes[-1], size=count)
    net = fully_connected(sizes, normalization)
    losses, grads = [], []
    for masks in masks_of(sizes, count, keep):
        leaves = {name: tensor(value, grad=True) for name, value in params.items()}
        loss = F.cross_entropy(net(leaves, tensor(X), train=True, masks=masks), torch.tensor(y))
        losses.append(loss.detach())
        grads.append(torch.autograd.grad(loss, list(leaves.values())))
    tell_apart(torch.stack(losses).numpy(), grads)
    entry = judged(net, params, X, y, reg=0.0)
    entry |= {"keep": keep, "sizes": np.asarray(sizes), "mask_losses": torch.stack(losses)}
    for name, rows in zip(params, zip(*grads, strict=True), strict=True):
        entry[f"mask_grads.{name}"] = torch.stack(rows)
    entry |= scores_after(fully_connected(sizes, normalization), params, X, [X] if normalization else [])
    return f"{NETS}; one row for each of the {len(losses)} masks", entry


def fully_connected_dropout() -> dict[str, Entry]:
    return {
        "one_hidden": clear(
            partial(dropout_entry, sizes=(3, 3, 3), count=2, keep=0.4, normalization=None), 111
        ),
        "two_hidden": clear(
            partial(dropout_entry, sizes=(3, 4, 3, 3), count=1, keep=0.75, normalization=None), 112
        ),
        "with_layernorm": clear(
            partial(dropout_entry, sizes=(3, 3, 3), count=2, keep=0.7, normalization="layernorm"), 113
        ),
        "with_batchnorm": clear(
            partial(dropout_entry, sizes=(3, 2, 3), count=3, keep=0.6, normalization="batchnorm"), 114
        ),
    }


# --- convolutional nets -------------------------------------------------------------------------


def same_conv(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, w, b, padding=(w.shape[2] - 1) // 2)


def three_layer(p: Params, x: torch.Tensor, train: bool) -> torch.Tensor:
    x = pool(relu(same_conv(x, p["W1"], p["b1"])))
    return relu(x.flatten(1) @ p["W2"] + p["b2"]) @ p["W3"] + p["b3"]


def three_layer_entry(
    draw: Draw, image: tuple[int, int, int], filters: int, width: int, hidden: int, classes: int = 4
) -> Entry:
    count = 3
    pooled = filters * (image[1] // 2) * (image[2] // 2)
    params = {
        "W1": draw.normal(filters, image[0], width, width, scale=0.6),
        "b1": draw.normal(filters),
        "W2": draw.normal(pooled, hidden, scale=0.3),
        "b2": draw.normal(hidden),
        "W3": draw.normal(hidden, classes, scale=0.6),
        "b3": draw.normal(classes),
    }
    X, y = draw.normal(count, *image), draw.random.randint(classes, size=count)
    entry = judged(three_layer, params, X, y, reg=0.4) | scores_after(three_layer, params, X, [])
    sizes = {"image": np.asarray(image), "filters": filters, "width": width, "hidden": hidden}
    return NETS, {**entry, **sizes, "classes": classes}


def three_layer_conv_net() -> dict[str, Entry]:
    return {
        "square": clear(partial(three_layer_entry, image=(2, 6, 6), filters=3, width=3, hidden=5), 121),
        "rectangular": clear(partial(three_layer_entry, image=(3, 4, 8), filters=2, width=5, hidden=4), 122),
        "many": clear(
            partial(three_layer_entry, image=(5, 4, 6), filters=3, width=3, hidden=6, classes=12), 123
        ),
    }


def conv_stack(depth: int, channels: Sequence[int], normalized: bool) -> Net:
    """{conv-[batch norm]-relu-pool} x depth - affine."""
    memory = [Running(size) for size in channels]

    def net(p: Params, x: torch.Tensor, train: bool) -> torch.Tensor:
        for i in range(1, depth + 1):
            x = same_conv(x, p[f"W_{i}"], p[f"b_{i}"])
            if normalized:
                x = memory[i - 1].norm(x, p[f"gamma{i}"], p[f"beta{i}"], train)
            x = pool(relu(x))
        return x.flatten(1) @ p[f"W_{depth + 1}"] + p[f"b_{depth + 1}"]

    return net


def conv_net_entry(
    draw: Draw,
    image: tuple[int, int, int],
    channels: Sequence[int],
    widths: Sequence[int],
    normalized: bool,
    classes: int = 4,
) -> Entry:
    count, depth = 3, len(channels)
    params: Arrays = {}
    layers = zip(itertools.pairwise([image[0], *channels]), widths, strict=True)
    for i, ((before, after), width) in enumerate(layers, start=1):
        params |= {
            f"W_{i}": draw.normal(after, before, width, width, scale=0.5),
            f"b_{i}": draw.normal(after),
        }
        if normalized:
            params |= {f"gamma{i}": draw.away_from_zero(after), f"beta{i}": draw.normal(after)}
    rows = channels[-1] * (image[1] >> depth) * (image[2] >> depth)
    params |= {f"W_{depth + 1}": draw.normal(rows, classes), f"b_{depth + 1}": draw.normal(classes)}
    X, y = draw.normal(count, *image), draw.random.randint(classes, size=count)
    entry = judged(conv_stack(depth, channels, normalized), params, X, y, reg=0.3)
    warmup = draw.normal(2, count, *image, shift=0.5) if normalized else []
    entry |= scores_after(conv_stack(depth, channels, normalized), params, draw.normal(2, *image), warmup)
    sizes = {"image": np.asarray(image), "filters": np.asarray(channels), "widths": np.asarray(widths)}
    return NETS, {**entry, **sizes, "classes": classes}


def conv_net() -> dict[str, Entry]:
    return {
        "normalized": clear(
            partial(conv_net_entry, image=(2, 8, 8), channels=(3, 2), widths=(3, 5), normalized=True), 131
        ),
        "plain": clear(
            partial(conv_net_entry, image=(2, 8, 8), channels=(2, 3), widths=(5, 3), normalized=False), 132
        ),
        "one_layer": clear(
            partial(conv_net_entry, image=(3, 4, 6), channels=(3,), widths=(3,), normalized=True), 133
        ),
        "three_layers": clear(
            partial(conv_net_entry, image=(2, 8, 16), channels=(2, 3, 2), widths=(3, 1, 5), normalized=False),
            134,
        ),
        "three_layers_normalized": clear(
            partial(conv_net_entry, image=(1, 8, 8), channels=(2, 2, 3), widths=(5, 3, 1), normalized=True),
            135,
        ),
        "many": clear(
            partial(
                conv_net_entry, image=(5, 4, 8), channels=(4, 3), widths=(3, 3), normalized=True, classes=12
            ),
            136,
        ),
    }
