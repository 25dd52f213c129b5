"""The Solver trains a model on mini-batches and keeps the best parameters it has seen."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import optim

DATA_KEYS = ("X_train", "y_train", "X_val", "y_val")


class Solver:
    """Train a classification model by an update rule from `cs_lib.optim`.

        solver = Solver(model, data, update_rule="sgd", optim_config={"learning_rate": 1e-3},
                        lr_decay=0.95, num_epochs=10, batch_size=100)
        solver.train()

    The model has `params`, a dict of arrays; `loss(X)` returns the scores (N, C); `loss(X, y)` returns the
    loss and a dict with the gradient of every parameter. If it has `bn_params` (running averages of batch
    norm), they are kept and given back together with the best parameters.

    After training, `model.params` are those with the best validation accuracy. The records are
    `loss_history` (one entry an iteration), `train_acc_history` and `val_acc_history` (one entry a check),
    `best_val_acc` and `best_params`.
    """

    def __init__(
        self,
        model: Any,
        data: Mapping[str, np.ndarray],
        update_rule: str = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        batch_size: int = 100,
        num_epochs: int = 10,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
        print_every: int = 10,
        verbose: bool = True,
        checkpoint_name: str | None = None,
    ) -> None:
        """Get ready to train.

        Args:
            model: see the class.
            data: a dict with X_train (N, ...), y_train (N,), X_val, y_val.
            update_rule: the name of a function in `cs_lib.optim`.
            optim_config: its hyperparameters; every parameter gets a copy of its own.
            lr_decay: factor on the learning rate after every epoch.
            batch_size: images a step, drawn with replacement.
            num_epochs: an epoch is N // batch_size steps (at least one).
            num_train_samples, num_val_samples: accuracy is checked on this many images drawn anew each
                time; None takes all.
            print_every: print the loss every so many steps.
            verbose: False prints nothing.
            checkpoint_name: if given, `<checkpoint_name>_epoch_<e>.npz` is written at every check.

        Raises: ValueError for an unknown update rule, missing data, images and labels of unequal number, or
            a number out of range.
        """
        _check_data(data)
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("num_epochs", num_epochs, 0),
            ("print_every", print_every, 1),
        ):
            if value < least:
                raise ValueError(f"Solver: {name} must be at least {least}, got {value}")
        rule = None if update_rule.startswith("_") else getattr(optim, update_rule, None)
        if not callable(rule):
            raise ValueError(f"Solver: update_rule {update_rule!r} is not a function in cs_lib.optim")

        self.model = model
        self.X_train, self.y_train = data["X_train"], data["y_train"]
        self.X_val, self.y_val = data["X_val"], data["y_val"]
        self.update_rule = rule
        self.update_rule_name = update_rule
        self.optim_config = dict(optim_config or {})
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.print_every = print_every
        self.verbose = verbose
        self.checkpoint_name = checkpoint_name
        self._reset()

    def _reset(self) -> None:
        """Set up the records and one config for each parameter."""
        self.epoch = 0
        self.best_val_acc = 0.0
        self.best_params: dict[str, np.ndarray] = {}
        self._best_bn_params: Any = None
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        self.optim_configs = {name: copy.deepcopy(self.optim_config) for name in self.model.params}

    def _step(self) -> None:
        """Take one step: draw a batch, compute loss and gradients, update every parameter.

        The batch is `np.random.choice(num_train, batch_size)`; the loss is appended to `loss_history`.
        """
        batch = np.random.choice(self.X_train.shape[0], self.batch_size)
        loss, grads = self.model.loss(self.X_train[batch], self.y_train[batch])
        self.loss_history.append(loss)
        for name, w in self.model.params.items():
            next_w, config = self.update_rule(w, grads[name], self.optim_configs[name])
            self.model.params[name] = next_w
            self.optim_configs[name] = config

    def check_accuracy(
        self, X: np.ndarray, y: np.ndarray, num_samples: int | None = None, batch_size: int = 100
    ) -> float:
        """Return the share of images whose largest score is at their label.

        Args:
            X: (N, ...).
            y: labels (N,).
            num_samples: if N is larger, this many are drawn by `np.random.choice(N, num_samples)` and only
                those are looked at.
            batch_size: the model sees this many at a time, so that memory stays small.

        Returns: the accuracy, between 0 and 1.
        """
        N = X.shape[0]
        if num_samples is not None and num_samples < N:
            sample = np.random.choice(N, num_samples)
            X, y, N = X[sample], y[sample], num_samples
        predictions = [
            np.argmax(self.model.loss(X[start : start + batch_size]), axis=1)
            for start in range(0, N, batch_size)
        ]
        accuracy = np.mean(np.concatenate(predictions) == y)
        return float(accuracy)

    def train(self) -> None:
        """Train for `num_epochs` epochs, then put the best parameters into the model.

        Accuracy is checked after the first step, the last, and at every epoch's end. Called again, it goes
        on from the best parameters for another `num_epochs` epochs.
        """
        iterations_per_epoch = max(self.X_train.shape[0] // self.batch_size, 1)
        num_iterations = self.num_epochs * iterations_per_epoch
        last_epoch = self.epoch + self.num_epochs
        for t in range(num_iterations):
            self._step()
            if self.verbose and t % self.print_every == 0:
                print(f"(Iteration {t + 1} / {num_iterations}) loss: {self.loss_history[-1]:f}")
            epoch_end = (t + 1) % iterations_per_epoch == 0
            if epoch_end:
                self._end_epoch()
            if t == 0 or epoch_end:
                self._check(last_epoch)
        if self.best_params:
            self.model.params = _copy_arrays(self.best_params)
            if self._best_bn_params:
                self.model.bn_params = copy.deepcopy(self._best_bn_params)

    def _end_epoch(self) -> None:
        """Count the epoch and let the learning rates decay."""
        self.epoch += 1
        for config in self.optim_configs.values():
            if "learning_rate" in config:
                config["learning_rate"] *= self.lr_decay

    def _check(self, last_epoch: int) -> None:
        """Record both accuracies; keep the parameters if they are the best so far; save a checkpoint."""
        train_acc = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        if self.verbose:
            print(f"(Epoch {self.epoch} / {last_epoch}) train acc: {train_acc:f}; val_acc: {val_acc:f}")
        # The first check counts even at an accuracy of 0, so that there is always a best.
        if not self.best_params or val_acc > self.best_val_acc:
            self.best_val_acc = val_acc
            self.best_params = _copy_arrays(self.model.params)
            self._best_bn_params = copy.deepcopy(getattr(self.model, "bn_params", None))
        if self.checkpoint_name is not None:
            self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        """Write an .npz that `np.load` reads without pickle.

        It holds params/<name> and best_params/<name>, running_mean<i> and running_var<i> where the model
        has them, the histories, and `settings`, a JSON text with the epoch and the Solver's arguments.
        """
        arrays = {f"params/{name}": value for name, value in self.model.params.items()}
        arrays |= {f"best_params/{name}": value for name, value in self.best_params.items()}
        for i, bn_param in enumerate(getattr(self.model, "bn_params", []), start=1):
            arrays |= {f"{k}{i}": v for k, v in bn_param.items() if k in ("running_mean", "running_var")}
        for name in ("loss_history", "train_acc_history", "val_acc_history"):
            arrays[name] = np.array(getattr(self, name))
        settings = {
            "epoch": self.epoch,
            "update_rule": self.update_rule_name,
            "optim_config": self.optim_config,
            "lr_decay": self.lr_decay,
            "batch_size": self.batch_size,
            "num_train_samples": self.num_train_samples,
            "num_val_samples": self.num_val_samples,
            "best_val_acc": self.best_val_acc,
        }
        # default=float takes the NumPy scalars a search over np.logspace leaves in the settings.
        arrays["settings"] = np.array(json.dumps(settings, default=float))
        path = f"{self.checkpoint_name}_epoch_{self.epoch}.npz"
        if self.verbose:
            print(f'Saving checkpoint to "{path}"')
        np.savez(path, **arrays)


def _copy_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.copy() for name, value in arrays.items()}


def _check_data(data: Mapping[str, np.ndarray]) -> None:
    missing = [key for key in DATA_KEYS if key not in data]
    if missing:
        raise ValueError(f"Solver: data lacks {', '.join(missing)}")
    for part in ("train", "val"):
        X, y = data[f"X_{part}"], data[f"y_{part}"]
        if len(X) != len(y) or len(X) == 0:
            raise ValueError(f"Solver: X_{part} holds {len(X)} images and y_{part} {len(y)} labels")
