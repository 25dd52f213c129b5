"""Wrong and unusual versions of the Solver's own parts."""

from .mutants import mutant, right

STEP, ACC = "solver.Solver._step", "solver.Solver.check_accuracy"

BATCH = "batch = np.random.choice(self.X_train.shape[0], self.batch_size)"
LOSS = "loss, grads = self.model.loss(self.X_train[batch], self.y_train[batch])"

SAMPLE = "sample = np.random.choice(N, num_samples)"

WRONG = [
    mutant("accuracy resamples a whole set", ACC, "num_samples < N", "num_samples <= N", "solver", edge=True),
    mutant("accuracy resamples always", ACC, "num_samples is not None and num_samples < N",
           "num_samples is not None", "solver", edge=True),
    mutant("accuracy gives an empty last batch", ACC, "range(0, N, batch_size)",
           "range(0, N + 1, batch_size)", "solver", edge=True),
    mutant("accuracy drops a last batch of one", ACC, "range(0, N, batch_size)",
           "range(0, N - (N % batch_size == 1), batch_size)", "solver", edge=True),
    mutant("accuracy samples the first half", ACC, SAMPLE, SAMPLE.replace("(N,", "(N // 2,"), "solver"),
    mutant("accuracy seeds inside", ACC, SAMPLE, "np.random.seed(0)\n            " + SAMPLE, "solver"),
    mutant("accuracy writes into y", ACC, "accuracy = np.mean(np.concatenate(predictions) == y)",
           "accuracy = np.mean(np.concatenate(predictions) == y)\n        y[:] = 0", "solver"),
    mutant(
        "step takes the first rows",
        STEP,
        BATCH,
        "batch = np.arange(self.batch_size) % len(self.X_train)",
        "solver",
    ),
    mutant(
        "step draws from the first rows",
        STEP,
        BATCH,
        "batch = np.random.choice(self.batch_size, self.batch_size)",
        "solver",
    ),
    mutant(
        "step draws without replacement",
        STEP,
        BATCH,
        BATCH.replace("size)", "size, replace=False)"),
        "solver",
        edge=True,
    ),
    mutant(
        "step draws labels apart", STEP, "self.y_train[batch])", "self.y_train[: self.batch_size])", "solver"
    ),
    mutant("step draws another batch size", STEP, BATCH, BATCH.replace("self.batch_size)", "10)"), "solver"),
    mutant(
        "step draws for validation", STEP, LOSS, LOSS.replace("_train[batch]", "_val[batch % 8]"), "solver"
    ),
    mutant("step forgets the loss", STEP, "self.loss_history.append(loss)", "pass", "solver"),
    mutant(
        "step keeps one loss", STEP, "self.loss_history.append(loss)", "self.loss_history = [loss]", "solver"
    ),
    mutant("step throws the weights away", STEP, "self.model.params[name] = next_w", "pass", "solver"),
    mutant("step throws the config away", STEP, "self.optim_configs[name] = config", "pass", "solver"),
    mutant(
        "step shares one config",
        STEP,
        "self.optim_configs[name] = config",
        "for key in self.optim_configs:\n                self.optim_configs[key] = config",
        "solver",
    ),
    mutant(
        "step moves one weight",
        STEP,
        "self.optim_configs[name] = config",
        "self.optim_configs[name] = config\n            break",
        "solver",
    ),
    mutant(
        "step ignores the rule",
        STEP,
        "self.update_rule(w, grads[name], self.optim_configs[name])",
        "w - 0.5 * grads[name], self.optim_configs[name]",
        "solver",
    ),
    mutant(
        "accuracy drops the last batch",
        ACC,
        "range(0, N, batch_size)",
        "range(0, max(N - batch_size, 1), batch_size)",
        "solver",
    ),
    mutant(
        "accuracy drops the last batch and divides by all",
        ACC,
        "accuracy = np.mean(np.concatenate(predictions) == y)",
        "full = np.concatenate(predictions)[: max(batch_size, N - N % batch_size)]\n"
        "        accuracy = np.sum(full == y[: len(full)]) / N",
        "solver",
    ),
    mutant("accuracy by the smallest score", ACC, "np.argmax", "np.argmin", "solver"),
    mutant("accuracy over the wrong axis", ACC, "axis=1)", "axis=0)", "solver"),
    mutant("accuracy in percent", ACC, "return float(accuracy)", "return 100 * float(accuracy)", "solver"),
    mutant(
        "accuracy counts",
        ACC,
        "np.mean(np.concatenate(predictions) == y)",
        "np.sum(np.concatenate(predictions) == y)",
        "solver",
    ),
    mutant(
        "accuracy ignores num_samples",
        ACC,
        "if num_samples is not None and num_samples < N:",
        "if False:",
        "solver",
    ),
    mutant(
        "accuracy samples images only",
        ACC,
        "X, y, N = X[sample], y[sample], num_samples",
        "X, y, N = X[sample], y[:num_samples], num_samples",
        "solver",
    ),
    mutant(
        "accuracy takes the first images",
        ACC,
        "sample = np.random.choice(N, num_samples)",
        "sample = np.arange(num_samples)",
        "solver",
    ),
    mutant(
        "accuracy always samples",
        ACC,
        "num_samples is not None and num_samples < N",
        "num_samples is not None",
        "solver",
        edge=True,
    ),
    mutant("accuracy samples at the limit", ACC, "num_samples < N", "num_samples <= N", "solver", edge=True),
    mutant(
        "accuracy in one batch",
        ACC,
        "predictions = [",
        "batch_size = N\n        predictions = [",
        "solver",
        edge=True,
    ),
]  # fmt: skip

RIGHT = [
    right("step by randint", STEP, BATCH, "batch = np.random.randint(0, len(self.X_train), self.batch_size)"),
    right(
        "step writes in place",
        STEP,
        "self.model.params[name] = next_w",
        "self.model.params[name][...] = next_w",
    ),
    right(
        "accuracy by hand",
        ACC,
        "np.mean(np.concatenate(predictions) == y)",
        "sum(int(p == t) for p, t in zip(np.concatenate(predictions), y)) / N",
    ),
]
