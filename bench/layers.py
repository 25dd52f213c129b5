"""Measure the layers: fast against naive, against im2col in NumPy and compiled, against PyTorch.

    python -m bench.layers [--threads 1] [--rounds 15] [--no-naive]

The columns of PyTorch and of the compiled im2col stay empty without PyTorch, and without a C compiler.

Everything compared is measured in one process, in turns (A B C A B C ...), so that a busy machine slows all
alike. The table shows the fastest run of each, and the ratio of the fastest runs. With one thread the clock
is the process's own processor time, which stands still while other programs run.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from bench import compiled_im2col, im2col
from cs_lib import fast_layers, layers, optim
from cs_lib.classifiers.cnn import ConvNet
from cs_lib.classifiers.fc_net import FullyConnectedNet

try:
    import torch
except ImportError:
    torch = None

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
BATCH = 32
PAUSE = 0.1  # seconds; OpenBLAS and OpenMP threads wait busily for some hundredths of a second
POOL_PARAM = {"pool_height": 2, "pool_width": 2, "stride": 2}
NAIVE = (
    layers.conv_forward_naive,
    lambda dout, cache, need_dx=True: layers.conv_backward_naive(dout, cache),
    layers.max_pool_forward_naive,
    layers.max_pool_backward_naive,
)
IM2COL = (im2col.conv_forward, im2col.conv_backward, im2col.max_pool_forward, im2col.max_pool_backward)
FAST_NAMES = ("conv_forward_fast", "conv_backward_fast", "max_pool_forward_fast", "max_pool_backward_fast")
FAST = tuple(getattr(fast_layers, name) for name in FAST_NAMES)

COLUMNS = (
    "float32",
    "fast ms",
    "naive ms",
    "im2col ms",
    "compiled ms",
    "PyTorch ms",
    "naive/fast",
    "im2col/fast",
    "compiled/fast",
    "fast/PyTorch",
)

Functions = tuple[Callable[..., Any], ...]
Kinds = dict[str, Functions]
Runs = dict[str, Callable[[], Any]]
LOOPS = compiled_im2col.compiled()
KINDS: Kinds = {"fast": FAST, "naive": NAIVE, "im2col": IM2COL}


def main(argv: list[str] | None = None) -> int:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.layers", description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads for BLAS and PyTorch")
    parser.add_argument("--rounds", type=int, default=15, help="turns for each comparison")
    parser.add_argument(
        "--no-naive", action="store_true", help="leave out the naive layers, which take a minute"
    )
    options = parser.parse_args(argv)
    restart_with_threads(options.threads)
    if torch is None:
        print("PyTorch is not installed: its column stays empty.", file=sys.stderr)
    else:
        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
    np.random.seed(0)

    if LOOPS is None:
        print("There is no C compiler: the column of the compiled im2col stays empty.", file=sys.stderr)
    torch_version = torch.__version__ if torch else "-"
    print(f"NumPy {np.__version__}, PyTorch {torch_version}, threads: {options.threads}\n")
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    kinds = {kind: functions for kind, functions in KINDS.items() if kind != "naive" or not options.no_naive}
    for name, runs in comparisons(kinds):
        print_row(name, measure(runs, options.rounds, options.threads))
    print("\n| images a batch | ms a step | ms an image |\n|---|---|---|")
    for n, milliseconds in batch_sizes(options.rounds, options.threads).items():
        print(f"| {n} | {milliseconds:.1f} | {milliseconds / n:.3f} |")
    return 0


def restart_with_threads(threads: int) -> None:
    """Start this program anew unless the BLAS was loaded with the number of threads asked for."""
    wanted = {name: str(threads) for name in THREAD_VARIABLES}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        command = [sys.executable, "-m", "bench.layers", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | wanted)


def comparisons(kinds: Kinds) -> Iterator[tuple[str, Runs]]:
    """Yield what is compared, one row of the table at a time."""
    for channels, filters, size, image in ((3, 16, 7, 32), (16, 32, 3, 16)):
        name = f"conv {size}×{size}, {channels}→{filters}, {image}×{image}"
        yield from conv_comparison(name, kinds, channels, filters, size, image)
    for channels, image in ((16, 32), (32, 16)):
        yield from pool_comparison(
            f"max pool 2×2, {channels} channels, {image}×{image}", kinds, channels, image
        )
    for use_batch_norm in (False, True):
        name = f"ConvNet step, {'with' if use_batch_norm else 'without'} batch norm"
        yield name, convnet_step(kinds, use_batch_norm)
    yield "six-layer net, forward and backward", fully_connected_step(update=False)
    yield "six-layer net, with a momentum update", fully_connected_step(update=True)


def conv_comparison(
    name: str, kinds: Kinds, C: int, F: int, size: int, image: int
) -> Iterator[tuple[str, Runs]]:
    """Compare one convolution, forward and backward (all three gradients)."""
    x = np.random.randn(BATCH, C, image, image).astype(np.float32)
    w = np.random.randn(F, C, size, size).astype(np.float32)
    b = np.zeros(F, np.float32)
    dout = np.random.randn(BATCH, F, image, image).astype(np.float32)
    param = {"stride": 1, "pad": size // 2}
    forward = {kind: lambda f=f: f[0](x, w, b, param) for kind, f in kinds.items()}
    caches = {kind: run()[1] for kind, run in forward.items()}
    backward = {kind: lambda f=f, kind=kind: f[1](dout, caches[kind]) for kind, f in kinds.items()}
    if LOOPS:
        compiled = compiled_im2col.Convolution(LOOPS)
        compiled_cache = compiled.forward(x, w, b, param)[1]
        forward["compiled"] = lambda: compiled.forward(x, w, b, param)
        backward["compiled"] = lambda: compiled.backward(dout, compiled_cache)
    if torch:
        tensors = [torch.from_numpy(a).requires_grad_() for a in (x, w, b)]
        upstream = torch.from_numpy(dout)
        forward["torch"] = lambda: torch.conv2d(*tensors, padding=size // 2)
        out = forward["torch"]()
        backward["torch"] = lambda: torch.autograd.grad(out, tensors, upstream, retain_graph=True)
    yield f"{name}, forward", forward
    yield f"{name}, backward", backward


def pool_comparison(name: str, kinds: Kinds, C: int, image: int) -> Iterator[tuple[str, Runs]]:
    """Compare one 2x2 max pooling, forward and backward, in the memory order each kind works in."""
    x = np.random.randn(BATCH, C, image, image).astype(np.float32)
    dout = np.random.randn(BATCH, C, image // 2, image // 2).astype(np.float32)
    inputs = {kind: in_fast_order(x) if kind == "fast" else x for kind in kinds}
    upstream = {kind: in_fast_order(dout) if kind == "fast" else dout for kind in kinds}
    forward = {kind: lambda f=f, kind=kind: f[2](inputs[kind], POOL_PARAM) for kind, f in kinds.items()}
    caches = {kind: run()[1] for kind, run in forward.items()}
    backward = {kind: lambda f=f, kind=kind: f[3](upstream[kind], caches[kind]) for kind, f in kinds.items()}
    if torch:
        tensor, tensor_upstream = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dout)
        forward["torch"] = lambda: torch.max_pool2d(tensor, 2)
        out = forward["torch"]()
        backward["torch"] = lambda: torch.autograd.grad(out, tensor, tensor_upstream, retain_graph=True)
    yield f"{name}, forward", forward
    yield f"{name}, backward", backward


def in_fast_order(x: np.ndarray) -> np.ndarray:
    """Return x in the memory order that the fast layers hand to each other."""
    return np.ascontiguousarray(x.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)


def convnet_step(kinds: Kinds, use_batch_norm: bool) -> Runs:
    """One forward and backward pass of the ConvNet, with one kind of layers and the other."""
    X = np.random.randn(BATCH, 3, 32, 32).astype(np.float32)
    y = np.random.randint(10, size=BATCH)
    net = ConvNet(use_batch_norm=use_batch_norm)
    runs: Runs = {
        kind: lambda functions=functions: with_layers(functions, lambda: net.loss(X, y))
        for kind, functions in kinds.items()
    }
    if torch:
        runs["torch"] = torch_step(torch_convnet(use_batch_norm), X, y)
    return runs


def with_layers(functions: Functions, run: Callable[[], Any]) -> Any:
    """Run with other functions in the place of the fast layers."""
    with swapped(functions):
        return run()


@contextmanager
def swapped(functions: Functions) -> Iterator[None]:
    """Put other functions in the place of the fast layers for a while."""
    for name, function in zip(FAST_NAMES, functions, strict=True):
        setattr(fast_layers, name, function)
    try:
        yield
    finally:
        for name, function in zip(FAST_NAMES, FAST, strict=True):
            setattr(fast_layers, name, function)


def torch_convnet(use_batch_norm: bool) -> Any:
    """Return the default ConvNet in PyTorch."""
    modules: list[Any] = []
    for channels, filters, size in ((3, 16, 7), (16, 32, 3)):
        modules.append(torch.nn.Conv2d(channels, filters, size, padding=size // 2))
        if use_batch_norm:
            modules.append(torch.nn.BatchNorm2d(filters))
        modules += [torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    return torch.nn.Sequential(*modules, torch.nn.Flatten(), torch.nn.Linear(32 * 8 * 8, 10))


def fully_connected_step(update: bool) -> Runs:
    """One step of the six-layer net on 100 images: forward, backward and, if asked, the momentum update."""
    X = np.random.randn(100, 3072).astype(np.float32)
    y = np.random.randint(10, size=100)
    net = FullyConnectedNet([100] * 5, weight_scale=5e-2)
    configs: dict[str, dict[str, Any]] = {name: {"learning_rate": 1e-4} for name in net.params}

    def step() -> None:
        _, grads = net.loss(X, y)
        if update:
            for name, w in net.params.items():
                net.params[name], configs[name] = optim.sgd_momentum(w, grads[name], configs[name])

    runs: Runs = {"fast": step}
    if torch:
        sizes = [3072, *[100] * 5]
        hidden = [m for a, b in pairwise(sizes) for m in (torch.nn.Linear(a, b), torch.nn.ReLU())]
        module = torch.nn.Sequential(*hidden, torch.nn.Linear(100, 10))
        optimizer = torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)
        runs["torch"] = torch_step(module, X, y, optimizer if update else None)
    return runs


def torch_step(module: Any, X: np.ndarray, y: np.ndarray, optimizer: Any = None) -> Callable[[], None]:
    """Return one forward and backward pass, and an update if there is an optimizer."""
    images, labels = torch.from_numpy(X), torch.from_numpy(y)

    def step() -> None:
        module.zero_grad()
        torch.nn.functional.cross_entropy(module(images), labels).backward()
        if optimizer is not None:
            optimizer.step()

    return step


def batch_sizes(rounds: int, threads: int) -> dict[int, float]:
    """Return the milliseconds of a ConvNet step for each batch size, measured in turns."""
    runs: Runs = {}
    for n in (8, 16, 32, 64, 128, 256):
        X, y = np.random.randn(n, 3, 32, 32).astype(np.float32), np.random.randint(10, size=n)
        net = ConvNet(use_batch_norm=False)
        runs[str(n)] = lambda net=net, X=X, y=y: net.loss(X, y)
    return {int(n): milliseconds for n, milliseconds in measure(runs, rounds, threads).items()}


def measure(runs: Runs, rounds: int, threads: int) -> dict[str, float]:
    """Return the milliseconds of the fastest run of each, in turns; the naive one runs only once.

    In its turn each runs twice, and the second counts: it finds its own data in the cache, as in training.
    With several threads there is a pause before, until the threads of the one before have stopped spinning.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    seconds: dict[str, float] = {name: float("inf") for name in runs}
    for round_number in range(rounds):
        for name, run in runs.items():
            if name == "naive" and round_number > 0:
                continue
            if threads > 1:
                time.sleep(PAUSE)
            if name != "naive":
                run()
            start = clock()
            run()
            seconds[name] = min(seconds[name], clock() - start)
    return {name: 1e3 * value for name, value in seconds.items()}


def print_row(name: str, ms: dict[str, float]) -> None:
    """Print one row of the table; what was not measured is a dash."""

    def cell(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    def ratio(above: str, below: str, form: str) -> str:
        return cell(ms[above] / ms[below] if above in ms and below in ms else None, form)

    cells = [cell(ms.get("fast"), ".2f"), cell(ms.get("naive"), ".0f"), cell(ms.get("im2col"), ".1f")]
    cells += [cell(ms.get("compiled"), ".2f"), cell(ms.get("torch"), ".2f")]
    cells += [ratio("naive", "fast", ".0f"), ratio("im2col", "fast", ".1f"), ratio("compiled", "fast", ".2f")]
    print(f"| {name} | {' | '.join(cells)} | {ratio('fast', 'torch', '.2f')} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
