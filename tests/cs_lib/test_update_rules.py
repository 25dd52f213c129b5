"""The update rules: fixed values, defaults, and where their state lives."""

import json
from pathlib import Path

import numpy as np
import pytest

from cs_lib import optim

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())
SHOWN_ATOL = 5.01e-9
RULES = [optim.sgd, optim.sgd_momentum, optim.rmsprop, optim.adam]
DEFAULTS = {
    "sgd": {"learning_rate": 1e-2},
    "sgd_momentum": {"learning_rate": 1e-2, "momentum": 0.9},
    "rmsprop": {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8},
    "adam": {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
}
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


@pytest.mark.parametrize(
    ("rule", "config", "state"),
    [
        (optim.sgd_momentum, {"learning_rate": 1e-3, "velocity": (0.6, 0.9)}, ["velocity"]),
        (optim.rmsprop, {"learning_rate": 1e-2, "cache": (0.6, 0.9)}, ["cache"]),
        (optim.adam, {"learning_rate": 1e-2, "m": (0.6, 0.9), "v": (0.7, 0.5), "t": 5}, ["m", "v"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_rules_reproduce_the_shown_values(rule, config, state) -> None:
    def spread(ends: tuple[float, float]) -> np.ndarray:
        return np.linspace(*ends, num=20).reshape(4, 5)

    config = {name: spread(value) if isinstance(value, tuple) else value for name, value in config.items()}
    w, dw = spread((-0.4, 0.6)), spread((-0.6, 0.4))
    for array in (w, dw, *(config[name] for name in state)):
        array.setflags(write=False)
    want = EXPECTED[rule.__name__]
    next_w, same = rule(w, dw, config)
    assert same is config
    np.testing.assert_allclose(next_w, want["next_w"], rtol=0, atol=SHOWN_ATOL)
    for name in state:
        np.testing.assert_allclose(config[name], want[name], rtol=0, atol=SHOWN_ATOL)
    assert config.get("t", 6) == 6


def test_sgd_by_hand() -> None:
    next_w, config = optim.sgd(np.array([1.0, -2.0]), np.array([3.0, 4.0]), {"learning_rate": 0.5})
    np.testing.assert_array_equal(next_w, [-0.5, -4])
    assert config == {"learning_rate": 0.5}


def test_momentum_builds_up_speed() -> None:
    w, config = np.array([0.0]), {"learning_rate": 1.0, "momentum": 0.5}
    path = []
    for _ in range(3):
        w, config = optim.sgd_momentum(w, np.array([-8.0]), config)
        path.append(w.item())
    assert path == [8, 8 + 12, 8 + 12 + 14]


@pytest.mark.parametrize("gradient", [1e-3, 7.0, -200.0])
def test_adam_first_step_has_the_length_of_the_learning_rate(gradient: float) -> None:
    next_w, config = optim.adam(np.zeros(1), np.array([gradient]), {"learning_rate": 0.1})
    assert next_w.item() == pytest.approx(-0.1 * np.sign(gradient), rel=1e-4)
    assert config["t"] == 1


def test_rmsprop_and_adam_add_epsilon_to_the_root() -> None:
    # Under the root, an epsilon of 1 would give sqrt(1 + 1) instead of 1 + 1.
    next_w, _ = optim.rmsprop(
        np.zeros(1), np.ones(1), {"learning_rate": 1.0, "decay_rate": 0.0, "epsilon": 1.0}
    )
    assert next_w.item() == pytest.approx(-0.5)
    next_w, _ = optim.adam(np.zeros(1), np.ones(1), {"learning_rate": 1.0, "epsilon": 1.0})
    assert next_w.item() == pytest.approx(-0.5)


@each_rule
def test_defaults_are_filled_in(rule) -> None:
    w, dw = np.full(3, 2.0), np.array([1.0, -2.0, 0.5])
    next_w, config = rule(w, dw)
    assert DEFAULTS[rule.__name__].items() <= config.items()
    given, _ = rule(w, dw, dict(DEFAULTS[rule.__name__]))
    np.testing.assert_array_equal(next_w, given)
    empty: dict = {}
    assert rule(w, dw, empty)[1] is empty
    assert empty["learning_rate"] == DEFAULTS[rule.__name__]["learning_rate"]


@each_rule
def test_state_is_updated_in_the_dict_that_was_passed(rule) -> None:
    config: dict = {}
    w = np.ones(2)
    for step in range(1, 4):
        w, same = rule(w, np.array([1.0, 2.0]), config)
        assert same is config
        if rule is optim.adam:
            assert config["t"] == step


@each_rule
@pytest.mark.parametrize("scalar", [float, np.float64, np.float32])
def test_float32_weights_stay_float32(rule, scalar) -> None:
    w, config = np.ones((2, 3), np.float32), {"learning_rate": scalar(1e-3)}
    for _ in range(2):
        w, config = rule(w, np.full((2, 3), 0.5, np.float32), config)
    assert w.dtype == np.float32
    assert all(v.dtype == np.float32 for v in config.values() if isinstance(v, np.ndarray))


@each_rule
def test_gradient_of_another_shape_is_refused(rule) -> None:
    with pytest.raises(ValueError, match=rf"{rule.__name__}: dw must have w's shape \(2,\), got \(2, 1\)"):
        rule(np.ones(2), np.ones((2, 1)))
