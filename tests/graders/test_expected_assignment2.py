"""The fixed arrays of assignment 2 once more, without PyTorch: plain loops, and gradients by differences.

Neither the library under test nor the oracle that made the arrays takes part.
"""

import itertools
import json
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from autograder.checks.fixed import Arrays, load, numerical_gradient, under
from autograder.graders.assignment2.calls import EXPECTED

EXACT = 1e-9  # sums in another order
DIFFERENCE = 1e-6  # of the largest entry: a centred difference with step 1e-5
EPS = 1e-5
TOPICS = sorted(path.stem for path in EXPECTED.glob("*.npz"))
Forward = Callable[[Arrays, np.ndarray], np.ndarray]


def entries(topic: str) -> list[tuple[str, Arrays]]:
    return list(load(EXPECTED, topic).items())


def agree(got: object, want: np.ndarray, tolerance: float = EXACT) -> None:
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * max(1.0, np.abs(want).max()))


# --- every layer once more, by its definition ------------------------------------------------------


def standardised(values: list[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    var = math.fsum((v - mean) ** 2 for v in values) / len(values)
    return [(v - mean) / math.sqrt(var + EPS) for v in values]


def normalised(
    x: np.ndarray, groups: list[list[tuple[int, ...]]], gamma: np.ndarray, beta: np.ndarray
) -> np.ndarray:
    """Each group of places standardised by itself; gamma and beta by the place's index on axis 1."""
    out = np.empty_like(x)
    for places in groups:
        for place, value in zip(places, standardised([float(x[p]) for p in places]), strict=True):
            out[place] = gamma.flat[place[1]] * value + beta.flat[place[1]]
    return out


def groups_of(row: Arrays, key: Callable[[tuple[int, ...]], object]) -> list[list[tuple[int, ...]]]:
    found: dict[object, list[tuple[int, ...]]] = {}
    for place in np.ndindex(row["x"].shape):
        found.setdefault(key(place), []).append(place)
    return list(found.values())


def group_key(topic: str, row: Arrays) -> Callable[[tuple[int, ...]], object]:
    if topic == "layernorm":
        return lambda place: place[0]
    if topic == "groupnorm":
        size = row["x"].shape[1] // int(row["groups"])
        return lambda place: (place[0], place[1] // size)
    return lambda place: place[1]


def norm_forward(topic: str, row: Arrays, **changed: np.ndarray) -> np.ndarray:
    given = row | changed
    return normalised(given["x"], groups_of(row, group_key(topic, row)), given["gamma"], given["beta"])


def conv_forward(row: Arrays, **changed: np.ndarray) -> np.ndarray:
    given, stride, pad = row | changed, int(row["stride"]), int(row["pad"])
    x, w = given["x"], given["w"]
    out = np.zeros(row["out"].shape)
    for n, f, i, j in np.ndindex(out.shape):
        total = float(given["b"][f])
        for c, a, b in np.ndindex(w.shape[1:]):
            r, s = i * stride + a - pad, j * stride + b - pad
            if 0 <= r < x.shape[2] and 0 <= s < x.shape[3]:
                total += float(w[f, c, a, b] * x[n, c, r, s])
        out[n, f, i, j] = total
    return out


def windows(row: Arrays) -> Iterator[tuple[tuple[int, ...], list[tuple[int, ...]]]]:
    high, wide, stride = (int(row[name]) for name in ("pool_height", "pool_width", "stride"))
    for n, c, i, j in np.ndindex(row["out"].shape):
        places = [(n, c, i * stride + a, j * stride + b) for a in range(high) for b in range(wide)]
        yield (n, c, i, j), places


# --- checks ---------------------------------------------------------------------------------------


def cases(*topics: str, having: str = "", lacking: str = "-") -> list[object]:
    return [
        pytest.param(topic, row, id=f"{topic}/{entry}")
        for topic in topics
        for entry, row in entries(topic)
        if (not having or having in row) and lacking not in row
    ]


@pytest.mark.parametrize(
    ("topic", "row"), cases("batchnorm", "spatial_batchnorm", "layernorm", "groupnorm", having="dout")
)
def test_normalisation(topic: str, row: Arrays) -> None:
    agree(norm_forward(topic, row), row["out"])
    narrowest = min(np.std([row["x"][p] for p in group]) for group in groups_of(row, group_key(topic, row)))
    steps = {"x": 1e-5 * min(1.0, float(narrowest)), "gamma": 1e-5, "beta": 1e-5}
    for name, step in steps.items():
        slope = numerical_gradient(
            lambda v, name=name: norm_forward(topic, row, **{name: v}), row[name], row["dout"], step=step
        )
        agree(slope, row[f"d{name}"], DIFFERENCE)


@pytest.mark.parametrize(("topic", "row"), cases("batchnorm", "spatial_batchnorm", having="batches"))
def test_running_statistics(topic: str, row: Arrays) -> None:
    momentum = float(row["momentum"])
    for c in range(row["running_mean"].size):
        mean, var = float(row["running_mean_before"][c]), float(row["running_var_before"][c])
        for batch in row["batches"]:
            values = [float(v) for v in np.moveaxis(batch, 1, 0)[c].ravel()]
            middle = math.fsum(values) / len(values)
            mean = momentum * mean + (1 - momentum) * middle
            biased = math.fsum((v - middle) ** 2 for v in values) / len(values)
            var = momentum * var + (1 - momentum) * biased
        agree([mean, var], np.array([row["running_mean"][c], row["running_var"][c]]))


@pytest.mark.parametrize(
    ("topic", "row"), cases("batchnorm", "spatial_batchnorm", having="x", lacking="dout")
)
def test_test_mode(topic: str, row: Arrays) -> None:
    for place in np.ndindex(row["x"].shape):
        c = place[1]
        root = math.sqrt(float(row["running_var"][c]) + EPS)
        value = row["gamma"][c] * (row["x"][place] - row["running_mean"][c]) / root + row["beta"][c]
        agree(value, row["out"][place])


@pytest.mark.parametrize(("topic", "row"), cases("conv"))
def test_convolution(topic: str, row: Arrays) -> None:
    agree(conv_forward(row), row["out"])
    assert list(row["out"].shape[2:]) == [
        math.floor((size + 2 * int(row["pad"]) - width) / int(row["stride"])) + 1
        for size, width in zip(row["x"].shape[2:], row["w"].shape[2:], strict=True)
    ]
    for name in ("x", "w", "b"):  # the layer is linear in each: one difference along each entry is exact
        gradient = np.zeros_like(row[name])
        for index in np.ndindex(gradient.shape):
            unit = np.zeros_like(gradient)
            unit[index] = 1.0
            moved = conv_forward(row, **{name: row[name] + unit}) - conv_forward(row)
            gradient[index] = np.sum(moved * row["dout"])
        agree(gradient, row[f"d{name}"])


@pytest.mark.parametrize("entry", ["overlapping", "stride_1"])
def test_overlapping_windows_share_maxima_in_every_channel(entry: str) -> None:
    row = load(EXPECTED, "pool")[entry]
    chosen = [max(window, key=lambda p: row["x"][p]) for _, window in windows(row)]
    shared = {place[:2] for place in chosen if chosen.count(place) > 1}
    assert shared == set(np.ndindex(row["x"].shape[:2]))


@pytest.mark.parametrize(("topic", "row"), cases("pool"))
def test_pooling(topic: str, row: Arrays) -> None:
    dx = np.zeros_like(row["x"])
    for place, window in windows(row):
        values = sorted(float(row["x"][p]) for p in window)
        assert values[-1] - values[-2] > 1e-3, "two maxima"
        agree(values[-1], row["out"][place])
        dx[max(window, key=lambda p: row["x"][p])] += row["dout"][place]
    agree(dx, row["dx"])


# --- nets -----------------------------------------------------------------------------------------


def standard(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + EPS)


class Memory:
    """The running statistics of one net's layers."""

    def __init__(self) -> None:
        self.layers: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def batch_norm(self, i: int, x: np.ndarray, train: bool) -> np.ndarray:
        axes = tuple(axis for axis in range(x.ndim) if axis != 1)
        shape = (1, -1, *[1] * (x.ndim - 2))
        mean, var = self.layers.get(i, (np.zeros(x.shape[1]), np.zeros(x.shape[1])))
        if not train:
            return (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + EPS)
        self.layers[i] = (0.9 * mean + 0.1 * x.mean(axis=axes), 0.9 * var + 0.1 * x.var(axis=axes))
        return standard(x, axes)


def same_conv(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    pad = (w.shape[2] - 1) // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwab,fcab->nfhw", seen, w) + b.reshape(1, -1, 1, 1)


def pooled(x: np.ndarray) -> np.ndarray:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def scores(
    kind: str,
    p: Arrays,
    x: np.ndarray,
    memory: Memory,
    train: bool = True,
    masks: list[np.ndarray] | None = None,
) -> np.ndarray:
    """`kind` is layernorm or batchnorm, where p holds gammas; a W with four axes is a convolution."""
    names = [name for name in p if name.startswith("W")]
    for i, name in enumerate(names, start=1):
        w, b = p[name], p[name.replace("W", "b")]
        last = name == names[-1]
        x = same_conv(x, w, b) if w.ndim == 4 else x.reshape(len(x), -1) @ w + b
        if f"gamma{i}" in p:
            shape = (1, -1, *[1] * (x.ndim - 2))
            hat = standard(x, (1,)) if kind == "layernorm" else memory.batch_norm(i, x, train)
            x = p[f"gamma{i}"].reshape(shape) * hat + p[f"beta{i}"].reshape(shape)
        x = x if last else np.maximum(x, 0)
        x = x if masks is None or last else x * masks[i - 1]
        x = pooled(x) if w.ndim == 4 else x
    return x


def loss_of(kind: str, row: Arrays, p: Arrays, reg: float, masks: list[np.ndarray] | None = None) -> float:
    s = scores(kind, p, row["X"], Memory(), masks=masks)
    logs = s - s.max(axis=1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
    data = -logs[np.arange(len(s)), row["y"]].mean()
    return float(data + 0.5 * reg * sum((v**2).sum() for name, v in p.items() if name.startswith("W")))


def check_slopes(function: Callable[[Arrays], float], p: Arrays, grads: Arrays) -> None:
    """The derivative along random directions of all parameters at once."""
    draws = np.random.RandomState(1)
    for _ in range(4):
        way = {name: draws.choice([-1.0, 1.0], size=value.shape) for name, value in p.items()}
        ends = [
            function({name: value + step * way[name] for name, value in p.items()}) for step in (1e-6, -1e-6)
        ]
        want = sum(float((grads[name] * way[name]).sum()) for name in p)
        agree((ends[0] - ends[1]) / 2e-6, np.asarray(want), 1e-5)


def nets() -> list[object]:
    topics = ("fully_connected_norm", "fully_connected_dropout", "three_layer_conv_net", "conv_net")
    return [
        pytest.param("layernorm" if "layernorm" in entry else "batchnorm", row, id=f"{topic}/{entry}")
        for topic in topics
        for entry, row in entries(topic)
    ]


@pytest.mark.parametrize(("kind", "row"), nets())
def test_nets(kind: str, row: Arrays) -> None:
    p = under(row, "params.")
    for suffix, reg in (("", 0.0), ("_reg", float(row["reg"]))):
        agree(loss_of(kind, row, p, reg), row[f"loss{suffix}"])
        check_slopes(lambda q, reg=reg: loss_of(kind, row, q, reg), p, under(row, f"grads{suffix}."))
    memory = Memory()
    for batch in row["warmup"]:
        scores(kind, p, batch, memory)
    agree(scores(kind, p, row["X_test"], memory, train=False), row["scores"])


@pytest.mark.parametrize(("kind", "row"), [case for case in nets() if "mask_losses" in case.values[1]])  # type: ignore[attr-defined]
def test_dropout_under_every_mask(kind: str, row: Arrays) -> None:
    p, hidden, count = under(row, "params."), row["sizes"][1:-1], len(row["X"])
    factors = itertools.product((0.0, 1 / float(row["keep"])), repeat=int(count * hidden.sum()))
    for number, flat in enumerate(factors):
        parts = np.split(np.array(flat), np.cumsum(hidden * count)[:-1])
        masks = [part.reshape(count, -1) for part in parts]
        agree(loss_of(kind, row, p, 0.0, masks), row["mask_losses"][number])
        if number % 9 == 0:
            grads = {name: g[number] for name, g in under(row, "mask_grads.").items()}
            check_slopes(lambda q, masks=masks: loss_of(kind, row, q, 0.0, masks), p, grads)
    assert number + 1 == row["mask_losses"].size


# --- the record of where they come from ------------------------------------------------------------


def test_every_entry_names_its_source() -> None:
    sources = json.loads((EXPECTED / "sources.json").read_text())
    assert {topic: set(named) for topic, named in sources.items()} == {
        topic: set(load(EXPECTED, topic)) for topic in TOPICS
    }
    assert all("torch" in source for named in sources.values() for source in named.values())


@pytest.mark.parametrize(("topic", "row"), cases("conv", "pool"))
def test_inputs_are_not_those_of_the_notebooks(topic: str, row: Arrays) -> None:
    """The notebooks' fixed inputs go up in equal steps."""
    for name in {"x", "w"} & set(row):
        assert (np.diff(row[name].ravel()) < 0).any(), name


def test_only_the_case_that_says_so_leaves_a_rest_beside_its_windows() -> None:
    """A package that refuses windows that do not tile loses that one case."""
    for case, row in load(EXPECTED, "pool").items():
        stride, sizes = int(row["stride"]), row["x"].shape[2:]
        rest = [
            (size - int(row[key])) % stride
            for size, key in zip(sizes, ("pool_height", "pool_width"), strict=True)
        ]
        assert any(rest) == (case == "no_tile"), case


def test_the_windows_of_the_rectangular_case_share_no_maximum() -> None:
    row = load(EXPECTED, "pool")["rectangular"]
    assert np.count_nonzero(row["dx"]) == row["dout"].size
