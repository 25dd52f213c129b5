"""FullyConnectedNet as the graders of its options build it."""

import re
from typing import Any

from autograder.checks.checks import mapping
from autograder.checks.fixed import Arrays, under
from autograder.graders.assignment2.deep_nets import Compare, compare_grads, compare_loss
from autograder.graders.shared import nets

NAME, TARGET = "FullyConnectedNet", "classifiers.fc_net.FullyConnectedNet"
NORMED = re.compile(r"(gamma|beta)\d*$")
WITH_BATCHNORM = {**nets.PLAIN, **nets.pairs("layers.batchnorm_{}"), "layers.batchnorm_backward_alt": None}
WITH_LAYERNORM = {**nets.PLAIN, **nets.pairs("layers.layernorm_{}")}
WITH_DROPOUT = {**WITH_BATCHNORM, **WITH_LAYERNORM, **nets.pairs("layers.dropout_{}")}
COMPARE: dict[str, Compare] = {"loss": compare_loss, "gradients": compare_grads}


def params_with(student: Any, kind: str) -> dict[Any, Any]:
    """The parameters of a small net with this normalization."""
    net = student.new(TARGET, [3], input_dim=2, num_classes=2, normalization=kind)
    return mapping(student.get(net, "params"), [], name=f"params of {NAME}")


def build(student: Any, row: Arrays, *, reg: float = 0.0, dtype: str = "float64", **options: Any) -> Any:
    """The student's net with this entry's parameters in it."""
    sizes = [int(size) for size in row["sizes"]]
    kinds = {"dtype": nets.helper(student, "float64")} if dtype == "float64" else {}
    net = student.new(
        TARGET, sizes[1:-1], input_dim=sizes[0], num_classes=sizes[-1], reg=reg, **kinds, **options
    )
    student.set(net, "params", value={key: v.astype(dtype) for key, v in under(row, "params.").items()})
    return net
