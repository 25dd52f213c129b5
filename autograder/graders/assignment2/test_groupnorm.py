"""Group norm of images: values, the exact shapes of results and gradients."""

from typing import Any

from autograder.checks.checks import Case, cases, filled
from autograder.checks.fixed import Arrays, load
from autograder.graders.assignment2.calls import EXPECTED, like, near
from autograder.graders.assignment2.norms import (
    Layer,
    Lost,
    check_contract,
    forward,
    must_normalise,
    other_eps,
)
from autograder.graders.assignment2.spatial import (
    BUILDS_ON,
    check_forward_contract,
    check_gradient,
    group_rows,
    sharpness,
)

FIXED = load(EXPECTED, "groupnorm")
NAME, BACK = "spatial_groupnorm_forward", "spatial_groupnorm_backward"


def given_eps(row: Arrays) -> dict[str, float]:
    return {"eps": float(row["eps"])} if "eps" in row else {}


GROUPS = Layer(
    NAME,
    rows=group_rows,
    settings=lambda row: [int(row["groups"]), given_eps(row)],
    own={
        **{name: (name,) for name in ("two_groups", "three_groups", "one_group", "one_image")},
        "group_per_channel": ("group_for_each_channel",),
        "small_variance": ("small_variance", "eps_argument"),
    },
)


@cases(
    NAME,
    Case(
        "two_groups",
        row="two_groups",
        weight=2,
        hint="The channels of one image are split into G groups of neighbours; each group of each image has "
        "one mean and one (biased) variance, over its channels and places. gamma and beta come after that, "
        "one for each channel.",
    ),
    Case(
        "three_groups",
        row="three_groups",
        hint="6 channels, 3 groups: G is the number of groups, not the number of channels in one.",
    ),
    Case(
        "one_group",
        row="one_group",
        hint="One group takes in all channels of an image: layer norm over the whole image.",
    ),
    Case(
        "group_for_each_channel",
        "edge",
        row="group_per_channel",
        hint="As many groups as channels: every channel of every image by itself.",
    ),
    Case("one_image", "edge", row="one_image", hint="A batch of one image is normalised like any other."),
    Case(
        "small_variance",
        "edge",
        row="small_variance",
        hint="The variance is about as small as eps here: eps is 1e-5, inside the root.",
    ),
    Case(
        "eps_argument",
        "edge",
        row="small_variance",
        hint="gn_param['eps'] is not the usual one here. Is it read, or is 1e-5 written into the code?",
    ),
    builds_on=BUILDS_ON,
)
def test_spatial_groupnorm_forward(student: Any, case: Case) -> None:
    row, text = other_eps(FIXED[case.row]) if case.id == "eps_argument" else FIXED[case.row], f"out of {NAME}"
    out = like(forward(student, GROUPS, row)[0], row["out"], name=text)
    near(out, row["out"], name=text, rtol=sharpness(case))


@cases(
    NAME,
    Case(
        "exact_shape",
        "edge",
        weight=3,
        hint="out has x's four axes (N, C, H, W) and no more. Surplus axes of length 1 come from "
        "broadcasting an array of five axes with gamma's four: reshape back before gamma and beta.",
    ),
    Case("dtype", "edge", hint="float32 in, float32 out: look for an array made without dtype=."),
    Case("arguments_unchanged", "edge", hint="x, gamma and beta belong to the caller; make new arrays."),
    builds_on=BUILDS_ON,
)
def test_spatial_groupnorm_forward_contract(student: Any, case: Case) -> None:
    row = FIXED["two_groups"]
    if case.id == "exact_shape":
        out = filled(forward(student, GROUPS, row)[0], row["x"].shape, name=f"out of {NAME}")
        must_normalise(GROUPS, row, out)
        return
    check_forward_contract(student, GROUPS, row, single=case.id == "dtype")


@cases(
    BACK,
    Case(
        "dx",
        row="two_groups",
        which="dx",
        weight=2,
        hint="Multiply dout by gamma first, while it has four axes; then the rows of each group go back as "
        "the rows of layer norm do.",
    ),
    Case(
        "dx_three_groups",
        row="three_groups",
        which="dx",
        hint="6 channels, 3 groups: the means inside dx run over the entries of one group.",
    ),
    Case(
        "dgamma",
        row="two_groups",
        which="dgamma",
        hint="gamma has one entry for each channel: its gradient adds up over images and places, over axes "
        "0, 2 and 3.",
    ),
    Case("dbeta", row="two_groups", which="dbeta", hint="beta's gradient adds up over images and places."),
    Case(
        "dx_one_group",
        "edge",
        row="one_group",
        which="dx",
        hint="One group takes in all channels of an image.",
    ),
    Case(
        "dx_group_for_each_channel",
        "edge",
        row="group_per_channel",
        which="dx",
        hint="As many groups as channels: every channel of every image by itself.",
    ),
    Case(
        "dx_small_variance",
        "edge",
        row="small_variance",
        which="dx",
        hint="The variance is about as small as eps here: eps belongs into the gradient too.",
    ),
    Case(
        "dx_eps_argument",
        "edge",
        row="small_variance",
        which="dx",
        hint="gn_param['eps'] is not the usual one here, and belongs into the gradient, through the cache.",
    ),
    builds_on=BUILDS_ON,
    after=[NAME],
)
def test_spatial_groupnorm_backward(student: Any, case: Case, lost: Lost) -> Any:
    row = other_eps(FIXED[case.row]) if case.id == "dx_eps_argument" else FIXED[case.row]
    return check_gradient(student, GROUPS, BACK, case, row, lost)


@cases(
    BACK,
    Case("dtype", "edge", hint="float32 in, float32 out: look for an array made without dtype=."),
    Case(
        "shapes_and_arguments_unchanged",
        "edge",
        weight=2,
        hint="dgamma and dbeta have gamma's shape (1, C, 1, 1): sum with keepdims=True. dout belongs to the "
        "caller.",
    ),
    builds_on=BUILDS_ON,
    after=[NAME],
)
def test_spatial_groupnorm_backward_contract(student: Any, case: Case, lost: Lost) -> None:
    wrong = GROUPS.is_wrong("two_groups", lost)
    check_contract(student, GROUPS, BACK, case, FIXED["two_groups"], wrong=wrong)
