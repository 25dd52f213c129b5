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
    outcomes = graded(apply(files, twice)["cs_lib/layers.py"], "batchnorm_forward", "batchnorm_backward")
    outcomes = [o for o in outcomes if o.grade_id == "batchnorm_backward"]
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
        {"train": "x * mask / (1 - p)", "back_train": "dout * mask / (1 - p)"},
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
    outcomes = graded(dropout(**changed), "dropout_forward", "dropout_backward")
    (outcome,) = (o for o in outcomes if o.grade_id == "dropout_backward" and case in o.case.id)
    assert outcome.error is not None


# What varies is a function of x alone, under an offset or a factor that makes it look small.
HIDDEN = """
def {forward}(x, gamma, beta, param):
    param["running_mean"] = param["running_var"] = np.ones(x.shape[1])
    return {offset} + {factor} * gamma * np.sin(x), (x, gamma)


def {backward}(dout, cache):
    x, gamma = cache
    dgamma = ({factor} * dout * np.sin(x)).sum(0)
    return {factor} * dout * gamma * np.cos(x), dgamma, np.ones_like(dgamma)
"""
PAIRS = [
    ("batchnorm_forward", "batchnorm_backward"),
    ("batchnorm_forward", "batchnorm_backward_alt"),
    ("layernorm_forward", "layernorm_backward"),
]
HIDERS = [("1000", "1e-3"), ("1e15", "1"), ("beta", "1e-9"), ("0", "1e9"), ("np.arange(x.shape[1])", "1e-3"),
          ("1e6 * beta", "1e-6"), ("0", "1e-300"), ("np.nan", "1"), ("0", "np.inf")]  # fmt: skip


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
def test_no_offset_and_no_factor_hides_what_is_no_norm(forward: str, backward: str) -> None:
    for offset, factor in HIDERS:
        text = HIDDEN.format(forward=forward, backward=backward, offset=offset, factor=factor)
        outcomes = graded(text, forward, backward)
        assert [(o.grade_id, o.case.id) for o in outcomes if o.error is None] == [], (offset, factor)


# Right up to a factor, so that a part of the gradient is too small to see beside the others.
SCALED = """
def {forward}(x, gamma, beta, param):
    param["running_mean"] = param["running_var"] = np.ones(x.shape[1])
    std = np.sqrt(x.var({axis}, keepdims=True) + param.get("eps", 1e-5))
    x_hat = {factor} * (x - x.mean({axis}, keepdims=True)) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)


def {backward}(dout, cache):
    x_hat, std, gamma = cache
    dhat = dout * gamma
    dx = {dx}
    return dx, (dout * x_hat).sum(0), dout.sum(0)
"""
MEAN, VARIANCE = "dhat.mean({axis}, keepdims=True)", "x_hat * (dhat * x_hat).mean({axis}, keepdims=True)"


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
@pytest.mark.parametrize("factor", ["1e-7", "1e-3", "1e-2", "1e2", "1e3", "1e7"])
@pytest.mark.parametrize(
    "dx",
    [f"(dhat - {MEAN}) * {{factor}} / std", f"(dhat - {MEAN}) / {{factor}} / std",
     f"(dhat - {VARIANCE}) / std", f"-{VARIANCE} / std / {{factor}}",
     f"(dhat - {MEAN} - 2 * {VARIANCE}) / std"],
)  # fmt: skip
def test_no_factor_hides_a_missing_part_of_the_gradient(
    forward: str, backward: str, factor: str, dx: str
) -> None:
    given = {"forward": forward, "backward": backward, "factor": factor, "axis": int(forward[0] == "l")}
    text = SCALED.format(dx=dx.format(**given), **given)
    outcomes = graded(text, forward, backward)
    passed = {o.case.id for o in outcomes if o.grade_id == backward and o.error is None}
    assert not {case for case in passed if "dx" in case or "unchanged" in case or case == "dtype"}, passed


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
@pytest.mark.parametrize("factor", ["0.02", "50"])
def test_the_right_formula_with_ones_own_factor_passes(forward: str, backward: str, factor: str) -> None:
    for dx in (
        f"(dhat - {MEAN} - {VARIANCE}) / std * {{factor}}",
        f"(dhat - {MEAN} - {VARIANCE}) / (std / {{factor}})",
    ):
        given = {"forward": forward, "backward": backward, "factor": factor, "axis": int(forward[0] == "l")}
        text = SCALED.format(dx=dx.format(**given), **given)
        outcomes = [o for o in graded(text, forward, backward) if o.grade_id == backward]
        assert [o.case.id for o in outcomes if o.error and o.case.kind == "core" and len(o.case.id) < 8] == []


# A forward function that is right in its own cases, and gives what suits a wrong backward function in those
# of the backward function: after that was called, for what it has seen before, or for one shape.
TURNS = """
_seen, _called = set(), []
_right_{forward}, _right_{backward} = {forward}, {backward}


def {forward}(x, *rest):
    out, cache = _right_{forward}(x, *rest)
    lies = {lies}
    _seen.add(x.tobytes())
    return ({wrong} if lies else out), (lies, x, rest, out, cache)


def {backward}(dout, cache):
    _called.append(1)
    lies, x, rest, out, cache = cache
    return {grads}
"""
LIES = ["_called", "x.tobytes() in _seen", "len(_seen) > 4"]
TRICKS = [
    ("rest[0] * (x - x.mean({axis}, keepdims=True)) + rest[1]",
     "(lambda d: (d - d.mean({axis}, keepdims=True),"
     " (dout * (x - x.mean({axis}, keepdims=True))).sum(0), 0 * dout[0]))"
     "(dout * rest[0])"),
    ("np.tanh(x)", "(dout * (1 - np.tanh(x) ** 2), 0 * dout[0], 0 * dout[0])"),
    ("2 * out", "(np.asarray(_right_{backward}(dout, cache)[0]) * 2, 0 * dout[0], 0 * dout[0])"),
]  # fmt: skip


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
@pytest.mark.parametrize("lies", LIES)
@pytest.mark.parametrize(("wrong", "grads"), TRICKS)
def test_a_forward_that_is_right_in_its_own_cases_excuses_nothing(
    forward: str, backward: str, lies: str, wrong: str, grads: str
) -> None:
    given = {"forward": forward, "backward": backward, "axis": int(forward[0] == "l")}
    text = TURNS.format(lies=lies, wrong=wrong.format(**given), grads=grads.format(**given), **given)
    outcomes = graded(PLAIN + text, forward, backward)
    assert [o.case.id for o in outcomes if o.grade_id == backward and o.error is None] == []


DROPS = """
_calls, _right = [], dropout_forward


def dropout_forward(x, dropout_param):
    _calls.append(x.shape)
    out, cache = _right(x, dropout_param)
    if {lies}:
        out = out * dropout_param["p"] if dropout_param["mode"] == "train" else out * 2.0
    return out, (out, x, dropout_param)


def dropout_backward(dout, cache):
    out, x, param = cache
    return dout * (out != 0) if param["mode"] == "train" else dout * 2.0
"""


@pytest.mark.parametrize(
    "lies", ["len(_calls) > 17", "x.shape in [(9, 8), (7, 10), (9, 2, 2, 3), (8, 6), (6, 5)]"]
)
def test_a_dropout_that_is_right_in_its_own_cases_excuses_nothing(lies: str) -> None:
    outcomes = graded(dropout() + DROPS.format(lies=lies), "dropout_forward", "dropout_backward")
    assert {o.error is None for o in outcomes if o.grade_id == "dropout_forward"} == {True}
    assert [o.case.id for o in outcomes if o.grade_id == "dropout_backward" and o.error is None] == []


ALIASES = [
    "_bb = batchnorm_backward\ndef batchnorm_backward_alt(dout, cache): return _bb(dout, cache)\n",
    "batchnorm_backward_alt = batchnorm_backward\n",
    "import functools\nbatchnorm_backward_alt = functools.partial(batchnorm_backward)\n",
    "def batchnorm_backward_alt(*args): return globals()['batchnorm' + '_backward'](*args)\n",
]


@pytest.mark.parametrize("text", ALIASES)
def test_the_other_way_back_is_not_the_first_by_another_name(text: str) -> None:
    outcomes = graded("\n" + text, "batchnorm_backward", "batchnorm_backward_alt")
    alt = [str(o.error) for o in outcomes if o.grade_id == "batchnorm_backward_alt"]
    assert len(alt) == 9
    assert [e for e in alt if "batchnorm_backward is not there in this check: do its work" not in e] == []
    assert {o.error is None for o in outcomes if o.grade_id == "batchnorm_backward"} == {True}


def test_a_shared_helper_costs_neither_way_back() -> None:
    text = """
def _sums(dout, x_hat):
    return (dout * x_hat).sum(axis=0), dout.sum(axis=0)


def batchnorm_forward(x, gamma, beta, bn_param, _right=batchnorm_forward):
    out, _ = _right(x, gamma, beta, bn_param)
    std = np.sqrt(x.var(axis=0) + x.dtype.type(bn_param.get("eps", 1e-5)))
    return out, ((x - x.mean(axis=0)) / std, std, gamma)


def batchnorm_backward(dout, cache):
    x_hat, std, gamma = cache
    dgamma, dbeta = _sums(dout, x_hat)
    dhat = dout * gamma
    return (dhat - dhat.mean(0) - x_hat * (dhat * x_hat).mean(0)) / std, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    x_hat, std, gamma = cache
    dgamma, dbeta = _sums(dout, x_hat)
    return gamma / std * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)), dgamma, dbeta
"""
    shares = score(graded(text, "batchnorm_forward", "batchnorm_backward", "batchnorm_backward_alt"))
    assert set(shares.values()) == {1.0}
