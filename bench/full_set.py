"""Train the nets of the assignments on the full CIFAR-10 set, with the settings the course documents.

    python bench/full_set.py                       all of them, about 15 minutes on one core
    python bench/full_set.py two_layer_net         one of them

Uses only cs_lib. Needs the full set (python datasets/get_datasets.py). Writes a log and pictures for each
net to docs/results/. Exit codes: 0 every net reached its target, 1 one did not, 2 wrong usage.
"""

import argparse
import contextlib
import io
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import matplotlib.pyplot as plt
import numpy as np

from cs_lib import data_utils, vis_utils
from cs_lib.classifiers.cnn import ConvNet
from cs_lib.classifiers.fc_net import FullyConnectedNet, TwoLayerNet
from cs_lib.solver import Solver

OUT = Path(__file__).resolve().parents[1] / "docs" / "results"
SEED = 231


@dataclass(frozen=True)
class Run:
    """One net to train; `target` is the validation accuracy to reach, None where the run is a comparison."""

    make: Callable[[], Any]
    text: str
    settings: Mapping[str, Any]
    target: float | None


RUNS: dict[str, dict[str, Run]] = {
    "two_layer_net": {
        "TwoLayerNet": Run(
            lambda: TwoLayerNet(hidden_dim=100, reg=0.25),
            "TwoLayerNet(hidden_dim=100, reg=0.25)",
            {
                "update_rule": "sgd",
                "optim_config": {"learning_rate": 1e-3},
                "lr_decay": 0.95,
                "batch_size": 200,
                "num_epochs": 10,
            },
            target=0.48,
        )
    },
    "fully_connected_net": {
        "FullyConnectedNet": Run(
            lambda: FullyConnectedNet([256, 128], reg=1e-2, weight_scale=2e-2),
            "FullyConnectedNet([256, 128], reg=1e-2, weight_scale=2e-2)",
            {
                "update_rule": "adam",
                "optim_config": {"learning_rate": 3e-4},
                "lr_decay": 0.9,
                "batch_size": 100,
                "num_epochs": 10,
            },
            target=0.50,
        ),
        "with batch norm": Run(
            lambda: FullyConnectedNet([256, 128], normalization="batchnorm", reg=1e-3),
            'FullyConnectedNet([256, 128], normalization="batchnorm", reg=1e-3)',
            {
                "update_rule": "adam",
                "optim_config": {"learning_rate": 1e-3},
                "lr_decay": 0.9,
                "batch_size": 100,
                "num_epochs": 10,
            },
            target=0.50,
        ),
    },
    "conv_net": {
        "ConvNet": Run(
            lambda: ConvNet(reg=1e-3, weight_scale=1e-2),
            "ConvNet(reg=1e-3, weight_scale=1e-2)",
            {
                "update_rule": "sgd_momentum",
                "optim_config": {"learning_rate": 1e-2},
                "lr_decay": 0.5,
                "batch_size": 50,
                "num_epochs": 3,
            },
            target=0.62,
        ),
        "without batch norm": Run(
            lambda: ConvNet(reg=1e-3, weight_scale=1e-2, use_batch_norm=False),
            "ConvNet(reg=1e-3, weight_scale=1e-2, use_batch_norm=False)",
            {
                "update_rule": "sgd_momentum",
                "optim_config": {"learning_rate": 1e-3},
                "lr_decay": 0.5,
                "batch_size": 50,
                "num_epochs": 3,
            },
            target=None,
        ),
    },
}


class Tee(io.TextIOBase):
    """Writes to several streams at once."""

    def __init__(self, *streams: TextIO) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        for stream in self.streams:
            stream.write(text)
            stream.flush()
        return len(text)


def load() -> dict[str, np.ndarray]:
    data = data_utils.get_CIFAR10_data(num_test=10_000)
    # Half the memory, and the nets that compute in float32 need no copy of each batch.
    return {key: value.astype(np.float32) if key[0] == "X" else value for key, value in data.items()}


def train(name: str, run: Run, data: dict[str, np.ndarray]) -> tuple[Solver, bool]:
    """Train one net from the fixed seed; print settings, progress and what it reached."""
    settings = ", ".join(f"{key}={value!r}" for key, value in run.settings.items())
    print(f"\n{name}: {run.text}\nSolver({settings}), np.random.seed({SEED})")
    np.random.seed(SEED)
    model = run.make()
    solver = Solver(model, data, print_every=200, **run.settings)
    start = time.perf_counter()
    solver.train()
    seconds = time.perf_counter() - start
    test_acc = solver.check_accuracy(data["X_test"], data["y_test"])
    aim = "a comparison" if run.target is None else f"the target is {run.target:.0%}"
    print(
        f"{name}: best validation accuracy {solver.best_val_acc:.1%} ({aim}), test accuracy {test_acc:.1%} "
        f"on {len(data['y_test']):,} images, {seconds:.0f} s"
    )
    return solver, run.target is None or solver.best_val_acc >= run.target


def draw(net: str, solvers: dict[str, Solver], out: Path) -> None:
    vis_utils.plot_history(solvers, f"{net} on the full CIFAR-10 set")
    plt.savefig(out / f"{net}_history.png", dpi=90)
    plt.close("all")
    name, solver = next(iter(solvers.items()))
    params = solver.model.params
    weights = params["W1"] if "W1" in params else params["W_1"]
    count = weights.shape[1] if weights.ndim == 2 else weights.shape[0]
    kind = "hidden units" if weights.ndim == 2 else "filters"
    vis_utils.show_weights(weights, f"{name}: first-layer weights of {count} {kind}")
    plt.savefig(out / f"{net}_weights.png", dpi=90)
    plt.close("all")


def train_group(net: str, out: Path) -> bool:
    with (
        open(out / f"{net}.txt", "w", encoding="utf-8") as log,
        contextlib.redirect_stdout(Tee(sys.stdout, log)),
    ):
        print(
            f"python bench/full_set.py {net}   (Python {platform.python_version()}, NumPy {np.__version__})"
        )
        data = load()
        solvers, reached = {}, []
        for name, run in RUNS[net].items():
            solvers[name], ok = train(name, run, data)
            reached.append(ok)
    draw(net, solvers, out)
    return all(reached)


def main() -> int:
    parser = argparse.ArgumentParser(description="Train the course's nets on the full CIFAR-10 set.")
    parser.add_argument("nets", nargs="*", metavar="NET", help=f"of {', '.join(RUNS)} (default: all)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for logs and pictures")
    options = parser.parse_args()
    for net in options.nets:
        if net not in RUNS:
            parser.error(f"there is no net {net}; choose from {', '.join(RUNS)}")
    try:
        if data_utils.dataset_name() != "full":
            raise FileNotFoundError("only the subset is here; run `python datasets/get_datasets.py` first")
        options.out.mkdir(parents=True, exist_ok=True)
        reached = [train_group(net, options.out) for net in options.nets or RUNS]
    except (OSError, ValueError) as error:
        print(f"full_set: {error}", file=sys.stderr)
        return 1
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
