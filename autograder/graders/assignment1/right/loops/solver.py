"""Plain loops over images, rows and classes, as a first draft has them."""

import numpy as np


class Solver:
    def _step(self):
        chosen = np.random.choice(len(self.X_train), self.batch_size)
        images = np.array([self.X_train[i] for i in chosen])
        labels = np.array([self.y_train[i] for i in chosen])
        loss, grads = self.model.loss(images, labels)
        self.loss_history.append(loss)
        for name in list(self.model.params):
            new, state = self.update_rule(self.model.params[name], grads[name], self.optim_configs[name])
            self.model.params[name] = new
            self.optim_configs[name] = state

    def check_accuracy(self, X, y, num_samples=None, batch_size=100):
        if num_samples is not None and num_samples < len(X):
            chosen = np.random.choice(len(X), num_samples)
            X, y = X[chosen], y[chosen]
        right = 0
        at = 0
        while at < len(X):
            scores = self.model.loss(X[at : at + batch_size])
            for row, label in zip(scores, y[at : at + batch_size]):
                right += int(row.argmax() == label)
            at += batch_size
        return right / len(X)
