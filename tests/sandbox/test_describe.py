"""What a student reads of what was called: names, shapes and small numbers."""

import numpy as np
import pytest

from autograder.sandbox.describe import Calls
from autograder.sandbox.wire import Handle


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((2, 3)), "array (2, 3)"),
        (np.zeros((2, 0), np.float32), "float32 array (2, 0)"),
        (np.array(3), "int64 array ()"),
        (np.float64(0.1) * 3, "0.3"),
        (np.int32(7), "7"),
        (True, "True"),
        (None, "None"),
        ("train", "'train'"),
        ("x" * 50, "'" + "x" * 39 + "…'"),
        ([1, (2,), [np.zeros(1)]], "[1, (2,), [array (1,)]]"),
        ((3, 32, 32), "(3, 32, 32)"),
        (list(range(20)), "[0, 1, 2, 3, 4, 5, 6, 7, …]"),
        ({"stride": 1, "m": np.zeros(4)}, "{'stride': 1, 'm': array (4,)}"),
        (
            {f"k{i}": i for i in range(9)},
            "{'k0': 0, 'k1': 1, 'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, 'k6': 6, 'k7': 7, …}",
        ),
        (Handle(9), "a kept object"),
        (object(), "object"),
    ],
)
def test_an_argument_in_words(value: object, words: str) -> None:
    assert Calls().value(value) == words


def test_a_long_call_is_cut() -> None:
    calls = Calls()
    calls.note(("cs_lib.layers", "f"), ["x" * 39] * 20, {}, None)
    assert len(calls.about("")) == 400
    assert calls.about("").endswith("…")


def test_calls_of_a_submission(submit) -> None:
    student = submit(
        layers="""
        def forward(x, w, p=1.0):
            return x, (x, w)

        def backward(dout, cache):
            raise ValueError("no")

        class Net:
            def __init__(self, sizes, reg=0.0):
                pass

            def loss(self, X):
                return 0.0
        """
    )
    _, cache = student.call("layers.forward", np.ones((2, 3)), np.ones(3, np.float32), p=0.25, keep=1)
    assert student.calls.about("") == "forward(array (2, 3), float32 array (3,), p=0.25)"
    with pytest.raises(Exception, match="no"):
        student.call("layers.backward", np.ones((2, 3)), cache)
    assert student.calls.about("") == (
        "backward(array (2, 3), cache of forward(array (2, 3), float32 array (3,), p=0.25))"
    )
    net = student.new("layers.Net", [4, 5], reg=0.5)
    student.method(net, "loss", np.ones((1, 2)))
    assert student.calls.about("") == "Net([4, 5], reg=0.5).loss(array (1, 2))"
    fit = student.define("def fit(net, steps):\n    return steps", "fit")
    student.call(fit, net, 9)
    assert student.calls.about("") == "our helper fit(Net([4, 5], reg=0.5), 9)"
    student.begin_case(seed=2)
    assert student.calls.about("") == ""


def test_the_call_a_message_is_about() -> None:
    calls = Calls()
    assert calls.about("forward is wrong") == ""
    for module, name, size in [("layers", "forward", 1), ("layers", "forward", 2), ("layers", "backward", 3)]:
        calls.note((f"cs_lib.{module}", name), [np.zeros(size)], {}, None)
    assert calls.about("out of forward is wrong") == "forward(array (2,))"
    assert calls.about("forward: backward is wrong") == "backward(array (3,))"
    assert calls.about("forwards and so on") == "backward(array (3,))"
