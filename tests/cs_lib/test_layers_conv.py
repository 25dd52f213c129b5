"""Convolution and max pooling, naive and fast: fixed values, an oracle without loops, the edges."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from cs_lib import fast_layers, layers
from cs_lib.gradient_check import eval_numerical_gradient_array, rel_error

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())
SHOWN_ATOL = 5.01e-9

CONVS = {
    "naive": (layers.conv_forward_naive, layers.conv_backward_naive),
    "fast": (fast_layers.conv_forward_fast, fast_layers.conv_backward_fast),
}
POOLS = {
    "naive": (layers.max_pool_forward_naive, layers.max_pool_backward_naive),
    "fast": (fast_layers.max_pool_forward_fast, fast_layers.max_pool_backward_fast),
}
each_conv = pytest.mark.parametrize(("forward", "backward"), CONVS.values(), ids=CONVS)
each_pool = pytest.mark.parametrize(("forward", "backward"), POOLS.values(), ids=POOLS)


def oracle_conv(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(x_pad, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijhw,fchw->nfij", windows, w) + b[:, None, None]


@each_conv
def test_conv_reproduces_the_shown_values(forward, backward) -> None:
    x = np.linspace(-0.1, 0.5, num=96).reshape(2, 3, 4, 4)
    w = np.linspace(-0.2, 0.3, num=144).reshape(3, 3, 4, 4)
    b = np.linspace(-0.1, 0.2, num=3)
    out, _ = forward(x, w, b, {"stride": 2, "pad": 1})
    np.testing.assert_allclose(out, EXPECTED["conv_forward"]["out"], rtol=0, atol=SHOWN_ATOL)


@each_pool
def test_max_pool_reproduces_the_shown_values(forward, backward) -> None:
    x = np.linspace(-0.3, 0.4, num=96).reshape(2, 3, 4, 4)
    out, _ = forward(x, {"pool_width": 2, "pool_height": 2, "stride": 2})
    np.testing.assert_allclose(out, EXPECTED["max_pool_forward"]["out"], rtol=0, atol=SHOWN_ATOL)


@each_conv
def test_conv_gradients_of_the_course(forward, backward) -> None:
    np.random.seed(231)
    x, w, b = np.random.randn(4, 3, 5, 5), np.random.randn(2, 3, 3, 3), np.random.randn(2)
    dout, param = np.random.randn(4, 2, 5, 5), {"stride": 1, "pad": 1}
    if forward is layers.conv_forward_naive:
        x, dout = x[:1], dout[:1]  # the loops take their time; one image tells as much
    _, cache = forward(x, w, b, param)
    for grad, array in zip(backward(dout, cache), (x, w, b), strict=True):
        numeric = eval_numerical_gradient_array(lambda _: forward(x, w, b, param)[0], array, dout)
        assert rel_error(numeric, grad) < 1e-7


@each_pool
def test_max_pool_gradient_of_the_course(forward, backward) -> None:
    np.random.seed(231)
    x, dout = np.random.randn(3, 2, 8, 8), np.random.randn(3, 2, 4, 4)
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = forward(x, param)
    numeric = eval_numerical_gradient_array(lambda x: forward(x, param)[0], x, dout)
    assert rel_error(numeric, backward(dout, cache)) < 1e-9


@each_conv
@pytest.mark.parametrize(
    ("H", "W", "HH", "WW", "stride", "pad"),
    [(5, 5, 3, 3, 1, 1), (5, 7, 2, 3, 1, 0), (6, 9, 3, 2, 2, 0), (7, 4, 3, 3, 3, 1), (4, 4, 1, 1, 2, 2)],
)
def test_conv_agrees_with_an_oracle(forward, backward, H, W, HH, WW, stride, pad) -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3, H, W)), rng.standard_normal((4, 3, HH, WW)), rng.standard_normal(4)
    out, _ = forward(x, w, b, {"stride": stride, "pad": pad})
    np.testing.assert_allclose(out, oracle_conv(x, w, b, stride, pad), rtol=1e-12, atol=1e-12)


@each_pool
@pytest.mark.parametrize(
    ("H", "W", "HH", "WW", "stride"), [(4, 6, 2, 2, 2), (5, 7, 3, 2, 1), (7, 8, 3, 3, 2), (5, 5, 1, 2, 3)]
)
def test_max_pool_agrees_with_an_oracle(forward, backward, H, W, HH, WW, stride) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, H, W))
    out, _ = forward(x, {"pool_height": HH, "pool_width": WW, "stride": stride})
    windows = sliding_window_view(x, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]
    np.testing.assert_array_equal(out, windows.max(axis=(4, 5)))


@pytest.mark.parametrize("size", list(itertools.product((4, 5), (6, 7), (1, 2, 3), (1, 3, 4))), ids=str)
def test_fast_layers_equal_the_naive_ones(size: tuple[int, int, int, int]) -> None:
    H, W, HH, WW = size
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 2, H, W)), rng.standard_normal((2, 2, HH, WW)), rng.standard_normal(2)
    ties = rng.integers(0, 3, size=x.shape).astype(float)
    for stride, pad in ((1, 0), (1, 1), (2, 0), (2, 3), (3, 1)):
        results = []
        for forward, backward in CONVS.values():
            out, cache = forward(x, w, b, {"stride": stride, "pad": pad})
            results.append([out, *backward(np.cos(out), cache)])
        for naive, fast in zip(*results, strict=True):
            np.testing.assert_allclose(fast, naive, rtol=1e-10, atol=1e-12)
        results = []
        for forward, backward in POOLS.values():
            out, cache = forward(ties, {"pool_height": HH, "pool_width": WW, "stride": stride})
            results.append([out, backward(np.arange(1.0, out.size + 1).reshape(out.shape), cache)])
        for naive, fast in zip(*results, strict=True):
            np.testing.assert_array_equal(fast, naive)


@each_pool
def test_overlapping_windows_add_their_gradients(forward, backward) -> None:
    # The 9 is the maximum of all four windows.
    x = np.array([[[[1.0, 2, 3], [4, 9, 5], [6, 7, 8]]]])
    _, cache = forward(x, {"pool_height": 2, "pool_width": 2, "stride": 1})
    dx = backward(np.array([[[[1.0, 10], [100, 1000]]]]), cache)
    np.testing.assert_array_equal(dx[0, 0], [[0, 0, 0], [0, 1111, 0], [0, 0, 0]])


@each_pool
def test_the_first_of_equal_maxima_gets_the_gradient(forward, backward) -> None:
    _, cache = forward(np.zeros((1, 1, 2, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2})
    dx = backward(np.array([[[[3.0, 5]]]]), cache)
    np.testing.assert_array_equal(dx[0, 0], [[3, 0, 5, 0], [0, 0, 0, 0]])


@each_conv
def test_what_no_window_covers_gets_no_gradient(forward, backward) -> None:
    x, w, b = np.ones((1, 1, 4, 6)), np.ones((1, 1, 3, 2)), np.zeros(1)
    _, cache = forward(x, w, b, {"stride": 3, "pad": 0})
    dx, _, db = backward(np.ones((1, 1, 1, 2)), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 1, 0, 1, 1, 0]] * 3 + [[0] * 6])
    np.testing.assert_array_equal(db, [2])


@pytest.mark.parametrize("n", [fast_layers.BLOCK - 1, fast_layers.BLOCK, 2 * fast_layers.BLOCK + 3])
def test_fast_conv_does_not_depend_on_where_the_batch_is_cut(n: int) -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((n, 2, 5, 6)), rng.standard_normal((3, 2, 3, 2)), rng.standard_normal(3)
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 2, "pad": 1})
    np.testing.assert_allclose(out, oracle_conv(x, w, b, 2, 1), rtol=1e-12, atol=1e-12)
    dx, dw, db = fast_layers.conv_backward_fast(out, cache)
    want_dw, want_db = np.zeros_like(w), np.zeros_like(b)
    for i in range(n):
        _, one = fast_layers.conv_forward_fast(x[i : i + 1], w, b, {"stride": 2, "pad": 1})
        want_dx, dw_i, db_i = fast_layers.conv_backward_fast(out[i : i + 1], one)
        np.testing.assert_allclose(dx[i : i + 1], want_dx, rtol=1e-10, atol=1e-12)
        want_dw, want_db = want_dw + dw_i, want_db + db_i
    np.testing.assert_allclose(dw, want_dw, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(db, want_db, rtol=1e-10, atol=1e-10)


def test_fast_conv_looks_at_overlapping_rows_where_they_are() -> None:
    rows = np.arange(30.0).reshape(5, 2, 3)
    seen = fast_layers._rows_seen(rows, 3)
    assert np.shares_memory(seen, rows)
    np.testing.assert_array_equal(seen, [rows[i : i + 3].reshape(6, 3) for i in range(3)])


def test_fast_backward_leaves_dx_out_on_request() -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3, 5, 5)), rng.standard_normal((4, 3, 3, 3)), np.zeros(4)
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    dx, dw, db = fast_layers.conv_backward_fast(out, cache, need_dx=False)
    assert dx is None
    _, want_dw, want_db = fast_layers.conv_backward_fast(out, cache)
    np.testing.assert_array_equal(dw, want_dw)
    np.testing.assert_array_equal(db, want_db)


@each_conv
def test_conv_results_take_the_dtype_of_x(forward, backward) -> None:
    x, w, b = np.ones((1, 1, 3, 3), np.float32), np.ones((1, 1, 2, 2)), np.ones(1)
    assert forward(x, w, b, {"stride": 1, "pad": 0})[0].dtype == np.float32
    out, _ = forward(np.ones((1, 1, 3, 3), int), w, b, {"stride": 1, "pad": 0})
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, np.full((1, 1, 2, 2), 5.0))


@each_conv
@pytest.mark.parametrize(
    ("x", "w", "b", "param", "message"),
    [
        ((0, 3, 4, 4), (2, 3, 3, 3), (2,), {"stride": 1, "pad": 1}, r"x must have shape .* with N > 0"),
        ((2, 3, 4), (2, 3, 3, 3), (2,), {"stride": 1, "pad": 1}, r"x must have shape \(any, any, any, any\)"),
        (
            (2, 3, 4, 4),
            (2, 2, 3, 3),
            (2,),
            {"stride": 1, "pad": 1},
            r"w must have shape \(any, 3, any, any\)",
        ),
        ((2, 3, 4, 4), (2, 3, 3, 3), (3,), {"stride": 1, "pad": 1}, r"b must have shape \(2,\), got \(3,\)"),
        ((2, 3, 4, 4), (2, 3, 3, 3), (2,), {"pad": 1}, "stride must be an integer >= 1, got None"),
        ((2, 3, 4, 4), (2, 3, 3, 3), (2,), {"stride": 0, "pad": 1}, "stride must be an integer >= 1, got 0"),
        ((2, 3, 4, 4), (2, 3, 3, 3), (2,), {"stride": 1, "pad": -1}, "pad must be an integer >= 0, got -1"),
        ((2, 3, 4, 4), (2, 3, 3, 3), (2,), {"stride": 1, "pad": 0.5}, "pad must be an integer >= 0, got 0.5"),
        (
            (2, 3, 2, 9),
            (2, 3, 5, 3),
            (2,),
            {"stride": 1, "pad": 1},
            r"a window of 5 does not fit into 2 \+ 2 \* 1",
        ),
        (
            (2, 3, 9, 2),
            (2, 3, 3, 5),
            (2,),
            {"stride": 1, "pad": 1},
            r"a window of 5 does not fit into 2 \+ 2 \* 1",
        ),
    ],
)
def test_conv_refuses_what_does_not_fit(forward, backward, x, w, b, param, message: str) -> None:
    with pytest.raises(ValueError, match=f"{forward.__name__}: {message}"):
        forward(np.ones(x), np.ones(w), np.ones(b), param)


@each_pool
@pytest.mark.parametrize(
    ("x", "pool", "message"),
    [
        ((0, 3, 4, 4), (2, 2, 2), r"x must have shape .* with N > 0, got \(0, 3, 4, 4\)"),
        ((2, 3, 4), (2, 2, 2), r"x must have shape \(any, any, any, any\), got \(2, 3, 4\)"),
        ((2, 3, 4, 4), (0, 2, 2), "pool_height must be an integer >= 1, got 0"),
        ((2, 3, 4, 4), (2, None, 2), "pool_width must be an integer >= 1, got None"),
        ((2, 3, 4, 4), (2, 2, 0), "stride must be an integer >= 1, got 0"),
        ((2, 3, 4, 4), (5, 2, 2), "a window of 5 does not fit into 4"),
        ((2, 3, 4, 4), (2, 5, 2), "a window of 5 does not fit into 4"),
    ],
)
def test_max_pool_refuses_what_does_not_fit(forward, backward, x, pool, message: str) -> None:
    param = dict(zip(("pool_height", "pool_width", "stride"), pool, strict=True))
    with pytest.raises(ValueError, match=f"{forward.__name__}: {message}"):
        forward(np.ones(x), param)
