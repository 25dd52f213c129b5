"""Train the three nets that the sample class hands in, on the embedded subset, and keep them small.

    python samples/train_results.py

Writes samples/results/two_layer_net.npz, fully_connected_net.npz and conv_net.npz, as the notebooks' last
cells do, with the parameters rounded to 16 bits. Takes about two minutes on one core and prints what each net
reaches.
"""

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["CS_CIFAR10"] = "subset"

import numpy as np  # noqa: E402

from autograder.graders.shared import trained  # noqa: E402
from cs_lib import data_utils  # noqa: E402
from cs_lib.classifiers.cnn import ConvNet  # noqa: E402
from cs_lib.classifiers.fc_net import FullyConnectedNet, TwoLayerNet  # noqa: E402
from cs_lib.solver import Solver  # noqa: E402

SEED = 231


def two_layer_net(data: dict[str, np.ndarray]) -> Solver:
    return Solver(
        TwoLayerNet(hidden_dim=100, reg=1.0),
        data,
        optim_config={"learning_rate": 1e-3},
        lr_decay=0.95,
        num_epochs=15,
    )


def fully_connected_net(data: dict[str, np.ndarray]) -> Solver:
    return Solver(
        FullyConnectedNet([100, 100], reg=0.1, weight_scale=2e-2),
        data,
        update_rule="adam",
        optim_config={"learning_rate": 5e-4},
        lr_decay=0.9,
        num_epochs=15,
    )


def conv_net(data: dict[str, np.ndarray]) -> Solver:
    return Solver(
        ConvNet(reg=1e-3, weight_scale=2e-2),
        data,
        update_rule="adam",
        optim_config={"learning_rate": 1e-3},
        lr_decay=0.9,
        num_epochs=8,
        batch_size=50,
    )


def save(name: str, model: Any) -> None:
    path = ROOT / "samples" / "results" / f"{name}.npz"
    for key, value in model.params.items():
        model.params[key] = value.astype(np.float16)
    data_utils.save_model(path, model, "subset")
    task = trained.TASKS[f"train_{name}"]
    reached, _ = trained.evaluate(task, path.read_bytes())
    print(f"{name}: {path.stat().st_size / 1e6:.1f} MB, held-back images {reached:.1%}", flush=True)


def main() -> None:
    data = data_utils.get_CIFAR10_data()
    for make in (two_layer_net, fully_connected_net, conv_net):
        np.random.seed(SEED)
        solver = make(data)
        solver.verbose = False
        solver.train()
        print(f"{make.__name__}: validation {solver.best_val_acc:.1%}", flush=True)
        save(make.__name__, solver.model)


if __name__ == "__main__":
    main()
