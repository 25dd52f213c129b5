"""An excuse holds only if somebody it blames has lost points."""

import pytest

from autograder.judge.excuses import Seen, told, unfounded

LAYER, NET = ("relu_forward", "values"), ("conv_net", "loss")
CORE, EDGE = Seen("core", False), Seen("edge", False)
BLAMES = {NET: {("relu_forward",)}}


@pytest.mark.parametrize(
    ("net", "layer", "holds"),
    [
        ("core", Seen("core", True), True),
        ("core", Seen("core", False), False),
        ("core", Seen("edge", True), False),
        ("edge", Seen("edge", True), True),
        ("edge", Seen("core", True), True),
        ("edge", Seen("edge", False), False),
    ],
)
def test_somebody_blamed_must_have_lost_what_the_case_needs(net: str, layer: Seen, holds: bool) -> None:
    cases = {LAYER: layer, NET: Seen(net, False)}
    assert unfounded(cases, BLAMES) == ({} if holds else {NET: ("relu_forward",)})


def test_any_case_of_a_normalisation_counts() -> None:
    cases = {("batchnorm_forward", "eps"): Seen("edge", True), NET: CORE}
    assert unfounded(cases, {NET: {("relu_forward", "batchnorm_forward")}}) == {}


def test_each_group_needs_somebody_who_lost() -> None:
    cases = {LAYER: Seen("core", True), ("affine_forward", "values"): CORE, NET: CORE}
    assert unfounded(cases, {NET: {("relu_forward",), ("affine_forward",)}}) == {NET: ("affine_forward",)}
    assert unfounded(cases, {NET: {("relu_forward", "affine_forward")}}) == {}


@pytest.mark.parametrize("lost", [True, False])
def test_an_excuse_may_rest_on_another(lost: bool) -> None:
    spatial, plain = ("spatial_batchnorm_forward", "train"), ("batchnorm_forward", "train")
    cases = {NET: CORE, spatial: CORE, plain: Seen("core", lost)}
    found = unfounded(cases, {NET: {(spatial[0],)}, spatial: {(plain[0],)}})
    assert set(found) == (set() if lost else {NET, spatial})


def test_two_that_blame_each_other_both_fail() -> None:
    assert set(unfounded({NET: CORE, LAYER: EDGE}, {NET: {LAYER[:1]}, LAYER: {NET[:1]}})) == {NET, LAYER}


def test_a_case_that_failed_and_one_without_excuse_stay_as_they_are() -> None:
    assert unfounded({NET: Seen("core", True), LAYER: CORE}, {NET: {("gone",)}, LAYER: set()}) == {}


@pytest.mark.parametrize(
    ("blamed", "says"),
    [
        (("relu_forward",), "your relu_forward, but not with the right result, and it passed its own checks"),
        (("relu_forward", "sgd", "gone"), "your relu_forward, sgd, but .* they behave differently here"),
        (("relu_forward", "sgd", "adam", "solver"), "agrees with your own layers, but"),
        (("gone",), "your gone, but it is not right: what came with the assignment was changed"),
    ],
)
def test_the_student_is_told_whom_the_result_agrees_with(blamed: tuple[str, ...], says: str) -> None:
    message = told(blamed, {"relu_forward", "sgd", "adam", "solver"})
    with pytest.raises(ValueError, match=says):
        raise ValueError(message)
