"""Stand-ins and old signatures, each by itself."""

import importlib.util
import math
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.sandbox import older_packages
from autograder.sandbox.older_packages import Bridge, Unbridged, named


def module(name: str) -> ModuleType:
    """A stand-in, without anything put in place for others."""
    spec = Bridge("cs_lib", ["cs231n"]).find_spec(name)
    return importlib.util.module_from_spec(spec)


@pytest.mark.parametrize("name", ["numpy", "json", "nothing_of_the_kind", "cs_lib2", "sixth"])
def test_only_listed_modules_have_stand_ins(name: str) -> None:
    assert Bridge("cs_lib", ["cs231n"]).find_spec(name) is None


USES = {
    "a call": lambda m: m.tensor([1]),
    "deep down": lambda m: m.nn.functional.relu(1),
    "arithmetic": lambda m: m.pi + 1,
    "arithmetic, on the right": lambda m: 1 * m.pi,
    "a loop": lambda m: list(m.things),
    "an item": lambda m: m.things[0],
    "a truth": lambda m: bool(m.flag),
    "an array": lambda m: np.asarray(m.things) + 1,
    "a with": lambda m: m.no_grad().__enter__(),
}


@pytest.mark.parametrize("use", USES)
def test_using_what_is_missing_names_it(use: str) -> None:
    with pytest.raises(ImportError, match=r"torch\S* cannot be used: torch is not there while grading"):
        USES[use](module("torch"))


def test_naming_and_deriving_from_what_is_missing_works() -> None:
    torch = module("torch")

    class Net(torch.nn.Module):  # type: ignore[name-defined,misc]
        kind = torch.float32

    assert not isinstance(3, torch.Tensor)
    with pytest.raises(ImportError, match=r"torch\.nn\.Module cannot be used"):
        Net()
    with pytest.raises(AttributeError, match="__wrapped__"):
        torch.nn.__wrapped__  # noqa: B018
    with pytest.raises(AttributeError, match="__file_of__"):
        torch.__file_of__  # noqa: B018


def test_a_file_that_was_not_handed_in_is_named() -> None:
    with pytest.raises(ImportError, match=r"cs_lib/coco_utils\.py was not handed in"):
        module("cs231n.coco_utils").load()


def test_a_module_inside_is_given_however_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [Bridge("cs_lib", ["cs231n"])])  # only this one, and no way back
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if k != "six"})
    names: dict[str, Any] = {}
    exec("from future import standard_library, utils\nfrom six import moves\nimport torch.nn as nn", names)
    assert names["standard_library"].install_aliases() is None
    assert list(names["moves"].xrange(1)) == [0]
    assert list(names["utils"].iteritems({})) == []
    with pytest.raises(ImportError, match=r"torch\.nn\.Linear cannot be used"):
        names["nn"].Linear(1)


def test_what_is_simple_is_given() -> None:
    six, moves, past = module("six"), module("six.moves"), module("past.builtins")
    assert list(six.iteritems({1: 2})) == [(1, 2)]
    assert list(moves.xrange(2)) == [0, 1]
    assert moves.cPickle.loads(module("cPickle").dumps([1])) == [1]
    assert past.map(abs, [-1]) == [1]
    assert module("past.utils").old_div(7, 2) == 3
    assert module("past.utils").old_div(7.0, 2) == 3.5
    assert module("numba").njit(math.sqrt) is math.sqrt
    assert module("numba").jit(nopython=True)(math.sqrt) is math.sqrt
    assert list(module("tqdm").tqdm([1, 2], desc="x")) == [1, 2]
    assert module("matplotlib").use("Agg") is None


@pytest.mark.parametrize(("padding", "stride", "field"), [(1, 1, 3), (0, 2, 2), (2, 3, 4), (0, 1, 1)])
def test_im2col_is_laid_out_as_the_compiled_one(padding: int, stride: int, field: int) -> None:
    x = np.random.default_rng(1).standard_normal((2, 3, 7, 6))
    cols = older_packages.im2col(x, field, field, padding, stride)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = (7 + 2 * padding - field) // stride + 1, (6 + 2 * padding - field) // stride + 1
    assert cols.shape == (3 * field * field, rows * columns * 2)
    for c, i, j in np.ndindex(3, field, field):
        for row, column, n in np.ndindex(rows, columns, 2):
            want = padded[n, c, row * stride + i, column * stride + j]
            assert cols[(c * field + i) * field + j, (row * columns + column) * 2 + n] == want


@pytest.mark.parametrize(("padding", "stride", "field"), [(1, 1, 3), (0, 2, 2), (2, 3, 4)])
def test_col2im_is_the_transpose_of_im2col(padding: int, stride: int, field: int) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 7, 6))
    cols = older_packages.im2col(x, field, field, padding, stride)
    d = rng.standard_normal(cols.shape)
    back = older_packages.col2im(d, 2, 3, 7, 6, field, field, padding, stride)
    assert np.isclose((cols * d).sum(), (x * back).sum())


def net(hidden: Any, dropout: float = 1, use_batchnorm: bool = False) -> Any:
    return hidden, dropout, use_batchnorm


def net_that_drops(hidden: Any, dropout: float = 0) -> Any:
    return hidden, dropout


def takes_anything(**kwargs: Any) -> Any:
    return kwargs


CALLS = {
    "kept": (net, {"dropout_keep_ratio": 0.25}, {"dropout": 0.25}),
    "dropped": (net_that_drops, {"dropout_keep_ratio": 0.25}, {"dropout": 0.75}),
    "nothing dropped": (net_that_drops, {"dropout_keep_ratio": 1}, {"dropout": 0}),
    "batch norm": (net, {"normalization": "batchnorm"}, {"use_batchnorm": True}),
    "no norm": (net, {"normalization": None}, {"use_batchnorm": False}),
    "no norm to turn off": (net_that_drops, {"normalization": None}, {}),
    "of a conv net": (net, {"use_batch_norm": True}, {"use_batchnorm": True}),
    "unknown": (net_that_drops, {"normalization": "batchnorm"}, {"normalization": "batchnorm"}),
    "open": (takes_anything, {"dropout_keep_ratio": 1}, {"dropout_keep_ratio": 1}),
    "no signature": (dict, {"seed": None}, {"seed": None}),
}


@pytest.mark.parametrize(("function", "ours", "theirs"), CALLS.values(), ids=CALLS.keys())
def test_arguments_get_the_names_the_function_has(function: Any, ours: Any, theirs: Any) -> None:
    assert named(function, ours) == theirs


def test_what_the_code_cannot_do_is_named() -> None:
    with pytest.raises(Unbridged, match="takes use_batchnorm, and so has no layer normalization"):
        named(net, {"normalization": "layernorm"})


def group_norm(how: str) -> Any:
    def spatial_groupnorm_forward(x: Any, gamma: Any, beta: Any, G: int, param: Any) -> Any:
        if how == "always fails":
            raise ValueError("never")
        if how == "(C,)":
            return gamma[None, :, None, None] * x + beta[None, :, None, None], None
        return gamma.reshape(1, -1, 1, 1) * x + beta.reshape(1, -1, 1, 1), None

    return spatial_groupnorm_forward


@pytest.mark.parametrize("how", ["(C,)", "any"])
@pytest.mark.parametrize("shape", [(1, 6, 1, 1), (6,)])
def test_gamma_comes_in_the_shape_the_function_knows(how: str, shape: tuple[int, ...]) -> None:
    x, gamma = np.ones((2, 6, 4, 5)), np.arange(6.0)
    out, _ = older_packages.call(group_norm(how), [x, gamma.reshape(shape), np.zeros(shape), 2, {}], {})
    assert np.array_equal(out, gamma[None, :, None, None] * x)


@pytest.mark.parametrize("shape", [(1, 6, 1, 1), (6,)])
def test_a_group_norm_that_fails_either_way_fails(shape: tuple[int, ...]) -> None:
    x = np.ones((2, 6, 4, 5))
    with pytest.raises(ValueError, match="never"):
        older_packages.call(group_norm("always fails"), [x, np.ones(shape), np.ones(shape), 2, {}], {})


def test_gradients_of_gamma_get_the_four_axes() -> None:
    def spatial_groupnorm_backward(dout: Any, cache: Any) -> Any:
        return cache

    dx, dgamma, dbeta = older_packages.call(
        spatial_groupnorm_backward, [0, (np.ones((2, 6, 4, 5)), np.ones(6), np.ones((1, 6, 1, 1)))], {}
    )
    assert (dx.shape, dgamma.shape, dbeta.shape) == ((2, 6, 4, 5), (1, 6, 1, 1), (1, 6, 1, 1))
    assert older_packages.call(spatial_groupnorm_backward, [0, None], {}) is None
