"""The graders of normalisation, dropout, convolution and their nets, held to wrong and to right versions."""

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from . import alternatives, mutants_conv, mutants_deep_nets, mutants_dropout, mutants_images, mutants_norms
from .mutants import Mutant, apply, blank, mutant, one_a_cell
from .running import Outcome, Row, grade, reference, rows, score

TOPICS = (
    *("batchnorm", "layernorm", "dropout", "conv", "pool", "spatial", "groupnorm", "convnets"),
    *("fully_connected_norm", "fully_connected_dropout"),
)
TABLES = (mutants_norms, mutants_dropout, mutants_conv, mutants_images, mutants_deep_nets)
WRONG = [change for table in TABLES for change in table.WRONG]
GRADE_IDS = {
    *("batchnorm_forward", "batchnorm_backward", "batchnorm_backward_alt", "layernorm_forward"),
    *(
        "layernorm_backward",
        "dropout_forward",
        "dropout_backward",
        "conv_forward_naive",
        "conv_backward_naive",
    ),
    *("max_pool_forward_naive", "max_pool_backward_naive", "spatial_batchnorm_forward"),
    *("spatial_batchnorm_backward", "spatial_groupnorm_forward", "spatial_groupnorm_backward"),
    *("fully_connected_net_batchnorm", "fully_connected_net_layernorm", "fully_connected_net_dropout"),
    *("three_layer_conv_net", "conv_net"),
}
PLAIN = (Path(__file__).parent / "plain_layers.py").read_text()

# A forward function that is still to do takes its backward functions down with it, and nothing else.
BLANK = {
    "layers.batchnorm_forward": {"batchnorm_forward", "batchnorm_backward", "batchnorm_backward_alt"},
    "layers.batchnorm_backward": {"batchnorm_backward"},
    "layers.batchnorm_backward_alt": {"batchnorm_backward_alt"},
    "layers.layernorm_forward": {"layernorm_forward", "layernorm_backward"},
    "layers.layernorm_backward": {"layernorm_backward"},
    "layers.dropout_forward": {"dropout_forward", "dropout_backward"},
    "layers.dropout_backward": {"dropout_backward"},
    "layers.conv_forward_naive": {"conv_forward_naive", "conv_backward_naive"},
    "layers.conv_backward_naive": {"conv_backward_naive"},
    "layers.max_pool_forward_naive": {"max_pool_forward_naive", "max_pool_backward_naive"},
    "layers.max_pool_backward_naive": {"max_pool_backward_naive"},
    "layers.spatial_batchnorm_forward": {"spatial_batchnorm_forward", "spatial_batchnorm_backward"},
    "layers.spatial_batchnorm_backward": {"spatial_batchnorm_backward"},
    "layers.spatial_groupnorm_forward": {"spatial_groupnorm_forward", "spatial_groupnorm_backward"},
    "layers.spatial_groupnorm_backward": {"spatial_groupnorm_backward"},
    "classifiers.fc_net.FullyConnectedNet": {
        *("fully_connected_net_batchnorm", "fully_connected_net_layernorm", "fully_connected_net_dropout"),
    },
    "classifiers.cnn.ThreeLayerConvNet": {"three_layer_conv_net"},
    "classifiers.cnn.ConvNet": {"conv_net"},
}


@cache
def table() -> tuple[Row, ...]:
    modules = [importlib.import_module(f"autograder.graders.assignment2.test_{topic}") for topic in TOPICS]
    return tuple(row for module in modules for row in rows(module))


def failures(outcomes: list[Outcome]) -> str:
    return "\n".join(f"{o.grade_id}[{o.case.id}]: {o.error}" for o in outcomes if o.error)


def lost(outcomes: list[Outcome]) -> set[str]:
    return {name for name, share in score(outcomes).items() if share < 1}


def with_layers(text: str) -> dict[str, str]:
    """The reference with functions of layers.py replaced by those in `text`."""
    return {**reference(), "cs_lib/layers.py": reference()["cs_lib/layers.py"] + text}


def changed(change: Mutant, more: str = "") -> dict[str, str]:
    """The reference with one mistake; one in a layer is made in the plain version of the layers."""
    if not change.where.startswith("layers."):
        return apply(reference(), change)
    return with_layers(apply({"cs_lib/layers.py": PLAIN}, change)["cs_lib/layers.py"] + more)


def base(change: Mutant) -> Mapping[str, str]:
    """What `changed` makes its one mistake in."""
    return with_layers(PLAIN) if change.where.startswith("layers.") else reference()


@cache
def of_mistake(change: Mutant) -> list[Outcome]:
    return grade(changed(change), table(), base=base(change))


def test_the_reference_gets_full_marks() -> None:
    outcomes = grade(reference(), table())
    assert score(outcomes) == dict.fromkeys(GRADE_IDS, 1.0), failures(outcomes)


def test_case_ids_are_unique_within_a_cell() -> None:
    ids = [(row.grade_id, row.case.id) for row in table()]
    assert len(ids) == len(set(ids))


def test_every_cell_has_core_and_edge_cases() -> None:
    for grade_id in GRADE_IDS:
        kinds = [row.case.kind for row in table() if row.grade_id == grade_id]
        assert 2 <= kinds.count("core") <= 8, grade_id
        assert kinds.count("edge") >= 2, grade_id


def test_every_case_has_a_hint_of_its_own_cell() -> None:
    assert [row.case.id for row in table() if len(row.case.hint) < 25] == []


@pytest.mark.parametrize("stub", ['raise NotImplementedError("not written yet")', "pass", "return None"])
def test_an_untouched_library_earns_nothing(stub: str) -> None:
    outcomes = grade(blank(reference(), stub), table())
    assert [(o.grade_id, o.case.id) for o in outcomes if o.error is None] == []


@pytest.mark.parametrize("where", BLANK)
def test_a_function_to_do_costs_only_its_own_pair(where: str) -> None:
    outcomes = grade(blank(reference(), 'raise NotImplementedError("not written yet")', where), table())
    assert lost(outcomes) == BLANK[where], failures(outcomes)


def test_a_missing_cache_is_said_plainly() -> None:
    files = blank(reference(), 'raise NotImplementedError("not written yet")', "layers.conv_forward_naive")
    errors = {o.error for o in grade(files, table()) if o.grade_id == "conv_backward_naive"}
    (message,) = errors
    assert message is not None
    assert "conv_forward_naive is not written yet" in message


@pytest.mark.parametrize("change", one_a_cell(WRONG))
def test_a_mistake_is_noticed_and_charged_once(change: Mutant) -> None:
    outcomes = of_mistake(change)
    assert lost(outcomes) == change.loses, failures(outcomes)
    kinds = {o.case.kind for o in outcomes if o.error}
    if change.edge:
        assert kinds == {"edge"}, failures(outcomes)
    else:
        assert "core" in kinds, "mark it edge: only edge cases notice"


@pytest.mark.long
@pytest.mark.parametrize("change", WRONG[::5], ids=lambda change: change.name)
def test_the_cells_that_a_mistake_does_not_reach_stay_as_they_are(change: Mutant) -> None:
    assert score(grade(changed(change), table())) == score(of_mistake(change))


@pytest.mark.parametrize("change", mutants_deep_nets.ELSEWHERE, ids=lambda change: change.name)
def test_a_mistake_of_the_plain_net_is_charged_in_its_own_cell(change: Mutant) -> None:
    plain = importlib.import_module("autograder.graders.assignment2.test_fully_connected_net")
    outcomes = grade(apply(reference(), change), (*table(), *rows(plain)), base=reference())
    assert lost(outcomes) == {"fully_connected_net"}, failures(outcomes)


def test_the_plain_layers_get_full_marks() -> None:
    assert lost(grade(with_layers(PLAIN), table())) == set()


@pytest.mark.parametrize("name", alternatives.RIGHT)
def test_another_right_version_gets_full_marks(name: str) -> None:
    outcomes = grade(with_layers(alternatives.RIGHT[name]), table())
    assert lost(outcomes) == set(), failures(outcomes)


@pytest.mark.parametrize(
    "names",
    [
        ["batch norm by its graph", "layer norm by transposed batch norm", "spatial norm in another order"],
        ["batch norm by loops", "spatial norm by axes", "layer norm by rows", "group norm by layer norm"],
        ["dropout by a generator", "convolution by columns", "pooling by masks", "group norm by five axes"],
    ],
    ids=lambda names: names[0],
)
def test_right_versions_work_together(names: list[str]) -> None:
    outcomes = grade(with_layers("".join(alternatives.RIGHT[name] for name in names)), table())
    assert lost(outcomes) == set(), failures(outcomes)


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("group norm by layer norm", "layernorm_forward"),
        ("spatial norm in another order", "batchnorm_forward"),
    ],
)
def test_a_mistake_below_does_not_cost_what_is_built_on_it(above: str, below: str) -> None:
    change = mutant("unbiased variance", f"layers.{below}", ".var(axis=", ".var(ddof=1, axis=", below)
    outcomes = grade(changed(change, alternatives.RIGHT[above]), table())
    assert lost(outcomes) == {below}, failures(outcomes)


def test_every_case_notices_some_mistake() -> None:
    failed = {(o.grade_id, o.case.id) for change in WRONG for o in of_mistake(change) if o.error}
    assert {(row.grade_id, row.case.id) for row in table()} - failed == set()


def test_there_are_enough_mistakes() -> None:
    names = [change.name for change in [*WRONG, *mutants_deep_nets.ELSEWHERE]]
    assert len(WRONG) >= 60
    assert len(names) == len(set(names))
    assert set().union(*(change.loses for change in WRONG)) == GRADE_IDS


JUNK = (
    "0",
    "float('nan')",
    "'text'",
    "{}",
    "[]",
    "()",
    "np.zeros(3)",
    "np.array(['text'])",
    "(None, None)",
    "(None, None, None)",
    "(0.0, {})",
    "(0.0, {1: 'text', 'gamma1': None})",
    "('text', 'text', 'text')",
    "(np.zeros((7, 4)), None)",
    "(np.full((7, 4), np.nan), [np.zeros((3, 4))])",
    "(np.zeros((7, 4)), np.zeros(4), np.zeros(4))",
    "(np.zeros((2, 2, 4, 4)), np.zeros((2, 3, 3, 3)), np.zeros(2))",
)


@pytest.mark.parametrize("junk", JUNK)
def test_a_wrong_kind_of_result_is_the_students_failure_and_earns_nothing(junk: str) -> None:
    outcomes = grade(blank(reference(), f"return {junk}"), table())  # an error of ours would come through
    assert [(o.grade_id, o.case.id) for o in outcomes if o.error is None] == []


@pytest.mark.parametrize("junk", JUNK[8:])
@pytest.mark.parametrize("part", ["layers", "classifiers.fc_net", "classifiers.cnn"])
def test_a_wrong_kind_of_result_of_one_file_is_no_error_of_ours(part: str, junk: str) -> None:
    path = f"cs_lib/{part.replace('.', '/')}.py"
    files = {**reference(), path: blank(reference(), f"return {junk}")[path]}
    grade(files, table())


@pytest.mark.parametrize(
    "reply", ["('text', x)", "(None, x)", "(0.0, None)", "(np.zeros(2), x)", "(0.0, x[:1])"]
)
def test_a_useless_loss_function_costs_no_net(reply: str) -> None:
    outcomes = grade(with_layers(f"\ndef softmax_loss(x, y):\n    return {reply}\n"), table())
    assert lost(outcomes) == set(), failures(outcomes)
