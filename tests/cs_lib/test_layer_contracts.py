"""What every layer promises: right gradients, shapes, dtypes, and no argument written to."""

import copy

import numpy as np
import pytest
from layer_cases import CASES, LayerCase

from cs_lib.gradient_check import eval_numerical_gradient_array

# Centred difference with h=1e-5 in float64: truncation and rounding are both near 1e-10 of values near 1.
GRAD_RTOL, GRAD_ATOL = 1e-6, 1e-8

every_layer = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def upstream(out: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    dout = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
    dout.setflags(write=False)
    return dout


@every_layer
def test_gradients_match_centred_differences(case: LayerCase) -> None:
    arrays = case.arrays()
    out, cache = case.run(arrays)
    dout = upstream(out)
    grads = case.gradients(dout, cache)
    assert len(grads) == len(arrays)
    for k, name in enumerate(case.shapes):
        moved = arrays[k].copy()
        at = [*arrays[:k], moved, *arrays[k + 1 :]]
        numeric = eval_numerical_gradient_array(lambda _, at=at: case.run(at)[0], moved, dout)
        np.testing.assert_allclose(grads[k], numeric, rtol=GRAD_RTOL, atol=GRAD_ATOL, err_msg=f"d{name}")


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_shapes_are_kept(case: LayerCase, dtype: type) -> None:
    arrays = case.arrays(dtype)
    out, cache = case.run(arrays)
    assert out.dtype == dtype
    for array, grad in zip(arrays, case.gradients(upstream(out, dtype), cache), strict=True):
        assert grad.shape == array.shape
        assert grad.dtype == dtype


@every_layer
def test_float32_agrees_with_float64(case: LayerCase) -> None:
    want, want_cache = case.run(case.arrays())
    out, cache = case.run(case.arrays(np.float32))
    np.testing.assert_allclose(out, want, rtol=1e-4, atol=1e-5)
    pairs = zip(
        case.gradients(upstream(out, np.float32), cache),
        case.gradients(upstream(want), want_cache),
        strict=True,
    )
    for grad, want_grad in pairs:
        np.testing.assert_allclose(grad, want_grad, rtol=1e-3, atol=1e-4)


@every_layer
def test_settings_of_the_caller_are_left_alone(case: LayerCase) -> None:
    settings = case.setting()
    before = copy.deepcopy(settings)
    case.forward(*case.arrays(), *settings, **case.options)
    for setting, old in zip(settings, before, strict=True):
        if isinstance(setting, dict):  # batch norm adds its running averages, nothing else changes
            assert {k: v for k, v in setting.items() if not k.startswith("running_")} == old
        else:
            assert setting == old


@every_layer
def test_results_do_not_share_memory_with_arguments(case: LayerCase) -> None:
    arrays = case.arrays()
    out, cache = case.run(arrays)
    dout = upstream(out)
    for result in (out, *case.gradients(dout, cache)):
        assert not any(np.may_share_memory(result, array) for array in (*arrays, dout))


@pytest.mark.parametrize("case", [c for c in CASES if c.id != "dropout_test"], ids=lambda case: case.id)
def test_backward_refuses_another_shape(case: LayerCase) -> None:
    out, cache = case.run(case.arrays())
    with pytest.raises(ValueError, match=r"dout must have shape .*, got"):
        case.gradients(np.ones((out.shape[0] + 1, *out.shape[1:])), cache)


@every_layer
def test_one_example_is_enough(case: LayerCase) -> None:
    arrays = case.arrays()
    out, cache = case.run([arrays[0][:1], *arrays[1:]])
    assert out.shape[0] == 1
    assert np.isfinite(out).all()
    assert case.gradients(upstream(out), cache)[0].shape == arrays[0][:1].shape
