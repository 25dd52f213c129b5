"""The Solver's own parts: one step, and the accuracy of a sample, with a stub model and a stub update rule.

Neither a net nor an update rule of the student takes part, so a mistake there costs nothing here.
"""

from typing import Any

import numpy as np

from autograder.checks.checks import (
    RTOL,
    Case,
    array,
    cases,
    close,
    fail,
    mapping,
    parts,
    same_shape,
    unchanged,
)

NO_SCORES = "check_accuracy did not ask the model for scores: call self.model.loss(X) without y."
BUILDS_ON = {"optim.sgd": None}  # only named: a rule of ours takes its place

# Runs beside the student's code and holds no answers. The model's scores are an image's entries, in an order
# that it is made with: whoever wants them asks for them. It notes what it was given. The rules climb, so that
# none is sgd.
SOURCES = """
import numpy as np


class Model:
    def __init__(self, order, right_at=None):
        self.order = order
        self.params = {"a": np.array([0.0, 10.0]), "b": np.zeros((2, 2))}
        self.right_at = right_at
        self.X, self.y, self.losses = [], [], []

    def loss(self, X, y=None):
        self.X.append(np.array(X))
        if y is None:
            if self.right_at is None or abs(self.params["a"][0] - self.right_at) < 0.5:
                return np.array(X)[:, self.order]
            return -np.array(X)[:, self.order]
        self.y.append(np.array(y))
        self.losses.append(float(len(self.losses) + 0.25))
        return self.losses[-1], {"a": np.array([1.0, -2.0]), "b": np.full((2, 2), -3.0)}


def counting(w, dw, config=None):
    count = config.get("count", 0) + 1
    return w + config["learning_rate"] * count * dw, dict(config, count=count)


def plain(w, dw, config=None):
    return w + config["learning_rate"] * dw, config


class Kit:
    Model = Model

    def steps(solver, number, rule):
        solver.update_rule = {"counting": counting, "plain": plain}[rule]
        for _ in range(number):
            solver._step()
        model = solver.model
        seen = {"X": model.X, "y": model.y, "losses": model.losses, "params": model.params}
        return dict(seen, history=solver.loss_history)

    def accuracy(solver, X, y, options):
        return solver.check_accuracy(X, y, **options), solver.model.X

    def train(solver):
        solver.update_rule = plain
        solver.train()
        rates = [config["learning_rate"] for config in solver.optim_configs.values()]
        return solver.model.params, solver.best_val_acc, rates
"""


ORDER = np.array([2, 0, 3, 1])
LEAST_DIFFERENT = 5  # of 12 draws from 40; a right sample has fewer once in 12 million times
SEEN = ("X", "y", "losses", "params", "history")


def images(count: int, classes: int = 4, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Images that make their own scores, no two alike, and labels that are right for about half of them."""
    draws = np.random.RandomState(seed)
    X = draws.rand(count, classes) + np.arange(count)[:, None]
    y = np.where(draws.rand(count) < 0.5, best(X), draws.randint(classes, size=count))
    y[-3:] = best(X[-3:])  # right, so that it shows when the last batch is left out
    return X, y


def best(X: np.ndarray) -> np.ndarray:
    """The class of each image's largest score."""
    classes: np.ndarray = X[:, ORDER].argmax(axis=1)
    return classes


def make(student: Any, *, right_at: float | None = None, count: int = 12, **options: Any) -> tuple[Any, Any]:
    """The kit above, and a Solver of the student's with our stub model."""
    kit = student.define(SOURCES, "Kit")
    model = student.method(kit, "Model", ORDER, right_at, keep="all")
    X, y = images(count)
    data = {"X_train": X, "y_train": y, "X_val": X[:8], "y_val": best(X[:8])}
    settings = {"optim_config": {"learning_rate": 0.5}, "batch_size": 5, "verbose": False} | options
    return kit, student.new("solver.Solver", model, data, update_rule="sgd", **settings)


def rows_of(found: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Which rows of X were seen; -1 for what is no row of X."""
    same = (found[:, None, :] == X[None, :, :]).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


@cases(
    "solver",
    Case("batch", hint="A batch takes the same drawn rows from X_train and from y_train."),
    Case("whole_set", hint="Draw from all rows of the training set, anew at every step."),
    Case("loss_history", hint="Append the loss of every step to loss_history, in order."),
    Case(
        "update", hint="Every parameter takes a step with its own gradient; the result goes back into params."
    ),
    Case(
        "config",
        weight=3,
        hint="The config a rule gives back must be there at its next step, one for each parameter.",
    ),
    Case("small_set", "edge", hint="Rows are drawn with replacement: a batch may be larger than the set."),
    builds_on=BUILDS_ON,
)
def test_step(student: Any, case: Case) -> None:
    size = 30 if case.id == "small_set" else 5
    number = {"whole_set": 40, "batch": 1, "small_set": 1}.get(case.id, 3)
    kit, solver = make(student, batch_size=size)
    rule = "counting" if case.id == "config" else "plain"
    seen = mapping(student.method(kit, "steps", solver, number, rule), SEEN, name="what the model has seen")
    if case.id in ("batch", "small_set"):
        check_batch(noted(seen["X"]), noted(seen["y"]), size)
    elif case.id == "whole_set":
        check_spread(noted(seen["X"]))
    elif case.id == "loss_history":
        check_history(seen["history"], noted(seen["losses"]), number)
    else:
        check_params(seen["params"], total=3 if case.id == "update" else 1 + 2 + 3)


def noted(found: object) -> list[np.ndarray]:
    """What the stub model noted, call by call; the student's code may have put anything there."""
    if not isinstance(found, list):
        fail("type", "The model's own notes were changed: a Solver only calls model.loss.")
    return [array(entry, name="what the model was given") for entry in found]


def check_batch(seen: list, labels: list, size: int) -> None:
    X, y = images(12)
    if len(seen) != 1 or len(labels) != 1:
        fail("value", f"One step must call model.loss(X, y) once; it called it {len(seen)} times.")
    rows = rows_of(batch_of(seen[0], size), X)
    if (rows < 0).any():
        fail("value", "The batch holds rows that are not in X_train.")
    if labels[0].shape != (size,) or (labels[0] != y[rows]).any():
        fail(
            "value", "The labels of the batch do not belong to its images: use the same drawn rows for both."
        )


def check_spread(seen: list) -> None:
    X, _ = images(12)
    drawn = [rows_of(batch_of(batch, 5), X) for batch in seen]
    if not drawn:
        fail("value", "A step did not call model.loss(X, y).")
    if len({tuple(rows) for rows in drawn}) < len(drawn) // 2:
        fail("value", "The batches repeat: draw a new one at every step.")
    missing = len(X) - len(set(np.concatenate(drawn).tolist()) - {-1})
    if missing:
        fail("value", f"In 40 steps {missing} of {len(X)} training rows were never drawn.")


def check_history(history: Any, losses: list, number: int) -> None:
    if not isinstance(history, list) or len(history) != number:
        fail("value", f"loss_history must be a list with one loss for each of {number} steps.")
    found = [float(same_shape(loss, (), name="a loss in loss_history")) for loss in history]
    close(np.array(found), losses, name="loss_history", rtol=RTOL)


def batch_of(found: Any, size: int) -> np.ndarray:
    values = array(found, name="the batch")
    if values.shape != (size, 4):
        fail("shape", f"The batch has shape {values.shape}; batch_size rows make {(size, 4)}.")
    return values


def check_params(params: Any, total: int) -> None:
    """Gradients and learning rate are fixed in the stub, so hand arithmetic gives the parameters."""
    params = mapping(params, ["a", "b"], name="model.params")
    want = {"a": np.array([0.5 * total, 10.0 - total]), "b": np.full((2, 2), -1.5 * total)}
    for key, value in want.items():
        close(params[key], value, name=f"model.params[{key!r}] after three steps", rtol=RTOL)


@cases(
    "solver",
    Case("accuracy", count=9, hint="The share, 0 to 1, of images whose largest score stands at their label."),
    Case("accuracy_batches", count=23, hint="Batches of 5: the last one is smaller and counts too."),
    Case(
        "sample",
        count=40,
        samples=12,
        hint="num_samples images are drawn, with their labels; only they count.",
    ),
    Case(
        "sample_anew",
        count=40,
        samples=12,
        calls=4,
        hint="Every call draws its own sample, from all images: no seed inside, and no part of X left out.",
    ),
    Case("full_batches", "edge", count=20, hint="20 images make four batches of 5, and no empty fifth one."),
    Case(
        "last_batch_of_one", "edge", count=21, hint="The last batch may hold a single image; it counts too."
    ),
    Case(
        "arguments_unchanged",
        "edge",
        count=23,
        samples=12,
        hint="X and y belong to the caller: x[...] = changes them.",
    ),
    Case(
        "sample_too_large", "edge", count=9, samples=50, hint="With fewer images than num_samples, all count."
    ),
    Case(
        "sample_of_all", "edge", count=9, samples=9, hint="With exactly num_samples images, each counts once."
    ),
    Case("memory", "edge", count=23, hint="Give the model batch_size images at a time, not all at once."),
    builds_on=BUILDS_ON,
)
def test_check_accuracy(student: Any, case: Case) -> None:
    kit, solver = make(student)
    X, y = images(case.count, seed=6)
    samples = case.data.get("samples")
    options = {"num_samples": samples} | ({} if case.id == "accuracy" else {"batch_size": 5})
    if case.id == "sample_anew":
        check_samples(student, kit, X, y, options, case.calls)
        return
    echo = student.method(kit, "accuracy", solver, X, y, options, echo=True)
    got, given = parts(echo.result, 2, name="check_accuracy")
    if case.id == "arguments_unchanged":
        unchanged(X, echo.args[1], name="X, the argument of check_accuracy,")
        unchanged(y, echo.args[2], name="y, the argument of check_accuracy,")
    seen = noted(given)
    if not seen:
        fail("value", NO_SCORES)
    if any(part.ndim != 2 or part.shape[1] != 4 for part in seen):
        fail("shape", "The model was given images of another shape: cut X along its first axis only.")
    largest, total = max(len(part) for part in seen), sum(len(part) for part in seen)
    if case.id == "memory" and largest > 5:
        fail("value", f"With batch_size=5 the model was given {largest} images at once.")
    if case.id == "full_batches" and min(len(part) for part in seen) == 0:
        fail("value", "The model was given a batch without images: 20 images make four batches of 5.")
    right = best(X) == y
    whole = case.id in ("sample_too_large", "sample_of_all")
    if whole and sorted(rows_of(np.concatenate(seen), X)) != list(range(len(X))):
        fail("value", f"With num_samples={samples} of {len(X)} images each of them counts once.")
    if case.id in ("sample", "arguments_unchanged"):
        if total != samples:
            fail("value", f"With num_samples={samples} of {len(X)} images the model saw {total}.")
        rows = rows_of(np.concatenate(seen), X)
        if sorted(rows) == list(range(samples)):
            fail("value", "The sample is the first images: draw it at random.")
        right = right[rows]
    close(got, right.mean(), name="the accuracy", rtol=RTOL)


def check_samples(student: Any, kit: Any, X: np.ndarray, y: np.ndarray, options: Any, calls: int) -> None:
    """The rows that several calls look at: not the same ones, and from all parts of X."""
    drawn: list[list[int]] = []
    for _ in range(calls):
        _, solver = make(student)
        _, given = parts(student.method(kit, "accuracy", solver, X, y, options), 2, name="check_accuracy")
        seen = [batch_like(part) for part in noted(given)]
        if not seen:
            fail("value", NO_SCORES)
        drawn.append(rows_of(np.concatenate(seen), X).tolist())
        if len(set(drawn[-1])) < LEAST_DIFFERENT:
            fail("value", "A sample holds the same image many times over: draw each image by itself.")
    if any(rows == drawn[0] for rows in drawn[1:]):
        fail("value", "check_accuracy looks at the same images at every call: is a seed set inside?")
    parts_seen = {row * 4 // len(X) for rows in drawn for row in rows if row >= 0}
    if len(parts_seen) < 4:  # 48 draws leave out a quarter of the images once in 250,000 times
        fail("value", f"In {calls} samples a part of the images was never drawn: draw from all of them.")


def batch_like(found: np.ndarray) -> np.ndarray:
    if found.ndim != 2 or found.shape[1] != 4:
        fail("shape", "The model was given images of another shape: cut X along its first axis only.")
    return found


@cases(
    "solver",
    Case(
        "best_params", hint="train() keeps the best parameters seen: does a step write into the old arrays?"
    ),
    Case(
        "lr_decay",
        "edge",
        hint="train() lowers the learning rate in optim_configs: take it from there each time.",
    ),
    Case(
        "never_right", "edge", hint="Also a model that never scores above 0 ends with parameters it has had."
    ),
    builds_on=BUILDS_ON,
)
def test_train(student: Any, case: Case) -> None:
    """One step an epoch; params['a'][0] goes 1, 2, 3, ... or, with lr_decay, 1, 1.5, 1.75, ..."""
    right_at = {"best_params": 3.0, "never_right": 99.0, "lr_decay": 1.9}[case.id]
    decay = 0.5 if case.id == "lr_decay" else 1.0
    options = {"batch_size": 12, "num_epochs": 5, "optim_config": {"learning_rate": 1.0}}
    kit, solver = make(student, right_at=right_at, lr_decay=decay, **options)
    params, best, rates = parts(student.method(kit, "train", solver), 3, name="train")
    a, name = mapping(params, ["a"], name="model.params")["a"], "params['a'] after train()"
    if case.id == "never_right":
        close(a, [1.0, 8.0], name=name, rtol=RTOL)  # the first ones checked
    elif case.id == "best_params":
        close(a, [3.0, 4.0], name=name, rtol=RTOL)
        close(best, 1.0, name="best_val_acc", rtol=RTOL)
    else:
        close(np.array(rates), [0.5**5] * 2, name="the learning rates after 5 epochs", rtol=RTOL)
        close(a, [1.5, 7.0], name=name, rtol=RTOL)
