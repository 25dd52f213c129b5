"""Each operator makes the mistakes it is named after, in what students write and nowhere else."""

import textwrap

import pytest

from autograder.mutants import make
from autograder.mutants.field import FIELD
from autograder.mutants.general import GENERAL
from autograder.mutants.make import BUILT_IN
from autograder.mutants.regions import Span, Target

HEAD = 'def f(x, w, y=None, eps=1e-5, pad=1, stride=1):\n    """Doc."""\n'


def mutants(body: str, operator: str) -> set[str]:
    """What an operator makes of a body: of each mutant the lines that are new."""
    text = HEAD + textwrap.indent(textwrap.dedent(body), "    ")
    lines = text.rstrip("\n").count("\n") + 1
    target = Target("layers.f", "lib/layers.py", text, (Span(3, lines - text.count("    return ")),))
    chosen = [one for one in BUILT_IN if one.name == operator]
    return {mutant.now for mutant in make.make([target], chosen)}


MADE = {
    "comparison": ("a = x < w\n", "a = x <= w"),
    "condition": ("a = 1 if y is None else 2\n", "a = 1 if False else 2"),
    "sign": ("a = x - w\n", "a = x + w"),
    "factor": ("a = x * w\n", "a = x / w"),
    "dropped term": ("a = x / (w + 1)\n", "a = (1 / (w + 1))"),
    "swapped arguments": ("a = x @ w\n", "a = w @ x"),
    "off by one": ("a = range(w)\n", "a = range(w + 1)"),
    "constant": ("a = 0.5 * x\n", "a = 1.0 * x"),
    "early return": ("for i in w:\n    x += i\n", "break"),
    "default for an argument": ("a = x + eps\n", "a = x + (1e-5)"),
    "dropped statement": ("a = x\n", "pass"),
    "dropped call": ("a = np.exp(x)\n", "a = x"),
    "order": ("a = x\nb = a + 1\n", "b = a + 1"),
    "wrong name": ("a = np.exp(w)\n", "a = np.exp(x)"),
    "axis": ("a = x.sum(axis=0)\n", "a = x.sum(axis=1)"),
    "keepdims": ("a = x.max(axis=1, keepdims=True)\n", "a = x.max(axis=1)"),
    "mean or sum": ("a = x.sum(axis=0)\n", "a = x.mean(axis=0)"),
    "= for +=": ("x[0] += w\n", "x[0] = w"),
    "geometry": ("a = x + 2 * pad\n", "a = x + 2 * 0"),
    "mixed up": ("H, W = x.shape\na = x[:H, :W]\n", "a = x[:W, :W]"),
    "transpose": ("a = x.T @ w\n", "a = x @ w"),
    "biased variance": ("a = x.var(axis=0)\n", "a = x.var(axis=0, ddof=1)"),
    "eps": ("a = np.sqrt(w + eps)\n", "a = (np.sqrt(w) + eps)"),
    "missing copy": ("a = x.copy()\n", "a = x"),
    "writes to an argument": ("a = x * w\n", "x *= w a = x"),
    "float64 leak": ("a = x * w\nreturn a\n", "a = np.float64(1) * (x * w)"),
    "float32 leak": ("a = x * w\nreturn a\n", "a = np.float32(1) * np.asarray(x * w, dtype=np.float32)"),
    "stale state": ("x = 0.9 * x + w\n", "x_new = 0.9 * x + w"),
    "train for test": ('a = y == "train"\n', 'a = y == "test"'),
    "wrong key": ('a = w["W1"] + w["b1"]\n', 'a = w["b1"] + w["b1"]'),
    "regularised bias": ('for n in ("W1",):\n    x += reg * w[n]\n', 'for n in ("W1", "b1"):'),
}


@pytest.mark.parametrize("name", MADE)
def test_an_operator_makes_its_mistake(name: str) -> None:
    body, want = MADE[name]
    assert want in mutants(body, name)


@pytest.mark.parametrize(
    ("value", "equal"),
    [
        ("1.0 / x", {"(1 / x)"}),
        ("1 / x", {"(1 / x)"}),
        ("1.0 * x", {"x", "(x)"}),
        ("0 + x", {"(x)"}),
        ("0.0 - x", {"(-x)"}),
        ("x * 1", {"x", "x / 1"}),
        ("x / 1.0", {"x", "x * 1.0"}),
        ("x ** 1", {"x", "x * 1"}),
        ("x - 0", {"x", "x + 0"}),
        ("x + 0.0", {"x", "x - 0.0"}),
    ],
)
def test_no_mutant_that_can_only_be_equal_is_made(value: str, equal: set[str]) -> None:
    made = {now for name in MADE for now in mutants(f"a = {value}\n", name)}
    assert made
    assert not made & {f"a = {other}" for other in equal}


def test_a_step_of_nothing_is_not_turned_round() -> None:
    assert mutants("x *= 1\n", "factor") == mutants("x += 0\n", "sign") == set()
    assert mutants("x *= 2\n", "factor") == {"x /= 2"}
    assert mutants("x += 1\n", "sign") == {"x -= 1"}


def test_what_looks_neutral_and_is_not_is_still_made() -> None:
    assert mutants("a = 1 * x\n", "factor") == {"a = 1 / x"}
    assert mutants("a = x // 1\n", "factor") == {"a = x * 1"}
    assert mutants("a = x - 1\n", "dropped term") == {"a = x", "a = (-1)"}
    assert mutants("a = x ** 0\n", "dropped term") == {"a = x"}
    assert mutants("a = 0.5 * x\n", "mean or sum") == {"a = x"}


def test_every_operator_is_tested_and_says_what_it_is() -> None:
    assert {one.name for one in (*GENERAL, *FIELD)} == set(MADE)
    assert [one.name for one in BUILT_IN if len(one.summary) < 15] == []


def test_only_what_students_write_is_changed() -> None:
    text = HEAD + "    given = x + 1\n    mine = x + 2\n    return given\n"
    target = Target("layers.f", "lib/layers.py", text, (Span(4, 4),))
    assert {mutant.line for mutant in make.make([target], BUILT_IN)} == {4}


def test_every_mutant_is_another_program_that_python_reads() -> None:
    text = HEAD + "    a = (x + 1) * 1\n    return a\n"
    made = make.make([Target("layers.f", "lib/layers.py", text, (Span(3, 3),))], BUILT_IN)
    assert len({mutant.text for mutant in made}) == len({mutant.id for mutant in made}) == len(made) > 5
    for mutant in made:
        compile(mutant.text, "mutant", "exec")


def test_a_sample_is_the_same_for_a_seed() -> None:
    text = HEAD + "    a = (x + 1) * 1\n    return a\n"
    made = make.make([Target("layers.f", "lib/layers.py", text, (Span(3, 3),))], BUILT_IN)
    assert make.sample(made, 4, 1) == make.sample(made, 4, 1) != make.sample(made, 4, 2)
    assert make.sample(made, None, 1) == make.sample(made, 1000, 1) == made
