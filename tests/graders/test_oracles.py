"""Fixed arrays are written the same each time, read back read-only, and come from outside the library."""

from pathlib import Path

import numpy as np
import pytest

from autograder import graders
from autograder.checks import fixed as oracles

GRADERS = Path(graders.__file__).parent


def test_what_is_saved_comes_back_read_only(tmp_path: Path) -> None:
    oracles.save(tmp_path, "topic", {"a/one": {"x": np.arange(3.0), "loss": 2.5}, "two": {"y": [1, 2]}})
    table = oracles.load(tmp_path, "topic")
    assert list(table) == ["a/one", "two"]
    np.testing.assert_array_equal(table["a/one"]["x"], np.arange(3.0))
    assert table["a/one"]["loss"] == 2.5
    with pytest.raises(ValueError, match="read-only"):
        table["two"]["y"][0] = 5


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        oracles.save(tmp_path / folder, "topic", {"case": {"x": np.ones((2, 2))}})
    assert (tmp_path / "a" / "topic.npz").read_bytes() == (tmp_path / "b" / "topic.npz").read_bytes()


def test_differences_are_found(tmp_path: Path) -> None:
    table = {"a": {"x": np.ones(2)}, "b": {"y": np.zeros(3)}}
    oracles.save(tmp_path, "topic", table)
    assert oracles.differences(tmp_path, "topic", table) == []
    assert oracles.differences(tmp_path, "topic", {"a": {"x": np.ones(2) + 1e-15}, "b": table["b"]}) == []
    for row in ({"x": np.ones(2) + 1e-9}, {"x": np.ones(3)}, {"z": np.ones(2)}, {}):
        assert oracles.differences(tmp_path, "topic", {**table, "a": row}) == ["topic: a differs"]
    assert oracles.differences(tmp_path, "topic", {"a": table["a"], "c": {}}) == [
        "topic: b stands on one side only",
        "topic: c stands on one side only",
    ]


@pytest.mark.parametrize("value", [np.array([np.nan]), np.array("text"), np.array([None])])
def test_what_is_no_finite_number_is_not_saved(tmp_path: Path, value: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"topic\.npz: case/x must hold finite numbers"):
        oracles.save(tmp_path, "topic", {"case": {"x": value}})


def test_the_numerical_gradient_is_that_of_a_known_function() -> None:
    x = np.array([[0.5, -1.0], [2.0, 0.25]])
    found = oracles.numerical_gradient(lambda a: a**3, x, np.full((2, 2), 2.0))
    np.testing.assert_allclose(found, 6 * x**2, rtol=1e-8)
    wrong = 6 * x**2 * (1 + 1e-4)
    assert not np.allclose(found, wrong, rtol=1e-8)  # it would notice a small mistake


def test_values_are_moved_off_a_kink() -> None:
    moved = oracles.away_from(np.array([0.0, 0.01, -0.01, 0.5, 1.02]), [0.0, 1.0])
    np.testing.assert_allclose(moved, [0.05, 0.05, -0.05, 0.5, 1.05])


def test_no_oracle_reads_the_library_that_is_judged() -> None:
    for path in GRADERS.rglob("*.py"):
        assert "import cs_lib" not in path.read_text(), path
        assert "from cs_lib" not in path.read_text(), path


def test_two_layer_loss_agrees_with_a_numerical_gradient() -> None:
    """The fixed gradients, held against differences of a loss written out here."""
    row = oracles.load(GRADERS / "shared" / "expected", "nets")["two_layer/reg"]
    X, y = row["X"], row["y"]

    def loss(w1: np.ndarray) -> np.ndarray:
        hidden = np.maximum(X @ w1 + row["params.b1"], 0)
        scores = hidden @ row["params.W2"] + row["params.b2"]
        np.testing.assert_allclose(scores.shape, row["scores"].shape)
        likelihood = scores[np.arange(len(y)), y] - np.log(np.exp(scores).sum(axis=1))
        return -likelihood.mean() + 0.5 * row["reg"] * (np.sum(w1**2) + np.sum(row["params.W2"] ** 2))

    np.testing.assert_allclose(loss(row["params.W1"]), row["loss"], rtol=1e-12)
    found = oracles.numerical_gradient(loss, row["params.W1"], np.array(1.0))
    np.testing.assert_allclose(found, row["grads.W1"], rtol=1e-6, atol=1e-9)
