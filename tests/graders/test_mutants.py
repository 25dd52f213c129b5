"""The graders notice every small mistake, charge it once, and let every right version pass."""

import importlib
from functools import cache

import pytest

from . import mutants_layers, mutants_losses, mutants_nets, mutants_optim, mutants_solver
from .mutants import Mutant, apply, blank, one_a_cell
from .running import Outcome, Row, grade, reference, rows, score

TOPICS = ("affine_relu", "losses", "two_layer_net", "fully_connected", "optimizers", "solver")
TABLES = (mutants_layers, mutants_losses, mutants_nets, mutants_optim, mutants_solver)
WRONG = [change for table in TABLES for change in table.WRONG]
RIGHT = [change for table in TABLES for change in table.RIGHT]

# A forward function that is still to do takes its backward function down with it, and nothing else: nets call
# the solved layers where the student's are wrong.
BLANK = {
    "layers.affine_forward": {"affine_forward", "affine_backward"},
    "layers.affine_backward": {"affine_backward"},
    "layers.relu_forward": {"relu_forward", "relu_backward"},
    "layers.relu_backward": {"relu_backward"},
    "layers.svm_loss": {"svm_loss"},
    "layers.softmax_loss": {"softmax_loss"},
    "classifiers.fc_net.TwoLayerNet": {"two_layer_net"},
    "classifiers.fc_net.FullyConnectedNet": {"fully_connected_net"},
    "optim.sgd": {"sgd"},
    "optim.sgd_momentum": {"sgd_momentum"},
    "optim.rmsprop": {"rmsprop"},
    "optim.adam": {"adam"},
    "solver.Solver._step": {"solver"},
    "solver.Solver.check_accuracy": {"solver"},
}


@cache
def table() -> tuple[Row, ...]:
    modules = [importlib.import_module(f"autograder.graders.shared.{topic}") for topic in TOPICS]
    return tuple(row for module in modules for row in rows(module))


def failures(outcomes: list[Outcome]) -> str:
    return "\n".join(f"{o.grade_id}[{o.case.id}]: {o.error}" for o in outcomes if o.error)


def test_the_reference_gets_full_marks() -> None:
    outcomes = grade(reference(), table())
    assert set(score(outcomes).values()) == {1.0}, failures(outcomes)


def test_case_ids_are_unique_within_a_cell() -> None:
    ids = [(row.grade_id, row.case.id) for row in table()]
    assert len(ids) == len(set(ids))


def test_every_case_has_a_hint() -> None:
    assert [row.case.id for row in table() if len(row.case.hint) < 20] == []


@pytest.mark.parametrize("stub", ['raise NotImplementedError("not written yet")', "pass", "return None"])
def test_an_untouched_library_earns_nothing(stub: str) -> None:
    outcomes = grade(blank(reference(), stub), table())
    assert set(score(outcomes).values()) == {0.0}, [
        (o.grade_id, o.case.id) for o in outcomes if o.error is None
    ]


@pytest.mark.parametrize("where", BLANK)
def test_a_function_to_do_costs_only_its_own_pair(where: str) -> None:
    outcomes = grade(blank(reference(), 'raise NotImplementedError("not written yet")', where), table())
    assert {name for name, share in score(outcomes).items() if share < 1} == BLANK[where], failures(outcomes)


@pytest.mark.parametrize("change", one_a_cell(WRONG))
def test_a_mistake_is_noticed_and_charged_once(change: Mutant) -> None:
    outcomes = grade(apply(reference(), change), table(), base=reference())
    lost = {name: share for name, share in score(outcomes).items() if share < 1}
    assert set(lost) == change.loses, failures(outcomes)
    if change.edge:
        assert {o.case.kind for o in outcomes if o.error} == {"edge"}, failures(outcomes)
    else:
        assert "core" in {o.case.kind for o in outcomes if o.error}, "mark it edge: only edge cases notice"


@pytest.mark.parametrize("change", RIGHT, ids=lambda change: change.name)
def test_another_right_version_gets_full_marks(change: Mutant) -> None:
    outcomes = grade(apply(reference(), change), table(), base=reference())
    assert set(score(outcomes).values()) == {1.0}, failures(outcomes)


@pytest.mark.long
@pytest.mark.parametrize("change", [*WRONG, *RIGHT][::5], ids=lambda change: change.name)
def test_the_cells_that_a_change_does_not_reach_stay_as_they_are(change: Mutant) -> None:
    files = apply(reference(), change)
    assert score(grade(files, table())) == score(grade(files, table(), base=reference()))


def test_there_are_enough_mistakes() -> None:
    assert len(WRONG) >= 60
    assert len({change.name for change in [*WRONG, *RIGHT]}) == len(WRONG) + len(RIGHT)


def test_every_cell_has_a_mistake() -> None:
    assert {row.grade_id for row in table()} == set().union(*(change.loses for change in WRONG))
