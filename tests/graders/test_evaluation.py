"""A net passes after as few images as its verdict needs, and fails only after all of them."""

import math
from fractions import Fraction

import numpy as np
import pytest

from autograder.graders.shared.evaluation import ERROR, LOOK, Evaluation, _too_good

TOTAL = 1000


def evaluation(right: int, seed: int = 0) -> tuple[Evaluation, list[int]]:
    """A net that is right on the first `right` of 1,000 images, and how many images it was asked for."""
    asked: list[int] = []

    def scores(x: np.ndarray) -> np.ndarray:
        asked.append(len(x))
        found = np.zeros((len(x), 10), np.float32)
        found[x[:, 0] >= right, 1] = 1.0  # the wrong class
        return found

    X = np.arange(TOTAL, dtype=np.float32)[:, None]
    return Evaluation(scores, X, np.zeros(TOTAL, dtype=int), seed), asked


@pytest.mark.parametrize("right", [0, 389, 390, 391, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_is_that_of_all_images(right: int, seed: int) -> None:
    assert evaluation(right, seed)[0].reaches(0.39) == (right >= 390)


def test_a_clear_pass_takes_a_part_of_the_images_and_a_fail_all() -> None:
    clear, asked = evaluation(600)
    assert clear.reaches(0.39)
    assert sum(asked) < TOTAL / 4
    close, asked = evaluation(389)
    assert not close.reaches(0.39)
    assert sum(asked) == TOTAL
    assert close.accuracy == 0.389


def test_what_was_asked_before_changes_nothing_and_no_image_is_evaluated_twice() -> None:
    both, asked = evaluation(520)
    assert both.accuracy == 0.52
    assert both.reaches(0.3)
    assert both.reaches(0.5)
    assert sum(asked) == TOTAL
    alone, less = evaluation(520)
    assert alone.reaches(0.3)
    assert sum(less) < TOTAL
    assert both.right[: len(alone.right)] == alone.right


def test_another_net_has_another_order() -> None:
    orders = [evaluation(500, seed)[0].order.tolist() for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == list(range(TOTAL))


@pytest.mark.parametrize(
    ("right", "seen", "enough", "total"), [(20, 40, 390, 1000), (9, 10, 12, 30), (1, 29, 2, 30)]
)
def test_the_bound_is_the_exact_count_of_ways(right: int, seen: int, enough: int, total: int) -> None:
    weak = enough - 1
    hits = range(right, min(seen, weak) + 1)
    ways = sum(math.comb(weak, x) * math.comb(total - weak, seen - x) for x in hits)
    assert _too_good(right, seen, enough, total) == pytest.approx(
        float(Fraction(ways, math.comb(total, seen))), rel=1e-9
    )


def test_nets_that_are_just_too_weak_fail_in_every_order() -> None:
    """The bound holds for the looks together: none of 2,000 orders lets a net pass that lacks one image."""
    rng = np.random.default_rng(7)
    looks = np.arange(LOOK, TOTAL, LOOK)
    least = [next(r for r in range(n + 2) if _too_good(r, n, 390, TOTAL) < ERROR / 25) for n in looks]
    right = np.arange(TOTAL) < 389
    counts = [np.cumsum(rng.permutation(right))[looks - 1] for _ in range(2000)]
    assert not (np.array(counts) >= least).any()
