"""A backward function is judged with the cache of its own forward function: what that excuses, what not."""

import importlib
from functools import cache

import pytest

from .mutants import apply, mutant
from .running import Outcome, Row, grade, reference, rows, score
from .test_mutants_assignment2 import PLAIN, with_layers

TOPICS = ("batchnorm", "layernorm", "dropout")


@cache
def table() -> tuple[Row, ...]:
    modules = [importlib.import_module(f"autograder.graders.assignment2.test_{topic}") for topic in TOPICS]
    return tuple(row for module in modules for row in rows(module))


def graded(text: str, *cells: str) -> list[Outcome]:
    return grade(with_layers(text), [row for row in table() if row.grade_id in cells])


# Functions of x alone or of too little, each with the right derivative of what it computes.
CHEAP = {
    "tanh": ("np.tanh(x)", "dout * (1 - np.tanh(x) ** 2)"),
    "identity": ("x * 1.0", "dout * 1.0"),
    "centring only": ("x - x.mean(axis)", "dout - dout.mean(axis)"),
    "a fixed divisor": ("(x - x.mean(axis)) / 4", "(dout - dout.mean(axis)) / 4"),
    "a sigmoid of the centred x": (
        "1 / (1 + np.exp(-(x - x.mean(axis)))) - 0.5",
        "(lambda d: d - d.mean(axis))"
        "(dout * np.exp(-(x - x.mean(axis))) / (1 + np.exp(-(x - x.mean(axis)))) ** 2)",
    ),
    "a scale of all numbers": ("x / np.sqrt((x**2).mean())",
                               "(dout - x * (dout * x).mean() / (x**2).mean()) / np.sqrt((x**2).mean())"),
    "a linear map": ("x[::-1] * 2.0", "dout[::-1] * 2.0"),
    "the other axis": (
        "(x - x.mean(1 - axis, keepdims=True)) / x.std(1 - axis, keepdims=True)",
        "(lambda h, s: (dout - dout.mean(1 - axis, keepdims=True)"
        " - h * (dout * h).mean(1 - axis, keepdims=True)) / s)"
        "((x - x.mean(1 - axis, keepdims=True)) / x.std(1 - axis, keepdims=True),"
        " x.std(1 - axis, keepdims=True))",
    ),
    "a constant": ("np.ones_like(x)", "np.zeros_like(x)"),
}  # fmt: skip
PAIR = """
def {forward}(x, gamma, beta, param):
    axis = {axis}
    if param.get("mode", "train") == "train":
        param["running_mean"] = param["running_var"] = np.ones(x.shape[1])
    {transposed}
    out = {out}
    return out{back}, x


def {backward}(dout, x):
    axis = {axis}
    {transposed_dout}
    dx = {dx}
    return dx{back}, np.zeros(dout.shape[1]), np.zeros(dout.shape[1])
"""


@pytest.mark.parametrize("name", CHEAP)
@pytest.mark.parametrize(
    ("forward", "backward"),
    [("batchnorm_forward", "batchnorm_backward"), ("layernorm_forward", "layernorm_backward")],
)
def test_the_derivative_of_what_normalises_nothing_earns_nothing(
    forward: str, backward: str, name: str
) -> None:
    out, dx = CHEAP[name]
    by_row = forward.startswith("layer")  # written for columns: rows are turned into them
    text = PAIR.format(
        forward=forward, backward=backward, out=out, dx=dx, axis=0, back=".T" if by_row else "",
        transposed="x = x.T" if by_row else "pass",
        transposed_dout="x, dout = x.T, dout.T" if by_row else "pass",
    ).replace("np.zeros(dout.shape[1])", f"np.zeros(dout.shape[{0 if by_row else 1}])")  # fmt: skip
    outcomes = graded(text, forward, backward)
    assert [(o.grade_id, o.case.id) for o in outcomes if o.error is None] == []


WRONG_BUT_NORMALISES = {
    "no gamma": ("out = gamma * x_hat", "out = x_hat"),
    "no beta": ("x_hat + beta", "x_hat"),
    "gamma twice": ("out = gamma * x_hat", "out = gamma**2 * x_hat"),
    "eps outside the root": ("np.sqrt(var + eps)", "(np.sqrt(var) + eps)"),
    "a large eps": ("var + eps)", "var + 0.1)"),
    "variance for deviation": ("std = np.sqrt(var + eps)", "std = var + eps"),
    "unbiased variance": (".var(axis=", ".var(ddof=1, axis="),
}


@pytest.mark.parametrize("name", WRONG_BUT_NORMALISES)
@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("batchnorm_forward", "batchnorm_backward"),
        ("batchnorm_forward", "batchnorm_backward_alt"),
        ("layernorm_forward", "layernorm_backward"),
    ],
)
def test_what_is_off_by_a_factor_costs_the_forward_cell_alone(forward: str, backward: str, name: str) -> None:
    find, replace = WRONG_BUT_NORMALISES[name]
    layers = apply({"cs_lib/layers.py": PLAIN}, mutant(name, f"layers.{forward}", find, replace, ""))
    shares = score(graded(layers["cs_lib/layers.py"], forward, backward))
    assert shares[forward] < 1
    assert shares[backward] == 1


@pytest.mark.parametrize("name", ["no gamma", "variance for deviation"])
def test_a_wrong_gradient_of_a_wrong_forward_is_wrong(name: str) -> None:
    find, replace = WRONG_BUT_NORMALISES[name]
    files = apply({"cs_lib/layers.py": PLAIN}, mutant(name, "layers.batchnorm_forward", find, replace, ""))
    twice = mutant("half", "layers.batchnorm_backward", "2 / N *", "1 / N *", "")
    outcomes = graded(apply(files, twice)["cs_lib/layers.py"], "batchnorm_backward")
    (message,) = {str(o.error)[-150:] for o in outcomes if o.case.id == "dx"}
    assert "batchnorm_forward is off by a factor or an offset, and this is not the gradient" in message


def test_a_wrong_forward_is_named_where_its_backward_fails() -> None:
    text = "\ndef batchnorm_forward(x, gamma, beta, bn_param):\n    return np.tanh(x), (x, x, gamma)\n"
    outcomes = graded(text, "batchnorm_backward")
    assert "batchnorm_forward gives a wrong result here as well" in str(
        next(o.error for o in outcomes if o.case.id == "dx")
    )


def test_the_reference_loses_nothing() -> None:
    assert set(score(grade(reference(), table())).values()) == {1.0}


DROPOUT = """
def dropout_forward(x, dropout_param):
    p, mask = dropout_param["p"], None
    if dropout_param["mode"] == "test":
        return {test}, ("test", None, p, x)
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = np.random.rand(*x.shape) < p
    return {train}, ("train", mask, p, x)


def dropout_backward(dout, cache):
    mode, mask, p, x = cache
    return {back_test} if mode == "test" else {back_train}
"""


def dropout(**changed: str) -> str:
    plain = {"train": "x * mask / p", "test": "x", "back_train": "dout * mask / p", "back_test": "dout * 1.0"}
    return DROPOUT.format(**plain | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"train": "x * mask", "back_train": "dout * mask"},
        {"train": "x * mask"},
        {"train": "x * mask / (1.1 - p)", "back_train": "dout * mask / (1.1 - p)"},
        {"test": "x * p", "back_test": "dout * p"},
    ],
    ids=["not scaled, nor back", "not scaled, but back", "scaled by the share dropped", "scaled at test"],
)
def test_dropout_scaled_by_something_else_costs_the_forward_cell_alone(changed: dict[str, str]) -> None:
    shares = score(graded(dropout(**changed), "dropout_forward", "dropout_backward"))
    assert shares["dropout_forward"] < 1
    assert shares["dropout_backward"] == 1


@pytest.mark.parametrize(
    ("changed", "case"),
    [
        ({"train": "np.tanh(x) * mask", "back_train": "dout * mask * np.tanh(x) / x"}, "same_mask"),
        ({"train": "x * mask / abs(x).mean()", "back_train": "dout * mask / abs(x).mean()"}, "same_mask"),
        ({"test": "np.tanh(x)", "back_test": "dout * np.tanh(x) / np.where(x == 0, 1, x)"}, "test_mode"),
    ],
    ids=["tanh of what is kept", "divided by the mean", "tanh at test"],
)
def test_a_factor_that_depends_on_x_excuses_nothing(changed: dict[str, str], case: str) -> None:
    (outcome,) = (o for o in graded(dropout(**changed), "dropout_backward") if case in o.case.id)
    assert outcome.error is not None
