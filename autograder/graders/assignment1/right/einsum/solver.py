"""Sums written by their indices, windows by strides."""

import numpy as np


class Solver:
    def _step(self):
        batch = np.random.choice(self.y_train.size, size=self.batch_size, replace=True)
        loss, grads = self.model.loss(np.take(self.X_train, batch, axis=0), np.take(self.y_train, batch))
        self.loss_history += [loss]
        params = self.model.params
        for name in params:
            params[name], self.optim_configs[name] = self.update_rule(
                w=params[name], dw=grads[name], config=self.optim_configs[name]
            )

    def check_accuracy(self, X, y, num_samples=None, batch_size=100):
        N = len(y)
        which = np.arange(N) if num_samples is None or N <= num_samples else np.random.choice(N, num_samples)
        parts = np.split(which, range(batch_size, len(which), batch_size))
        hits = [np.equal(self.model.loss(X[part]).argmax(1), y[part]).sum() for part in parts]
        return np.sum(hits) / len(which)
