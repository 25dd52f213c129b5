"""FullyConnectedNet as the graders of its options build it, and its layers put together by us."""

import re
from typing import Any

from autograder.checks.fixed import Arrays, under
from autograder.graders.assignment2.composed import Compare, Composed, compare_grads, compare_loss
from autograder.graders.shared import nets

NAME, TARGET = "FullyConnectedNet", "classifiers.fc_net.FullyConnectedNet"
NORMED = re.compile(r"(gamma|beta)\d*$")
COMPARE: dict[str, Compare] = {"loss": compare_loss, "gradients": compare_grads}


def build(student: Any, row: Arrays, *, reg: float = 0.0, dtype: str = "float64", **options: Any) -> Any:
    """The student's net with this entry's parameters in it."""
    sizes = [int(size) for size in row["sizes"]]
    kinds = {"dtype": nets.helper(student, "float64")} if dtype == "float64" else {}
    net = student.new(
        TARGET, sizes[1:-1], input_dim=sizes[0], num_classes=sizes[-1], reg=reg, **kinds, **options
    )
    student.set(net, "params", value={key: v.astype(dtype) for key, v in under(row, "params.").items()})
    return net


def plan(hidden: int, *between: str) -> tuple[str, ...]:
    return ("affine", *between) * hidden + ("affine",)


def own(row: Arrays, normalization: str, keep: dict[str, Any] | None = None) -> list[Composed]:
    """The ways in which a right net may be put together from the student's layers."""
    after = ("dropout",) if keep else ()
    norm = ("norm",) if normalization else ()
    layers = plan(len(row["sizes"]) - 2, *norm, "relu", *after)
    backs = [f"{normalization}_backward"]
    if normalization == "batchnorm":
        backs.append("batchnorm_backward_alt")
    return [Composed(layers, norm=normalization, norm_back=back, keep=keep or {}) for back in backs]
