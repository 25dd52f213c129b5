"""How many held-back images a net gets right, of as many images as a verdict needs.

The images come in an order drawn for this net. After every LOOK of them the net passes if one that is too
weak would have done so well with a probability below ERROR, all looks together. One that does not pass so
is evaluated on all images: a net that fails has its exact accuracy, and never fails by chance.
"""

import numpy as np

from autograder.graders.shared.forward import Scores, count_right

LOOK = 40  # images between two looks
ERROR = 1e-6  # the most with which a net passes that would fail on all images


class Evaluation:
    """One net on the held-back images, as far as somebody asked."""

    def __init__(self, scores: Scores, X: np.ndarray, y: np.ndarray, seed: int) -> None:
        self.scores, self.X, self.y = scores, X, y
        self.order = np.random.default_rng(seed).permutation(len(y))
        self.right: list[int] = []  # after each look

    def reaches(self, needed: float) -> bool:
        """Whether that share of all images is right. The looks of before count from the first one on, so that
        the verdict does not depend on what was asked before."""
        total = len(self.y)
        enough = int(np.searchsorted(np.arange(total + 1) / total, needed))  # the first that is no less
        looks = -(-total // LOOK)
        for look in range(looks):
            if _too_good(self._right(look), min((look + 1) * LOOK, total), enough, total) < ERROR / looks:
                return True
        return False

    @property
    def accuracy(self) -> float:
        return self._right(-(-len(self.y) // LOOK) - 1) / len(self.y)

    def _right(self, look: int) -> int:
        """How many are right among the images of all looks up to this one."""
        while len(self.right) <= look:
            chosen = self.order[len(self.right) * LOOK : (len(self.right) + 1) * LOOK]
            before = self.right[-1] if self.right else 0
            self.right.append(before + count_right(self.scores, self.X[chosen], self.y[chosen]))
        return self.right[look]


def _too_good(right: int, seen: int, enough: int, total: int) -> float:
    """The probability that of `seen` images, drawn from `total` without putting back, so many or more are
    right for a net that is right on one fewer than `enough`: the tail of the hypergeometric distribution."""
    if right >= enough:
        return 0.0
    weak = enough - 1
    hits = np.arange(right, min(seen, weak) + 1)
    hits = hits[seen - hits <= total - weak]
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])  # of factorials

    def ways(n: int, k: np.ndarray) -> np.ndarray:
        chosen: np.ndarray = logs[n] - logs[k] - logs[n - k]
        return chosen

    logs_of_hits = ways(weak, hits) + ways(total - weak, seen - hits) - ways(total, np.array(seen))
    return float(np.exp(logs_of_hits).sum())
