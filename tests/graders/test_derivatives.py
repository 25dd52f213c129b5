"""Numeric derivatives in backward functions: found by counting calls, if a course asks for it."""

from types import SimpleNamespace

import pytest

from autograder.checks.checks import CheckFailed
from autograder.graders.shared import derivatives
from autograder.sandbox.limits import Limits

from . import alternatives
from .plain import PlainStudent
from .running import reference
from .test_mutants_assignment2 import PLAIN, with_layers

ALLOWED = 25
NUMERIC = """
def {back}(dout, cache):
    args, wanted = cache
    grads = []
    for array in args[:wanted]:
        grad = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            ends = []
            for step in (1e-5, -1e-5):
                array[place] += step
                ends.append({forward}(*args)[0])
                array[place] -= step
            grad[place] = np.sum(dout * (ends[0] - ends[1])) / 2e-5
        grads.append(grad)
    return tuple(grads) if len(grads) > 1 else grads[0]


_plain_{forward} = {forward}


def {forward}(*args):
    return _plain_{forward}(*args)[0], (args, {wanted})
"""


NUMERIC_LOSS = """

def _numeric(net, scores):
    def loss(self, X, y=None):
        if y is None:
            return scores(self, X)
        grads = {{}}
        for name, array in self.params.items():
            grads[name] = np.zeros_like(array)
            for place in np.ndindex(array.shape):
                ends = []
                for step in (1e-5, -1e-5):
                    array[place] += step
                    ends.append({layers}.softmax_loss(scores(self, X), y)[0])
                    array[place] -= step
                grads[name][place] = (ends[0] - ends[1]) / 2e-5
        return {layers}.softmax_loss(scores(self, X), y)[0], grads
    net.loss = loss


for _net in ({nets}):
    _numeric(_net, _net.loss)
"""


def made(files: dict[str, str], back: str, allowed: int = ALLOWED) -> None:
    student = PlainStudent(files, sandbox=SimpleNamespace(limits=Limits(backward_calls=allowed)))
    try:
        student.begin_case(1)
        (derivatives.check_net if back in derivatives.NETS else derivatives.check)(student, back)
    finally:
        student.close()


@pytest.mark.parametrize("back", derivatives.PAIRS)
def test_the_library_and_the_plain_layers_compute(back: str) -> None:
    made(dict(reference()), back)
    made(with_layers(PLAIN), back)


@pytest.mark.parametrize("name", alternatives.RIGHT)
def test_other_right_versions_compute(name: str) -> None:
    for back in derivatives.PAIRS:
        if f"def {back}(" in alternatives.RIGHT[name]:
            made(with_layers(alternatives.RIGHT[name]), back)


@pytest.mark.parametrize("back", derivatives.PAIRS)
def test_numeric_derivatives_are_refused_where_a_course_says_so(back: str) -> None:
    pair = derivatives.PAIRS[back]
    wanted = 1 if back in ("relu_backward", "dropout_backward", "max_pool_backward_naive") else 3
    text = NUMERIC.format(back=back, forward=pair.forward, wanted=wanted)
    with pytest.raises(CheckFailed, match=r"makes more than 25 times as many calls as .* numeric derivative"):
        made(with_layers(PLAIN + text), back)


@pytest.mark.parametrize("cell", derivatives.NETS)
def test_nets_compute_unless_they_take_numeric_derivatives(cell: str) -> None:
    made(dict(reference()), cell)
    made(with_layers(PLAIN), cell)
    module, nets = "fc_net", "TwoLayerNet, FullyConnectedNet"
    if "conv" in cell:
        module, nets = "cnn", "ThreeLayerConvNet, ConvNet"
    path = f"cs_lib/classifiers/{module}.py"
    text = reference()[path] + NUMERIC_LOSS.format(nets=nets, layers="layers")
    with pytest.raises(
        CheckFailed, match=r"Net\.loss\(X, y\) makes more than 25 times as many calls as loss"
    ):
        made({**reference(), path: text}, cell)


def test_by_default_they_count() -> None:
    with pytest.raises(pytest.skip.Exception, match="lets numeric derivatives count"):
        made(dict(reference()), "affine_backward", derivatives.OFF)
    assert Limits().backward_calls == derivatives.OFF
