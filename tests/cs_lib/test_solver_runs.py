"""The Solver: its printed lines, its draws, what it records, what it keeps, what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from cs_lib import optim
from cs_lib.classifiers.fc_net import FullyConnectedNet, TwoLayerNet
from cs_lib.solver import Solver


class ZeroModel:
    """Scores zero for every class, so that class 0 is always the answer and the loss is log 10."""

    def __init__(self) -> None:
        self.params = {"w": np.zeros(1)}
        self.batches: list[np.ndarray] = []

    def loss(self, X, y=None):
        if y is None:
            return np.zeros((len(X), 10))
        self.batches.append(X)
        return np.log(10), {"w": np.zeros(1)}


class CountingModel:
    """One weight that goes up by the learning rate each step; accuracy is a function of the weight."""

    def __init__(self, accuracy) -> None:
        self.params = {"w": np.zeros(1)}
        self.accuracy = accuracy

    def loss(self, X, y=None):
        if y is None:
            right = round(self.accuracy(round(self.params["w"].item())) * len(X))
            scores = np.zeros((len(X), 2))
            scores[:right, 0] = 1
            scores[right:, 1] = 1
            return scores
        return 0.0, {"w": -np.ones(1)}


def zero_data(num_train: int, right_train: int, num_val: int, right_val: int) -> dict[str, np.ndarray]:
    """Data of which class 0 is right so many times."""
    return {
        "X_train": np.arange(num_train, dtype=float)[:, None],
        "y_train": (np.arange(num_train) >= right_train).astype(int),
        "X_val": np.zeros((num_val, 1)),
        "y_val": (np.arange(num_val) >= right_val).astype(int),
    }


def counting_solver(accuracy, **arguments) -> Solver:
    """A Solver of one step an epoch over a CountingModel; all labels are 0."""
    data = zero_data(10, 10, 10, 10)
    settings = {"optim_config": {"learning_rate": 1.0}, "batch_size": 10, "verbose": False, **arguments}
    return Solver(CountingModel(accuracy), data, **settings)


def test_the_printed_lines(capsys: pytest.CaptureFixture[str]) -> None:
    solver = Solver(ZeroModel(), zero_data(50, 11, 1000, 111), num_epochs=20, batch_size=25, print_every=30)
    solver.train()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "(Iteration 1 / 40) loss: 2.302585",
        "(Epoch 0 / 20) train acc: 0.220000; val_acc: 0.111000",
        "(Epoch 1 / 20) train acc: 0.220000; val_acc: 0.111000",
        "(Epoch 2 / 20) train acc: 0.220000; val_acc: 0.111000",
    ]
    assert "(Iteration 31 / 40) loss: 2.302585" in lines
    assert lines[-1] == "(Epoch 20 / 20) train acc: 0.220000; val_acc: 0.111000"
    assert len(lines) == 2 + 21


def test_verbose_off_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Solver(ZeroModel(), zero_data(50, 11, 10, 1), num_epochs=2, verbose=False).train()
    assert capsys.readouterr().out == ""


def test_histories_have_one_entry_a_step_and_a_check() -> None:
    solver = Solver(ZeroModel(), zero_data(70, 7, 10, 1), num_epochs=3, batch_size=20, verbose=False)
    solver.train()
    assert len(solver.loss_history) == 9  # 70 // 20 steps, three times
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 4
    assert solver.epoch == 3


def test_a_batch_larger_than_the_data_makes_one_step_an_epoch() -> None:
    solver = Solver(ZeroModel(), zero_data(5, 1, 10, 1), num_epochs=2, batch_size=20, verbose=False)
    solver.train()
    assert len(solver.loss_history) == 2
    assert solver.model.batches[0].shape == (20, 1)


def test_draws_come_from_the_global_generator_in_the_documented_order() -> None:
    data = zero_data(50, 11, 60, 6)
    solver = Solver(
        ZeroModel(),
        data,
        num_epochs=1,
        batch_size=25,
        num_train_samples=20,
        num_val_samples=30,
        verbose=False,
    )
    np.random.seed(8)
    solver.train()
    np.random.seed(8)
    first = np.random.choice(50, 25)
    accuracies = []
    for check in range(2):
        train, val = np.random.choice(50, 20), np.random.choice(60, 30)
        accuracies.append(((data["y_train"][train] == 0).mean(), (data["y_val"][val] == 0).mean()))
        if check == 0:
            second = np.random.choice(50, 25)
    np.testing.assert_array_equal(solver.model.batches[0][:, 0], first)
    np.testing.assert_array_equal(solver.model.batches[1][:, 0], second)
    assert list(zip(solver.train_acc_history, solver.val_acc_history, strict=True)) == accuracies


def test_check_accuracy_takes_all_when_the_sample_is_not_smaller() -> None:
    solver = Solver(ZeroModel(), zero_data(50, 11, 60, 6))
    for num_samples in (None, 50, 1000):
        np.random.seed(8)
        assert solver.check_accuracy(solver.X_train, solver.y_train, num_samples) == 11 / 50
        drawn = np.random.rand()
        np.random.seed(8)
        assert np.random.rand() == drawn


@pytest.mark.parametrize("batch_size", [1, 7, 25, 50, 80])
def test_check_accuracy_does_not_depend_on_the_batch_size(batch_size: int) -> None:
    np.random.seed(0)
    X, y = np.random.randn(50, 6), np.random.randint(3, size=50)
    net = TwoLayerNet(6, 5, 3, weight_scale=1.0)
    solver = Solver(net, {"X_train": X, "y_train": y, "X_val": X, "y_val": y})
    accuracy = solver.check_accuracy(X, y, batch_size=batch_size)
    assert accuracy == np.mean(np.argmax(net.loss(X), axis=1) == y)
    assert type(accuracy) is float


def test_the_model_ends_with_its_best_parameters() -> None:
    solver = counting_solver(lambda w: {3: 0.9, 6: 0.9}.get(w, 0.2), num_epochs=8)
    solver.train()
    assert solver.best_val_acc == 0.9
    assert solver.val_acc_history == [0.2, 0.2, 0.9, 0.2, 0.2, 0.9, 0.2, 0.2]
    np.testing.assert_array_equal(solver.best_params["w"], [3])  # the first of two equals
    np.testing.assert_array_equal(solver.model.params["w"], [3])


def test_best_parameters_are_kept_when_accuracy_stays_zero() -> None:
    solver = counting_solver(lambda w: 0.0, num_epochs=4)
    solver.train()
    assert solver.best_val_acc == 0.0
    np.testing.assert_array_equal(solver.model.params["w"], [1])


def test_best_parameters_are_copies() -> None:
    solver = counting_solver(lambda w: w / 10, num_epochs=3)
    solver.train()
    solver.model.params["w"] += 5
    np.testing.assert_array_equal(solver.best_params["w"], [3])


def test_training_again_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    solver = counting_solver(lambda w: w / 10, num_epochs=3, verbose=True)
    solver.train()
    solver.train()
    np.testing.assert_array_equal(solver.model.params["w"], [6])
    assert len(solver.loss_history) == 6
    assert "(Epoch 6 / 6) train acc: 0.600000; val_acc: 0.600000" in capsys.readouterr().out


def test_no_epochs_leave_the_model_alone() -> None:
    solver = counting_solver(lambda w: 1.0, num_epochs=0)
    solver.train()
    np.testing.assert_array_equal(solver.model.params["w"], [0])
    assert solver.best_params == {}


def test_running_averages_go_with_the_best_parameters() -> None:
    np.random.seed(0)
    X, y = np.random.randn(60, 5), np.random.randint(3, size=60)
    data = {"X_train": X, "y_train": y, "X_val": X[:20], "y_val": y[:20]}
    net = FullyConnectedNet([8], 5, 3, normalization="batchnorm", weight_scale=0.5)
    solver = Solver(net, data, "adam", {"learning_rate": 0.3}, num_epochs=12, batch_size=10, verbose=False)
    solver.train()
    assert solver.val_acc_history[-1] < solver.best_val_acc  # else the next line would show nothing
    assert solver.check_accuracy(X[:20], y[:20]) == solver.best_val_acc


def test_every_parameter_has_its_own_config() -> None:
    given = {"learning_rate": 0.5, "velocity_start": [1]}
    net = TwoLayerNet(1, 3, 10)
    solver = Solver(
        net, zero_data(10, 5, 5, 1), "sgd_momentum", given, num_epochs=2, verbose=False, lr_decay=0.5
    )
    configs = list(solver.optim_configs.values())
    assert len({id(config) for config in configs}) == len(net.params) == 4
    assert len({id(config["velocity_start"]) for config in configs}) == 4
    solver.train()
    assert given == {"learning_rate": 0.5, "velocity_start": [1]}
    for name, config in solver.optim_configs.items():
        assert config["velocity"].shape == net.params[name].shape


def test_learning_rate_decays_after_each_epoch() -> None:
    # Epoch sizes: 1 + 1/2 + 1/4 with one step an epoch.
    solver = counting_solver(lambda w: w / 10, num_epochs=3, lr_decay=0.5)
    rates = []
    solver.update_rule = lambda w, dw, config: rates.append(config["learning_rate"]) or (w, config)
    solver.train()
    assert rates == [1.0, 0.5, 0.25]


def test_decay_works_on_the_default_learning_rate() -> None:
    solver = counting_solver(lambda w: 0.5, optim_config=None, num_epochs=2, lr_decay=0.1)
    solver.train()
    assert solver.optim_configs["w"]["learning_rate"] == pytest.approx(1e-4)


def test_a_real_network_learns() -> None:
    np.random.seed(0)
    centres = 3 * np.random.randn(3, 4)
    y = np.random.randint(3, size=150)
    X = centres[y] + np.random.randn(150, 4)
    data = {"X_train": X[:100], "y_train": y[:100], "X_val": X[100:], "y_val": y[100:]}
    solver = Solver(
        TwoLayerNet(4, 10, 3, weight_scale=0.1),
        data,
        optim_config={"learning_rate": 0.3},
        num_epochs=30,
        batch_size=20,
        verbose=False,
    )
    solver.train()
    assert solver.best_val_acc > 0.9
    assert solver.loss_history[-1] < 0.3 < solver.loss_history[0]


def test_checkpoints_hold_everything_without_pickle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.random.seed(0)
    X, y = np.random.randn(20, 5), np.random.randint(3, size=20)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    net = FullyConnectedNet([4], 5, 3, normalization="batchnorm")
    name = str(tmp_path / "run")
    config = {"learning_rate": np.float64(1e-2)}
    solver = Solver(net, data, "adam", config, num_epochs=2, batch_size=10, checkpoint_name=name)
    solver.train()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"run_epoch_{e}.npz" for e in range(3)]
    assert f'Saving checkpoint to "{name}_epoch_2.npz"' in capsys.readouterr().out
    with np.load(f"{name}_epoch_2.npz", allow_pickle=False) as saved:
        for key, value in solver.best_params.items():
            np.testing.assert_array_equal(saved[f"best_params/{key}"], value)
            assert saved[f"params/{key}"].shape == value.shape
        np.testing.assert_array_equal(saved["loss_history"], solver.loss_history)
        np.testing.assert_array_equal(saved["val_acc_history"], solver.val_acc_history)
        assert saved["running_mean1"].shape == (4,)
        settings = json.loads(str(saved["settings"]))
    assert settings["epoch"] == 2
    assert settings["update_rule"] == "adam"
    assert settings["optim_config"] == {"learning_rate": 0.01}
    with np.load(f"{name}_epoch_0.npz", allow_pickle=False) as saved:
        assert saved["loss_history"].shape == (1,)


@pytest.mark.parametrize("rule", ["newton", "_prepare", "np.array", "Config.keys"])
def test_unknown_update_rules_are_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=f"Solver: update_rule '{rule}' is not a function in cs_lib.optim"):
        Solver(ZeroModel(), zero_data(5, 1, 5, 1), update_rule=rule)


def test_data_that_does_not_fit_is_refused() -> None:
    data = zero_data(5, 1, 5, 1)
    with pytest.raises(ValueError, match="Solver: data lacks y_train, X_val"):
        Solver(ZeroModel(), {k: v for k, v in data.items() if k not in ("y_train", "X_val")})
    with pytest.raises(ValueError, match="Solver: X_train holds 5 images and y_train 4 labels"):
        Solver(ZeroModel(), {**data, "y_train": data["y_train"][:4]})
    with pytest.raises(ValueError, match="Solver: X_val holds 0 images and y_val 0 labels"):
        Solver(ZeroModel(), {**data, "X_val": data["X_val"][:0], "y_val": data["y_val"][:0]})


@pytest.mark.parametrize(("name", "value"), [("batch_size", 0), ("num_epochs", -1), ("print_every", 0)])
def test_numbers_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"Solver: {name} must be at least {value + 1}, got {value}"):
        Solver(ZeroModel(), zero_data(5, 1, 5, 1), **{name: value})


def test_every_public_rule_can_be_named() -> None:
    for rule in ("sgd", "sgd_momentum", "rmsprop", "adam"):
        solver = Solver(ZeroModel(), zero_data(5, 1, 5, 1), update_rule=rule)
        assert solver.update_rule is getattr(optim, rule)
