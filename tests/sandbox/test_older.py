"""Code of earlier years, rewritten; and what arguments mean, found out by trying."""

import builtins
from typing import Any

import numpy as np
import pytest

from autograder.sandbox import older, older_packages
from autograder.sandbox.meanings import Meanings, starts_late


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rewritten code calls, in place only while a test runs."""
    for name, helper in older.HELPERS.items():
        monkeypatch.setattr(builtins, name, helper, raising=False)


def run(source: str, old_division: bool = False) -> dict[str, Any]:
    scope: dict[str, Any] = {"np": np}
    exec(older.compiled(source.encode(), "cs_lib/layers.py", old_division), scope)
    return scope


@pytest.mark.usefixtures("helpers")
def test_one_element_arrays_are_numbers_where_they_were() -> None:
    found = run(
        "a = np.zeros((2, 2))\nd = {}\n"
        "a[0, 1] = np.array([3.0])\na[1, 0] += np.array([[4.0]])\na[1] = np.array([5.0, 6.0])\n"
        "d['w'] = np.array([7.0])\nn = int(np.array([8])) + float(np.array([[0.5]]))\n"
        "m = int('12') + int(2.7)\n"
        "class Net:\n    def __init__(self):\n        self.a = np.zeros(2)\n"
        "        self.a[0] = np.array([1.0])\n"
        "net = Net().a.tolist()\n"
    )
    assert found["a"].tolist() == [[0.0, 3.0], [5.0, 6.0]]
    assert found["d"]["w"].shape == (1,)
    assert (found["n"], found["m"], found["net"]) == (8.5, 14, [1.0, 0.0])


@pytest.mark.usefixtures("helpers")
def test_old_dicts_and_the_starter_of_2016() -> None:
    found = run(
        "params = {'a': 1}\nkeys = [k for k, v in params.iteritems()]\nn = list(params.itervalues())\n"
        "mode, bn_param = 'test', {'mode': 'train'}\nbn_param[mode] = mode\n"
    )
    assert (found["keys"], found["n"], found["bn_param"]) == (["a"], [1], {"mode": "test"})


@pytest.mark.usefixtures("helpers")
def test_division_of_whole_numbers_in_python_2() -> None:
    text = (
        "H = 7\nout = (H - 2) / 2 + 1\nH /= 2\nx = np.arange(4) / 2\ny = np.ones(2)\n"
        "z = y\ny /= 2\nf = 7 / 2.0\n"
    )
    old, new = run(text, old_division=True), run(text)
    assert (old["out"], old["H"], old["x"].tolist(), old["f"]) == (3, 3, [0, 0, 1, 1], 3.5)
    assert old["z"].tolist() == [0.5, 0.5]  # in place, as it was
    assert (new["out"], new["H"], new["x"].tolist()) == (3.5, 3.5, [0.0, 0.5, 1.0, 1.5])


@pytest.mark.parametrize(
    ("source", "old"),
    [
        (b"for i in xrange(3): pass", True),
        (b"for k in d.iteritems(): pass", True),
        (b"    print 'hello'", True),
        (b"from past.builtins import xrange\nfor i in xrange(3): pass", False),
        (b"from __future__ import print_function, division\nfor i in xrange(3): pass", False),
        (b"def f(x: int) -> int:\n    return sum(xrange(3))", False),
        (b"print('hello')", False),
    ],
)
def test_python_2_is_known_by_its_words(source: bytes, old: bool) -> None:
    assert older.is_python_2(source) is old


def test_one_such_file_speaks_for_the_package_but_not_for_what_is_given() -> None:
    files = {"a.py": b"xrange(3)", "b.py": b"x = 7 / 2", "ours.py": b"def f(x) -> int: ..."}
    assert older.divides_as_python_2(files) == {"a.py", "b.py"}
    assert older.divides_as_python_2({"b.py": b"x = 7 / 2"}) == set()


def test_reshape_knows_its_old_argument() -> None:
    assert older.reshape(np.arange(4), newshape=(2, 2)).shape == (2, 2)
    assert older.reshape(np.arange(4), (4, 1)).shape == (4, 1)


@pytest.mark.usefixtures("helpers")
def test_lines_stay_where_they_were() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run("\n\nx = 1\nx /= 0\n", old_division=True)
    assert caught.traceback[-1].lineno in (3, None) or caught.traceback[-2].lineno == 3
    with pytest.raises(SyntaxError) as broken:
        older.compiled(b"x = 1\ny = (\n", "cs_lib/layers.py", False)
    assert (broken.value.filename, broken.value.lineno) == ("cs_lib/layers.py", 2)


def keeps(x: np.ndarray, param: dict[str, Any]) -> tuple[np.ndarray, Any]:
    return x * (np.random.rand(*x.shape) < param["p"]) / param["p"], None


def drops(x: np.ndarray, param: dict[str, Any]) -> tuple[np.ndarray, Any]:
    return x * (np.random.rand(*x.shape) >= param["p"]) / (1 - param["p"]), None


def broken(x: np.ndarray, param: dict[str, Any]) -> tuple[np.ndarray, Any]:
    raise NotImplementedError


def all_kept(x: np.ndarray, param: dict[str, Any]) -> tuple[np.ndarray, Any]:
    return x, None


@pytest.mark.parametrize(
    ("function", "found"), [(keeps, False), (drops, True), (broken, None), (all_kept, None)]
)
def test_what_p_means_is_found_by_trying(function: Any, found: bool | None) -> None:
    before = np.random.get_state()[1].tolist()
    meanings = Meanings(lambda module, name: function)
    assert meanings.drops is found
    assert np.random.get_state()[1].tolist() == before
    assert meanings.turned({"mode": "train", "p": 0.25})["p"] == (0.75 if found else 0.25)


@pytest.mark.parametrize(
    ("function", "default", "ratio", "passed"),
    [
        (keeps, 0, 0.25, 0.25),
        (keeps, 0, 1, 0),
        (keeps, 1, 0.25, 0.25),
        (keeps, 1, 1, 1),
        (drops, 0, 0.25, 0.75),
        (drops, 0, 1, 0),
        (drops, 1, 0.25, 0.75),
        (broken, 0, 0.25, 0.75),
        (broken, 1, 0.25, 0.25),
    ],
)
def test_the_net_is_given_what_its_own_dropout_means(
    function: Any, default: int, ratio: float, passed: float
) -> None:
    scope: dict[str, Any] = {}
    exec(f"class Net:\n    def __init__(self, dropout={default}): self.dropout = dropout", scope)
    meanings = Meanings(lambda module, name: function)
    net = older_packages.call(scope["Net"], [], {"dropout_keep_ratio": ratio}, meanings)
    assert net.dropout == passed


def test_a_dropout_that_drops_p_is_given_what_it_means() -> None:
    def dropout_forward(x: np.ndarray, param: dict[str, Any]) -> Any:
        return drops(x, param)

    meanings = Meanings(lambda module, name: dropout_forward)
    out, _ = older_packages.call(
        dropout_forward, [np.ones((60, 60)), {"mode": "train", "p": 0.25}], {}, meanings
    )
    assert abs((out != 0).mean() - 0.25) < 0.05
    seen: list[float] = []
    stand_ins = {"layers.dropout_forward": lambda x, param: seen.append(param["p"])}
    meanings.turn(stand_ins)
    stand_ins["layers.dropout_forward"](0, {"p": 0.75, "mode": "train"})
    assert seen == [0.25]  # their net means: a quarter is kept


def an_adam(start: int, count_first: bool) -> Any:
    def adam(w: np.ndarray, dw: np.ndarray, config: Any = None) -> Any:
        config = {} if config is None else config
        config.setdefault("t", start)
        t = config["t"] + 1 if count_first else config["t"]
        config["t"] += 1
        m = 0.9 * config.get("m", 0) + 0.1 * dw
        v = 0.999 * config.get("v", 0) + 0.001 * dw**2
        config["m"], config["v"] = m, v
        step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return w - config.get("learning_rate", 1e-3) * step, config

    return adam


@pytest.mark.parametrize(
    ("start", "count_first", "late"), [(0, True, False), (1, False, False), (1, True, True)]
)
def test_an_adam_that_starts_at_1_is_given_0_where_it_counts_first(
    start: int, count_first: bool, late: bool
) -> None:
    adam = an_adam(start, count_first)
    assert starts_late(adam) is late
    w, _ = older_packages.call(adam, [np.zeros(1), np.array([0.5])], {})
    assert abs(w[0] + 1e-3) < 1e-5
    given = {"learning_rate": 0.1}
    assert older_packages.call(adam, [np.zeros(1), np.array([0.5]), given], {})[1] is given


def test_an_adam_that_fails_is_left_alone() -> None:
    assert starts_late(broken) is False


def test_a_package_of_2016_runs_as_it_was_meant(submit: Any) -> None:
    student = submit(
        aliases=("cs231n",),
        layers="""
            import numpy as np
            def dropout_forward(x, dropout_param):
                p, mode = dropout_param['p'], dropout_param['mode']
                if 'seed' in dropout_param:
                    np.random.seed(dropout_param['seed'])
                mask = (np.random.rand(*x.shape) > p) / (1 - p)
                return (x * mask if mode == 'train' else x), (dropout_param, mask)
            def conv_forward_naive(x, w, b, conv_param):
                H = 1 + (x.shape[2] - w.shape[2]) / 2
                out = np.zeros((1, H))
                for i in xrange(H):
                    out[0, i] = np.array([1.0 * i])
                return np.reshape(out, newshape=(H, 1)), None
            """,
        nets="""
            from cs231n.layers import *
            class FullyConnectedNet(object):
                def __init__(self, dropout=0):
                    self.dropout_param = {'mode': 'train', 'p': dropout}
                def loss(self, X):
                    for k, v in {'a': 1}.iteritems():
                        X = X + 0 * v
                    return dropout_forward(X, self.dropout_param)[0]
            """,
    )
    x = np.ones((60, 60))
    out, _ = student.call("layers.dropout_forward", x, {"mode": "train", "p": 0.25}, keep=1)
    assert abs((out != 0).mean() - 0.25) < 0.05
    assert np.allclose(out[out != 0], 4.0)
    net = student.new("nets.FullyConnectedNet", dropout_keep_ratio=0.25)
    assert abs((student.method(net, "loss", x) != 0).mean() - 0.25) < 0.05
    w = np.ones((1, 1, 3, 3))
    out, _ = student.call("layers.conv_forward_naive", np.ones((1, 1, 8, 8)), w, 0, {}, keep=1)
    assert out.tolist() == [[0.0], [1.0], [2.0]]
