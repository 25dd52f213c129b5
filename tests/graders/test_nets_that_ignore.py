"""Nets that leave out what a cell is about: they keep nothing of it but what is honest."""

import importlib
from functools import cache

import pytest

from .running import Outcome, Row, grade, reference, rows, score

PATH = "cs_lib/classifiers/fc_net.py"
FORWARD = "hidden, dropout_cache = layers.dropout_forward(hidden, self.dropout_param)"
BACK = "dhidden = layers.dropout_backward(dhidden, dropout_cache)"
MODE = 'mode = "test" if y is None else "train"'
SEED = "            if seed is not None:\n                self.dropout_param"
WITH_MASK = (
    'dropout_cache = {} / self.dropout_param["p"]\n'
    "                hidden = hidden * dropout_cache if y is not None else hidden"
)
SHARE = 'self.dropout_param["p"]'
MASKED_BACK = (BACK, "dhidden = dhidden * dropout_cache")
DROPOUT, BATCHNORM, LAYERNORM = (
    f"fully_connected_net_{word}" for word in ("dropout", "batchnorm", "layernorm")
)

# What is changed in the net, and the most that its cells then earn.
NETS = {
    "keeps every unit, scaled": (
        [(FORWARD, WITH_MASK.format("np.ones_like(hidden)")), MASKED_BACK],
        {DROPOUT: 0.0},
    ),
    "keeps every unit": ([(FORWARD, "pass"), (BACK, "pass")], {DROPOUT: 0.0}),
    "is always in test mode": ([(MODE, 'mode = "test"')], {DROPOUT: 0.0, BATCHNORM: 0.2}),
    "is always in train mode": ([(MODE, 'mode = "train"')], {DROPOUT: 0.85, BATCHNORM: 0.8}),
    "ignores the seed": ([("if seed is not None:", "if False:")], {DROPOUT: 0.92}),
    "has one seed": (
        [(SEED, "            self.dropout_param"), ('"seed"] = seed', '"seed"] = 7')],
        {DROPOUT: 0.7},
    ),
    "has one mask": (
        [(FORWARD, WITH_MASK.format("(np.arange(hidden.size).reshape(hidden.shape) % 3 == 0)")), MASKED_BACK],
        {DROPOUT: 0.7},
    ),
    "drops one unit": (
        [(FORWARD, WITH_MASK.format("(np.arange(hidden.shape[1]) != np.random.randint(hidden.shape[1]))")),
         MASKED_BACK],
        {DROPOUT: 0.7},
    ),
    "drops whole examples": (
        [(FORWARD, WITH_MASK.format(f"(np.random.rand(len(hidden), 1) < {SHARE})")), MASKED_BACK],
        {DROPOUT: 0.7},
    ),
    "keeps what it should drop": (
        [(FORWARD, WITH_MASK.format(f"(np.random.rand(*hidden.shape) > {SHARE})")), MASKED_BACK],
        {DROPOUT: 0.7},
    ),
    "ignores normalization": (
        [("self.normalization = normalization\n", "self.normalization = normalization = None\n")],
        {BATCHNORM: 0.0, LAYERNORM: 0.0},
    ),
}  # fmt: skip


@cache
def table() -> tuple[Row, ...]:
    modules = [
        importlib.import_module(f"autograder.graders.assignment2.test_fully_connected_{topic}")
        for topic in ("dropout", "norm")
    ]
    return tuple(row for module in modules for row in rows(module))


def graded(name: str) -> list[Outcome]:
    text = reference()[PATH]
    for find, replace in NETS[name][0]:
        assert find in text, find
        text = text.replace(find, replace)
    return grade({**reference(), PATH: text}, table())


@pytest.mark.parametrize("name", NETS)
def test_earns_no_more_than_what_is_honest(name: str) -> None:
    found = score(graded(name))
    assert {cell: share for cell, share in found.items() if share > NETS[name][1].get(cell, 1.0)} == {}


def test_one_cause_is_said_in_one_sentence() -> None:
    outcomes = [o for o in graded("keeps every unit, scaled") if o.grade_id == DROPOUT]
    assert len({o.error for o in outcomes}) == 1
    assert "keeps every unit in training: loss(X, y) has to call dropout_forward" in str(outcomes[0].error)


@pytest.mark.parametrize("cell", [BATCHNORM, LAYERNORM])
def test_a_net_without_normalization_says_so_in_every_case_alike(cell: str) -> None:
    said = {str(o.error) for o in graded("ignores normalization") if o.grade_id == cell and o.error}
    assert len(said) == 1
    assert "ignores normalization=" in said.pop()


def test_a_net_without_normalization_loses_nothing_of_dropout() -> None:
    outcomes = [o for o in graded("ignores normalization") if o.grade_id == DROPOUT]
    assert [o.case.id for o in outcomes if o.error] == []
    assert not {"with_layernorm", "with_batchnorm"} & {o.case.id for o in outcomes}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("drops one unit", "keeps far more than the share dropout_keep_ratio of its units"),
        ("has one seed", "drops the same units in two nets, though no seed is given"),
    ],
)
def test_says_what_is_wrong_with_the_mask(name: str, says: str) -> None:
    (message,) = (str(o.error) for o in graded(name) if o.case.id == "drops_at_random")
    assert says in message
