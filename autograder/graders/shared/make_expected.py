"""Make `expected/*.npz` for the topics of this folder. Needs PyTorch (2.13, CPU); the graders do not.

    python -m autograder.graders.shared.make_expected           # write them
    python -m autograder.graders.shared.make_expected --check   # compare with what is there

Where each array comes from: layers, losses and nets from PyTorch's own functions in float64, gradients from
its autograd; optimizer runs from torch.optim, single steps from given state from the update rule written out
for one number at a time. Nothing here imports cs_lib.
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from autograder.checks import fixed as oracles

FOLDER = Path(__file__).parent / "expected"
Row = dict[str, object]
Table = dict[str, Row]

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def leaf(value: np.ndarray) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def affine_relu() -> Table:
    """torch.nn.functional.linear and relu, with autograd for a given upstream gradient."""
    rng = np.random.default_rng(20)
    table: Table = {}
    shapes = {
        "matrix": ((3, 4), 5),
        "square": ((4, 4), 4),
        "images": ((2, 3, 2, 2), 3),
        "one_sample": ((1, 6), 2),
        "five_axes": ((2, 2, 1, 3, 2), 4),
    }
    for case, (shape, width) in shapes.items():
        x = rng.normal(size=shape)
        w, b, dout = (rng.normal(size=s) for s in ((x[0].size, width), (width,), (shape[0], width)))
        tx, tw, tb = leaf(x), leaf(w), leaf(b)
        out = functional.linear(tx.flatten(1), tw.T, tb)
        out.backward(torch.tensor(dout))
        table[f"affine/{case}"] = {
            "x": x, "w": w, "b": b, "dout": dout, "out": out.detach().numpy(),
            "dx": tx.grad.numpy(), "dw": tw.grad.numpy(), "db": tb.grad.numpy(),
        }  # fmt: skip
    for case, shape in {"matrix": (4, 5), "images": (2, 3, 2, 2), "negative": (3, 2)}.items():
        x = oracles.away_from(rng.normal(size=shape), [0.0])
        x = -np.abs(x) if case == "negative" else x
        dout = rng.normal(size=shape)
        tx = leaf(x)
        out = functional.relu(tx)
        out.backward(torch.tensor(dout))
        table[f"relu/{case}"] = {"x": x, "dout": dout, "out": out.detach().numpy(), "dx": tx.grad.numpy()}
    return table


def losses() -> Table:
    """multi_margin_loss (which divides by the number of classes: multiplied back) and cross_entropy."""
    rng = np.random.default_rng(21)
    scores = {
        "batch": 2 * rng.normal(size=(6, 4)),
        "one_sample": rng.normal(size=(1, 5)),
        "two_classes": rng.normal(size=(5, 2)),
        "equal_scores": np.full((4, 5), 0.3),
        "margins_met": np.array([[9.0, 1.0, 2.0], [0.0, 8.0, -3.0], [-1.0, 0.5, 7.0]]),
        "large": np.array([[1200.0, 1190.0, 900.0], [-3000.0, 1500.0, 1498.0], [5e4, 4e4, 5e4 - 2]]),
        "far_below": np.array([[0.0, 1000.0, 3.0], [2000.0, -500.0, 1.0]]),
        "many_classes": 2 * rng.normal(size=(4, 12)),
    }
    labels = {
        "batch": [3, 0, 2, 1, 3, 0],
        "one_sample": [2],
        "two_classes": [1, 0, 0, 1, 1],
        "equal_scores": [4, 0, 2, 2],
        "margins_met": [0, 1, 2],
        "large": [1, 2, 0],
        "far_below": [0, 1],
        "many_classes": [11, 5, 0, 8],
    }
    table: Table = {}
    for case, x in scores.items():
        y = np.array(labels[case])
        target = torch.tensor(y)
        for name, loss_of in {
            "svm": lambda t, target=target, classes=x.shape[1]: (
                classes * functional.multi_margin_loss(t, target)
            ),
            "softmax": lambda t, target=target: functional.cross_entropy(t, target),
        }.items():
            tx = leaf(x)
            loss = loss_of(tx)
            loss.backward()
            table[f"{name}/{case}"] = {"x": x, "y": y, "loss": loss.item(), "dx": tx.grad.numpy()}
    return table


def net_row(
    rng: np.random.Generator, widths: list[int], inputs: tuple[int, ...], reg: float, scale: float
) -> Row:
    """A plain net affine-relu-...-affine-softmax with L2 0.5*reg*sum(W**2) over every W, by autograd."""
    x = rng.normal(size=inputs)
    y = rng.integers(widths[-1], size=inputs[0])
    sizes = [x[0].size, *widths]
    params: dict[str, np.ndarray] = {}
    for layer in range(1, len(sizes)):
        params[f"W{layer}"] = scale * rng.normal(size=(sizes[layer - 1], sizes[layer]))
        params[f"b{layer}"] = scale * rng.normal(size=sizes[layer])
    tensors = {name: leaf(value) for name, value in params.items()}
    hidden = torch.tensor(x).flatten(1)
    for layer in range(1, len(sizes)):
        hidden = hidden @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
        if layer < len(sizes) - 1:
            hidden = functional.relu(hidden)
    squares = sum((t**2).sum() for name, t in tensors.items() if name.startswith("W"))
    loss = functional.cross_entropy(hidden, torch.tensor(y)) + 0.5 * reg * squares
    loss.backward()
    row: Row = {"X": x, "y": y, "reg": reg, "scores": hidden.detach().numpy(), "loss": loss.item()}
    row |= {f"params.{name}": value for name, value in params.items()}
    row |= {f"grads.{name}": tensor.grad.numpy() for name, tensor in tensors.items()}
    return row


def nets() -> Table:
    """Weights large enough that no layer's signal drowns: a mistake anywhere shows in the loss.

    Only the rows called reg have a penalty, so that a mistake in it fails no other case.
    """
    rng = np.random.default_rng(22)
    return {
        "two_layer/plain": net_row(rng, [6, 4], (5, 7), 0.0, 0.6),
        "two_layer/reg": net_row(rng, [6, 4], (5, 7), 0.7, 0.6),
        "two_layer/images": net_row(rng, [5, 3], (4, 2, 2, 3), 0.0, 0.6),
        "full/plain": net_row(rng, [6, 5, 4], (5, 7), 0.0, 0.7),
        "full/reg": net_row(rng, [6, 5, 4], (5, 7), 0.9, 0.7),
        "full/one_hidden": net_row(rng, [8, 3], (4, 6), 0.0, 0.7),
        "full/deep": net_row(rng, [7, 6, 5, 6, 7, 4], (4, 6), 0.0, 0.9),
        "full/images": net_row(rng, [5, 4, 3], (3, 2, 2, 3), 0.0, 0.7),
        "two_layer/many_classes": net_row(rng, [6, 12], (5, 7), 0.0, 0.6),
        "full/many_classes": net_row(rng, [6, 5, 12], (5, 7), 0.0, 0.7),
    }


RULES = {
    "sgd": (torch.optim.SGD, {"lr": 1e-2}),
    "sgd_momentum": (torch.optim.SGD, {"lr": 1e-2, "momentum": 0.9}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8}),
    "adam": (torch.optim.Adam, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}),
}


def trajectory(rule: str, w: np.ndarray, slopes: np.ndarray, **options: object) -> Row:
    """The weights after each step of torch.optim, with the gradients given from outside."""
    kind, defaults = RULES[rule]
    parameter = torch.nn.Parameter(torch.tensor(w))
    optimizer = kind([parameter], **(defaults | options))
    weights = []
    for slope in slopes:
        parameter.grad = torch.tensor(slope)
        optimizer.step()
        weights.append(parameter.detach().numpy().copy())
    return {"w": w, "dw": slopes, "next_w": np.stack(weights)}


def momentum_step(w: float, dw: float, velocity: float, lr: float, mu: float) -> tuple[float, ...]:
    velocity = mu * velocity - lr * dw
    return w + velocity, velocity


def rmsprop_step(w: float, dw: float, cache: float, lr: float, decay: float, eps: float) -> tuple[float, ...]:
    cache = decay * cache + (1 - decay) * dw * dw
    return w - lr * dw / (math.sqrt(cache) + eps), cache


def adam_step(
    w: float, dw: float, m: float, v: float, t: int, lr: float, beta1: float, beta2: float, eps: float
) -> tuple[float, ...]:
    t += 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw * dw
    slope = (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * slope, m, v


def one_by_one(step: object, names: list[str], *arrays: np.ndarray, **settings: float) -> Row:
    """The update rule applied to one number at a time."""
    rows = [
        step(*(float(v) for v in values), **settings)
        for values in zip(*(a.flat for a in arrays), strict=True)
    ]  # type: ignore[operator]
    columns = [np.array(column).reshape(arrays[0].shape) for column in zip(*rows, strict=True)]
    return dict(zip(names, columns, strict=True))


def optimizers() -> Table:
    rng = np.random.default_rng(23)
    table: Table = {}

    def off_zero(*shape: int) -> np.ndarray:  # so that no entry of a step or a weight drowns in rounding
        return rng.uniform(0.3, 1.5, size=shape) * rng.choice([-1.0, 1.0], size=shape)

    w, slopes = off_zero(3, 4), off_zero(5, 3, 4)
    dw, first, second = slopes[0], 0.3 * rng.normal(size=w.shape), rng.uniform(0.1, 0.8, size=w.shape)
    given = {"w": w, "dw": dw}
    for rule in RULES:
        table[f"{rule}/defaults"] = trajectory(rule, w, slopes)
    table["sgd/step"] = trajectory("sgd", w, slopes[:1], lr=0.3)
    table["sgd_momentum/run"] = trajectory("sgd_momentum", w, slopes, lr=0.05, momentum=0.7)
    table["rmsprop/run"] = trajectory("rmsprop", w, slopes, lr=0.03, alpha=0.8)
    table["adam/run"] = trajectory("adam", w, slopes, lr=0.02, betas=(0.8, 0.9))
    tiny = (
        1e-7 * slopes[:2]
    )  # eps 1e-8 and the root's argument are of a size here: its place decides the result
    table["rmsprop/tiny"] = trajectory("rmsprop", w, tiny)
    table["adam/tiny"] = trajectory("adam", w, tiny)
    table["rmsprop/other_epsilon"] = trajectory("rmsprop", w, slopes[:2], lr=0.03, alpha=0.8, eps=0.25)
    table["adam/other_epsilon"] = trajectory("adam", w, slopes[:2], lr=0.02, betas=(0.8, 0.9), eps=0.25)
    table["sgd_momentum/given"] = given | {"velocity": first} | one_by_one(
        momentum_step, ["next_w", "next_velocity"], w, dw, first, lr=0.02, mu=0.6
    )  # fmt: skip
    table["rmsprop/given"] = given | {"cache": second} | one_by_one(
        rmsprop_step, ["next_w", "next_cache"], w, dw, second, lr=0.02, decay=0.9, eps=1e-8
    )  # fmt: skip
    table["adam/given"] = given | {"m": first, "v": second} | one_by_one(
        adam_step, ["next_w", "next_m", "next_v"], w, dw, first, second, np.full(w.shape, 6),
        lr=0.02, beta1=0.8, beta2=0.95, eps=1e-8,
    )  # fmt: skip
    return table


def main(arguments: list[str]) -> int:
    problems: list[str] = []
    for topic in (affine_relu, losses, nets, optimizers):
        if "--check" in arguments:
            problems += oracles.differences(FOLDER, topic.__name__, topic())
        else:
            oracles.save(FOLDER, topic.__name__, topic())
    print("\n".join(problems) or f"the fixed arrays agree with PyTorch {torch.__version__}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
