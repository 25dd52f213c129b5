"""What a message suggests of numbers that are wrong: relations, and only where all entries show them."""

import numpy as np
import pytest

from autograder.checks.checks import CheckFailed, close

WANT = np.random.default_rng(4).uniform(0.5, 2.0, (4, 5))
FACTOR, SHIFT = "one common factor", "off by the same amount"


def said(got: np.ndarray, want: np.ndarray = WANT, rtol: float = 1e-7) -> str:
    with pytest.raises(CheckFailed) as caught:
        close(got, want, name="out", rtol=rtol)
    return str(caught.value)


def one_entry(factor: float) -> np.ndarray:
    got = WANT.copy()
    got[2, 3] *= factor
    return got


def test_a_factor_of_all_entries_is_named() -> None:
    assert FACTOR in said(WANT * 5)
    assert FACTOR in said(np.where(WANT > 1, WANT, 0) / 3, np.where(WANT > 1, WANT, 0))


OFF = {
    "one entry": one_entry(1.5),
    "one entry a little": one_entry(1.0005),
    "a factor near 1": WANT * (1 + 1e-5),
    "some more than the factor": WANT * 5 + (WANT > 1.9),
    "small ones lost": np.where(WANT < 1, 0, WANT),
}


@pytest.mark.parametrize("got", OFF.values(), ids=OFF)
def test_no_factor_is_named_unless_every_entry_has_it(got: np.ndarray) -> None:
    assert FACTOR not in said(got)


def test_a_small_entry_that_is_off_breaks_the_factor() -> None:
    want = WANT.copy()
    want[0, 0] = 1e-5
    got = 2 * want
    got[0, 0] = 5e-5
    assert FACTOR not in said(got, want)


def test_a_shift_of_all_entries_is_named_and_no_other() -> None:
    assert SHIFT in said(WANT + 0.5)
    assert SHIFT not in said(WANT + 0.5 * (WANT > 1))


def test_sign_and_transposition() -> None:
    assert "sign" in said(-WANT)
    assert "sign" in said(-WANT * 1e-12, WANT * 1e-12)
    assert "transposed" in said(WANT[:, :4].T, WANT[:, :4])
    assert "sign" not in said(np.full((2, 2), 3e-9), np.full((2, 2), 1e-9))


def test_float32_is_named_where_it_may_be_the_reason() -> None:
    assert "It is float32, for float64 numbers" in said((WANT * 1.001).astype(np.float32))
    assert "float32" not in said(WANT * 1.001)
    assert "It is float32" not in said((WANT * 2).astype(np.float32), WANT.astype(np.float32))
