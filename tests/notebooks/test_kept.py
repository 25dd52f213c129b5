"""The check cells see what docs/contract.md asks beyond the values, whatever else a function gets right.

Each cell runs as it stands in the notebook, with the cells it needs, and with a function that computes the
right values and then writes to an argument, or answers float32 with float64.
"""

import functools
import inspect
import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.release import work
from cs_lib import gradient_check, layers, optim
from cs_lib import notebook_checks as checks
from cs_lib.classifiers import cnn, fc_net
from tests.graders.test_contract import ROWS

from .conftest import NOTEBOOKS

ASKED = {
    name: [function for function, _, _, visible in ROWS if visible == name] for name in ("kept", "float32")
}
MODES = {"batchnorm_forward": 2, "dropout_forward": 2}  # cells that call these once for each mode


def home(function: str) -> Any:
    return layers if hasattr(layers, function) else optim


@cache
def check_cells(function: str) -> list[tuple[str, list[str]]]:
    """(notebook, the pieces of code up to the check of this function) for each notebook that has one."""
    found = []
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        pieces = work.parts_of(cells)
        for number, cell in enumerate(cells):
            marks = cell["metadata"].get("nbgrader", {})
            if marks.get("grade_id") == function and cell["cell_type"] == "code":
                chosen = [pieces[place][1] for place in work.needed_for(number, pieces)]
                found.append((path.stem, chosen))
    return found


def report(pieces: list[str], capsys: Any) -> list[str]:
    """What the last of these pieces prints, line by line."""
    names: dict[str, Any] = {}
    for piece in pieces[:-1]:
        with suppress(checks.NotYet):
            exec(piece, names)
    checks._tally.take()
    checks._tally.later = []
    capsys.readouterr()
    # The function is wrong on purpose: what it has written to may end the cell early.
    with suppress(
        checks.NotYet, ValueError, IndexError, FloatingPointError, ZeroDivisionError, RuntimeWarning
    ):
        exec(pieces[-1], names)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numeric gradients take most of the time, and what they say is looked at elsewhere."""
    for name in ("eval_numerical_gradient", "eval_numerical_gradient_array"):
        monkeypatch.setattr(gradient_check, name, lambda _, x, *rest, **more: np.zeros_like(x))


def arrays_in(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return [array for item in inside for array in arrays_in(item)]


def negatives_to_zero(array: np.ndarray) -> None:
    array[array < 0] = 0
    array[array > 0] *= 2


def all_to_zero(array: np.ndarray) -> None:
    array[...] = 0


def another_shape(array: np.ndarray) -> None:
    array.resize((1, array.size), refcheck=False)


def writing(function: Callable[..., Any], argument: int, write: Callable[[np.ndarray], None]) -> Any:
    """The function, and then a write to one of its arguments, or to all arrays that lie in it."""

    @functools.wraps(function)
    def mutant(*args: Any, **kwargs: Any) -> Any:
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        values = [*args, *kwargs.values()]
        held = arrays_in(values[argument]) if argument < len(values) else []
        result = function(*copies, **kwargs)
        for array in held:
            with suppress(ValueError):  # an array that does not own its numbers keeps its shape
                write(array)
        return result

    return mutant


def arguments(function: str) -> list[str]:
    return list(inspect.signature(getattr(home(function), function)).parameters)


def is_short(function: str, argument: int, write: Callable[[np.ndarray], None]) -> bool:
    """Whether `make test` runs it: each function once, and all of those that the finding was about."""
    return function.startswith(("affine", "relu")) or (argument == 0 and write is all_to_zero)


WRITES = [
    pytest.param(
        function,
        argument,
        write,
        id=f"{function}-{name}-{write.__name__}",
        marks=() if is_short(function, argument, write) else pytest.mark.long,
    )
    for function in dict.fromkeys(ASKED["kept"])
    for argument, name in enumerate(arguments(function))
    if not name.endswith("_param") and name not in ("G", "y", "config")
    for write in (negatives_to_zero, all_to_zero, another_shape)
    if not (write is another_shape and name == "cache")
]


@pytest.mark.parametrize(("function", "argument", "write"), WRITES)
def test_what_is_written_to_an_argument_is_named(function, argument, write, monkeypatch, capsys):
    right = getattr(home(function), function)
    monkeypatch.setattr(home(function), function, writing(right, argument, write))
    assert check_cells(function)
    for notebook, pieces in check_cells(function):
        lines = [line for line in report(pieces, capsys) if line.startswith("NOT YET kept")]
        assert lines, notebook
        assert f"{arguments(function)[argument]} " in lines[0] or "changed" in lines[0]


@pytest.mark.parametrize("function", ["svm_loss", "softmax_loss"])
def test_labels_that_are_written_to_are_named(function, monkeypatch, capsys):
    monkeypatch.setattr(layers, function, writing(getattr(layers, function), 1, all_to_zero))
    for _, pieces in check_cells(function):
        assert f"NOT YET kept {function}: y changed" in report(pieces, capsys)


@pytest.mark.parametrize(
    ("function", "state"), [("sgd_momentum", "velocity"), ("rmsprop", "cache"), ("adam", "m")]
)
def test_an_old_state_that_is_written_to_is_named(function, state, monkeypatch, capsys):
    def mutant(w, dw, config=None):
        old = config.get(state)
        result = right(w, dw, config)
        if old is not None:
            old[...] = 0
        return result

    right = getattr(optim, function)
    mutant.__name__ = function
    monkeypatch.setattr(optim, function, mutant)
    for _, pieces in check_cells(function):
        assert f"NOT YET kept {function}: the old {state} changed" in report(pieces, capsys)


@pytest.mark.parametrize("function", dict.fromkeys(ASKED["float32"]))
def test_float64_for_float32_is_named(function, monkeypatch, capsys):
    right = getattr(home(function), function)

    @functools.wraps(right)
    def mutant(*args: Any, **kwargs: Any) -> Any:
        result = right(*args, **kwargs)
        if isinstance(result, tuple):
            return tuple(r.astype(float) if isinstance(r, np.ndarray) else r for r in result)
        return result.astype(float)

    monkeypatch.setattr(home(function), function, mutant)
    for notebook, pieces in check_cells(function):
        lines = report(pieces, capsys)
        assert f"NOT YET float32 {function}: a result is float64" in lines, notebook


@pytest.mark.long
@pytest.mark.parametrize("function", dict.fromkeys([*ASKED["kept"], *ASKED["float32"]]))
def test_the_solved_function_passes(function, capsys):
    for notebook, pieces in check_cells(function):
        lines = report(pieces, capsys)
        assert [line for line in lines if re.match(r"NOT YET (kept|float32)", line)] == [], notebook
        kept = [line for line in lines if line.startswith("ok kept")]
        assert len(kept) == MODES.get(function, 1), notebook


NETS = [
    ("two_layer_net", fc_net.TwoLayerNet),
    ("fully_connected_net", fc_net.FullyConnectedNet),
    ("fully_connected_net_batchnorm", fc_net.FullyConnectedNet),
    ("fully_connected_net_layernorm", fc_net.FullyConnectedNet),
    ("fully_connected_net_dropout", fc_net.FullyConnectedNet),
    ("three_layer_conv_net", cnn.ThreeLayerConvNet),
    ("conv_net", cnn.ConvNet),
]


@pytest.mark.long
@pytest.mark.parametrize(("grade_id", "net"), NETS, ids=[grade_id for grade_id, _ in NETS])
def test_a_net_that_writes_to_the_images_is_named(grade_id, net, monkeypatch, capsys):
    monkeypatch.setattr(net, "loss", writing(net.loss, 1, all_to_zero))
    for notebook, pieces in check_cells(grade_id):
        assert "NOT YET kept loss: X changed" in report(pieces, capsys), notebook
