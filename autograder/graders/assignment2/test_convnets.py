"""ThreeLayerConvNet and ConvNet: parameters, loss, gradients and scores at fixed parameters, and learning."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.checks import RTOL, Case, cases, close, fail, finite, parts, same_dtype, same_shape
from autograder.checks.fixed import Arrays, load, under
from autograder.graders.assignment2.calls import EXPECTED
from autograder.graders.assignment2.deep_nets import (
    LOSS_RTOL,
    Compare,
    compare_both,
    compare_dtypes,
    compare_grads,
    compare_loss,
    compare_scores,
    float32,
    regularized,
)
from autograder.graders.shared import nets

THREE, DEEP = load(EXPECTED, "three_layer_conv_net"), load(EXPECTED, "conv_net")
THREE_NAME, DEEP_NAME = "ThreeLayerConvNet", "ConvNet"
THREE_BUILDS_ON = {
    **nets.PLAIN,
    **nets.pairs("layers.conv_{}_naive", "layers.max_pool_{}_naive"),
    **nets.pairs("fast_layers.conv_{}_fast", "fast_layers.max_pool_{}_fast"),
}
DEEP_BUILDS_ON = {**THREE_BUILDS_ON, **nets.pairs("layers.spatial_batchnorm_{}")}
COMPARE: dict[str, Compare] = {"loss": compare_loss, "gradients": compare_grads}
START_LOSS = 0.05  # scores that are close to 0 give log(classes); weights of 1e-3 move it by less than this
FIT_STEPS, FIT_RATE = 5, 0.1
FIT_LEFT = 0.4  # of the first loss; the reference comes down to a fifth and a thirteenth

# Plain gradient descent; the losses on its way. It runs beside the student's code and holds no answers.
DESCEND = """
def descend(net, X, y, steps, rate):
    losses = []
    for _ in range(steps):
        loss, grads = net.loss(X, y)
        losses.append(float(loss))
        for name in net.params:
            net.params[name] = net.params[name] - rate * grads[name]
    return losses
"""


def with_params(student: Any, net: Any, row: Arrays, dtype: str) -> Any:
    student.set(net, "params", value={key: v.astype(dtype) for key, v in under(row, "params.").items()})
    return net


def kinds(student: Any, dtype: str) -> dict[str, Any]:
    return {"dtype": nets.helper(student, "float64")} if dtype == "float64" else {}


def call_with_other_params(student: Any, net: Any, row: Arrays) -> None:
    with_params(
        student, net, {key: 0.9 * v for key, v in row.items() if key.startswith("params.")}, "float64"
    )
    student.method(net, "loss", row["X"], row["y"])
    with_params(student, net, row, "float64")


def three_layer(student: Any, row: Arrays, *, reg: float = 0.0, dtype: str = "float64") -> Any:
    net = student.new(
        "classifiers.cnn.ThreeLayerConvNet",
        input_dim=tuple(int(n) for n in row["image"]),
        num_filters=int(row["filters"]),
        filter_size=int(row["width"]),
        hidden_dim=int(row["hidden"]),
        num_classes=int(row["classes"]),
        reg=reg,
        **kinds(student, dtype),
    )
    return with_params(student, net, row, dtype)


def conv_net(student: Any, row: Arrays, *, reg: float = 0.0, dtype: str = "float64") -> Any:
    return with_params(student, new_conv_net(student, row, reg, dtype), row, dtype)


def new_conv_net(student: Any, row: Arrays, reg: float = 0.0, dtype: str = "float64") -> Any:
    return student.new(
        "classifiers.cnn.ConvNet",
        input_dim=tuple(int(n) for n in row["image"]),
        num_filters=[int(n) for n in row["filters"]],
        filter_sizes=[int(n) for n in row["widths"]],
        num_classes=int(row["classes"]),
        reg=reg,
        use_batch_norm="params.gamma1" in row,
        **kinds(student, dtype),
    )


# --- ThreeLayerConvNet ----------------------------------------------------------------------------


@cases(
    "three_layer_conv_net",
    Case(
        "scores",
        row="square",
        hint="conv - ReLU - 2×2 pool - affine - ReLU - affine; the convolution pads so that the image keeps "
        "its size. Without y the scores come back.",
    ),
    Case("loss", row="square", hint="Without regularization the loss is the softmax loss of the scores."),
    Case(
        "gradients",
        row="square",
        weight=2,
        hint="Go back through the layers in the opposite order, each backward with its own forward's cache.",
    ),
    Case(
        "regularization",
        row="square",
        hint="L2 is on W1, W2 and W3, the filters included, and on no bias: in the loss and the gradients.",
    ),
    Case(
        "rectangular_images",
        "edge",
        row="rectangular",
        hint="Images need not be square: W2 has F * (H/2) * (W/2) rows. The padding follows from the filter.",
    ),
    Case(
        "many_channels_and_classes",
        "edge",
        row="many",
        hint="Five channels and twelve classes: take both from the arguments of __init__.",
    ),
    Case("float32", "edge", row="square", hint="A float32 net computes in float32, in every layer."),
    Case(
        "params_read_anew",
        "edge",
        row="square",
        hint="A Solver puts new arrays into params between the calls: loss must read params at every call.",
    ),
    builds_on=THREE_BUILDS_ON,
)
def test_three_layer_conv_net(student: Any, case: Case) -> None:
    row, reg = THREE[case.row], 0.0
    if case.id == "regularization":
        row, reg = regularized(row), float(row["reg"])
    if case.id == "float32":
        row = float32(row)
        got = student.method(three_layer(student, row, dtype="float32"), "loss", row["X"], row["y"])
        compare_dtypes(THREE_NAME, got, row)
        return
    net = three_layer(student, row, reg=reg)
    if case.id == "params_read_anew":
        call_with_other_params(student, net, row)
    if case.id == "scores":
        got = student.method(net, "loss", row["X_test"])
        compare_scores(THREE_NAME, got, row)
        return
    got = student.method(net, "loss", row["X"], row["y"])
    COMPARE.get(case.id, compare_both)(THREE_NAME, got, row)


@cases(
    "three_layer_conv_net",
    Case(
        "parameters",
        hint="W1 holds the filters (F, C, size, size); W2 takes the pooled maps, half as high and half as "
        "wide; W3 gives the scores; each has its bias, which starts at zero.",
    ),
    Case(
        "draw_order",
        "edge",
        hint="weight_scale times np.random.randn, layer after layer, and nothing else drawn between.",
    ),
    Case(
        "first_loss",
        hint="Small weights give scores near zero, and the softmax loss of C equal scores is log(C).",
    ),
    Case(
        "default_float32",
        "edge",
        hint="Without a dtype argument parameters are float32: cast after drawing.",
    ),
    builds_on=THREE_BUILDS_ON,
)
def test_three_layer_conv_net_start(student: Any, case: Case) -> None:
    sizes = {
        "input_dim": (4, 12, 8),
        "num_filters": 12,
        "filter_size": 5,
        "hidden_dim": 40,
        "num_classes": 20,
    }
    if case.id == "first_loss":
        must_compute(student, THREE_NAME, three_layer, THREE["square"])
    net = start(student, case, "classifiers.cnn.ThreeLayerConvNet", sizes)
    shapes: dict[str, tuple[int, ...]] = {"W1": (12, 4, 5, 5), "b1": (12,), "W2": (288, 40), "b2": (40,)}
    shapes |= {"W3": (40, 20), "b3": (20,)}
    check_start(student, case, THREE_NAME, net, shapes, sizes)


def scale_of(case: Case) -> float:
    """The weight_scale a case asks for: another than the default where the draws are looked at."""
    return 0.03 if case.id in ("parameters", "draw_order") else 1e-3


def start(student: Any, case: Case, target: str, sizes: dict[str, Any], **options: Any) -> Any:
    if case.id == "draw_order":
        student.call(nets.helper(student, "seed"), nets.SEED)
    return student.new(target, **sizes, weight_scale=scale_of(case), **options)


def must_compute(student: Any, name: str, build: Callable[..., Any], fixed: Arrays) -> None:
    """A loss near the logarithm of the number of classes could be made up."""
    compare_loss(name, student.method(build(student, fixed), "loss", fixed["X"], fixed["y"]), fixed)


def check_start(
    student: Any, case: Case, name: str, net: Any, shapes: dict[str, tuple[int, ...]], sizes: dict[str, Any]
) -> None:
    params = student.get(net, "params")
    nets.check_shapes(params, shapes, name=name)
    if case.id == "parameters":
        nets.check_start(params, scale_of(case), name=name)
        for key in (key for key in params if key.startswith("gamma")):
            if not (params[key] == 1).all():
                fail("value", f"params[{key!r}] of {name} is not one at the start: it scales nothing yet.")
    if case.id == "draw_order":
        draws = np.random.RandomState(nets.SEED)
        for key in (key for key in shapes if key.startswith("W")):
            want = scale_of(case) * draws.randn(*shapes[key])
            close(params[key], want, name=f"params[{key!r}] of {name}", rtol=RTOL)
    if case.id == "default_float32":
        for key, value in params.items():
            same_dtype(value, np.float32, name=f"params[{key!r}] of {name}")
    if case.id == "first_loss":
        draws = np.random.RandomState(8)
        X, y = draws.randn(5, *sizes["input_dim"]), draws.randint(sizes["num_classes"], size=5)
        loss, _ = parts(student.method(net, "loss", X, y), 2, name=f"{name}.loss(X, y)")
        loss = same_shape(finite(loss, name=f"loss of {name}"), (), name=f"loss of {name}")
        if not abs(loss - np.log(sizes["num_classes"])) < START_LOSS:
            fail(
                "value",
                f"The loss of {name} at the start is far from the logarithm of the number of classes.",
            )
        student.set(net, "params", value={key: 100 * v if v.ndim > 1 else v for key, v in params.items()})
        larger, _ = parts(student.method(net, "loss", X, y), 2, name=f"{name}.loss(X, y)")
        if np.isclose(finite(larger, name=f"loss of {name}"), loss, rtol=LOSS_RTOL, atol=0.0):
            fail("value", f"The loss of {name} does not depend on its weights.")


# --- ConvNet --------------------------------------------------------------------------------------


@cases(
    "conv_net",
    Case(
        "loss",
        row="normalized",
        hint="Every block is conv, spatial batch norm, ReLU, 2×2 pool; one affine layer ends the net. If "
        "spatial_batchnorm_forward has failed too, look there first.",
    ),
    Case(
        "gradients",
        row="normalized",
        weight=2,
        hint="Go back through the blocks in the opposite order; grads holds gamma and beta of every block "
        "too. If spatial_batchnorm_backward has failed too, look there first.",
    ),
    Case(
        "no_batch_norm",
        row="plain",
        hint="With use_batch_norm=False a block is conv, ReLU, pool, and params has no gamma and beta.",
    ),
    Case(
        "one_block",
        "edge",
        row="one_layer",
        hint="One convolution must work as well: does the loop over blocks fix their number?",
    ),
    Case(
        "three_blocks",
        "edge",
        row="three_layers",
        hint="Three convolutions of three sizes: does the loop over blocks fix their number? Block i has its "
        "own filter size and conv_param.",
    ),
    Case(
        "three_blocks_batch_norm",
        "edge",
        row="three_layers_normalized",
        hint="Three convolutions with batch norm: each block has its own filter size, gamma, beta, bn_param "
        "and cache.",
    ),
    Case(
        "regularization",
        "edge",
        row="normalized",
        hint="L2 is on every W, that of the affine layer too, and on no b, gamma or beta.",
    ),
    Case(
        "many_channels_and_classes",
        "edge",
        row="many",
        hint="Five channels and twelve classes: take both from the arguments of __init__.",
    ),
    Case("float32", "edge", row="normalized", hint="A float32 net computes in float32, in every layer."),
    Case(
        "params_read_anew",
        "edge",
        row="plain",
        hint="A Solver puts new arrays into params between the calls: loss must read params at every call.",
    ),
    builds_on=DEEP_BUILDS_ON,
)
def test_conv_net(student: Any, case: Case) -> None:
    row, reg = DEEP[case.row], 0.0
    if case.id == "regularization":
        row, reg = regularized(row), float(row["reg"])
    if case.id == "float32":
        row = float32(row)
        got = student.method(conv_net(student, row, dtype="float32"), "loss", row["X"], row["y"])
        compare_dtypes(DEEP_NAME, got, row)
        return
    if case.id.startswith("three_blocks"):
        shapes = {key: value.shape for key, value in under(row, "params.").items()}
        nets.check_shapes(student.get(new_conv_net(student, row), "params"), shapes, name=DEEP_NAME)
    net = conv_net(student, row, reg=reg)
    if case.id == "params_read_anew":
        call_with_other_params(student, net, row)
    got = student.method(net, "loss", row["X"], row["y"])
    COMPARE.get(case.id, compare_both)(DEEP_NAME, got, row)


@cases(
    "conv_net",
    Case(
        "scores_in_test_mode",
        row="normalized",
        hint="loss(X) without y is test mode: every batch norm uses the running statistics that the training "
        "calls before have left in its own bn_param.",
    ),
    Case(
        "scores_no_batch_norm",
        "edge",
        row="plain",
        hint="Without y the scores come back, of shape (N, C).",
    ),
    builds_on=DEEP_BUILDS_ON,
)
def test_conv_net_scores(student: Any, case: Case) -> None:
    row = DEEP[case.row]
    net = conv_net(student, row)
    for batch in row["warmup"]:
        student.method(net, "loss", batch, row["y"])
    got = student.method(net, "loss", row["X_test"])
    compare_scores(DEEP_NAME, got, row)


@cases(
    "conv_net",
    Case(
        "parameters",
        hint="W_1, b_1, gamma1, beta1, W_2, ...: filters for every convolution, then the affine layer's W "
        "and b. Every pooling halves height and width.",
    ),
    Case(
        "draw_order",
        "edge",
        hint="weight_scale times np.random.randn, layer after layer, and nothing else drawn between.",
    ),
    Case(
        "parameters_no_batch_norm",
        "edge",
        hint="With use_batch_norm=False params holds W and b of every layer and no gamma and beta.",
    ),
    Case(
        "first_loss",
        hint="Small weights in the last layer give scores near zero: the softmax loss of C equal scores.",
    ),
    Case(
        "default_float32",
        "edge",
        hint="Without a dtype argument parameters are float32: cast after drawing.",
    ),
    builds_on=DEEP_BUILDS_ON,
)
def test_conv_net_start(student: Any, case: Case) -> None:
    sizes = {"input_dim": (4, 8, 12), "num_filters": [12, 8], "filter_sizes": [5, 3], "num_classes": 20}
    if case.id == "first_loss":
        must_compute(student, DEEP_NAME, conv_net, DEEP["plain"])
    normed = case.id != "parameters_no_batch_norm"
    net = start(student, case, "classifiers.cnn.ConvNet", sizes, use_batch_norm=normed)
    shapes: dict[str, tuple[int, ...]] = {
        "W_1": (12, 4, 5, 5),
        "b_1": (12,),
        "W_2": (8, 12, 3, 3),
        "b_2": (8,),
    }
    if normed:
        shapes |= {"gamma1": (12,), "beta1": (12,), "gamma2": (8,), "beta2": (8,)}
    check_start(student, case, DEEP_NAME, net, shapes | {"W_3": (48, 20), "b_3": (20,)}, sizes)


# --- learning -------------------------------------------------------------------------------------


LEARN = Case(
    "learns_four_images",
    hint="A net whose loss and gradients are right learns four images by heart: the loss sinks to almost "
    "nothing in a few steps. Does loss read params anew at every call?",
)


@cases("three_layer_conv_net", LEARN, builds_on=THREE_BUILDS_ON)
def test_three_layer_conv_net_learning(student: Any, case: Case) -> None:
    sizes = {"image": [2, 6, 6], "filters": 4, "width": 3, "hidden": 16, "classes": 4}
    row = learnable(sizes, W1=(4, 2, 3, 3), W2=(36, 16), W3=(16, 4))
    check_learning(student, THREE_NAME, row, three_layer, THREE["square"])


@cases("conv_net", LEARN, builds_on=DEEP_BUILDS_ON)
def test_conv_net_learning(student: Any, case: Case) -> None:
    sizes = {"image": [2, 8, 8], "filters": [4, 6], "widths": [3, 3], "classes": 4}
    row = learnable(sizes, W_1=(4, 2, 3, 3), W_2=(6, 4, 3, 3), W_3=(24, 4))
    for i, filters in ((1, 4), (2, 6)):
        row |= {f"params.gamma{i}": np.ones(filters), f"params.beta{i}": np.zeros(filters)}
    check_learning(student, DEEP_NAME, row, conv_net, DEEP["normalized"])


def learnable(sizes: dict[str, Any], **shapes: tuple[int, ...]) -> Arrays:
    """Four images and parameters from which a few steps suffice (He et al., 2015: variance 2 / fan-in)."""
    draws = np.random.RandomState(5)
    row: Arrays = {key: np.asarray(value) for key, value in sizes.items()}
    for name, shape in shapes.items():
        filters = len(shape) == 4
        scale = np.sqrt(2 / np.prod(shape[1:] if filters else shape[:1]))
        row[f"params.{name}"] = scale * draws.randn(*shape)
        row[f"params.{name.replace('W', 'b')}"] = np.zeros(shape[0] if filters else shape[1])
    return row | {"X": draws.randn(4, *sizes["image"]), "y": np.arange(4)}


def check_learning(student: Any, name: str, row: Arrays, build: Callable[..., Any], fixed: Arrays) -> None:
    """The net must be right at fixed parameters: losses that only sink could be made up."""
    got = student.method(build(student, fixed), "loss", fixed["X"], fixed["y"])
    compare_both(name, got, fixed)
    descend = student.define(DESCEND, "descend")
    losses = student.call(descend, build(student, row), row["X"], row["y"], FIT_STEPS, FIT_RATE)
    first, *_, last = [finite(loss, name=f"a loss of {name}") for loss in parts(losses, FIT_STEPS, name=name)]
    if not last < FIT_LEFT * first:
        fail(
            "value",
            f"The loss of {name} on four images hardly sank in {FIT_STEPS} steps of gradient descent.",
        )
