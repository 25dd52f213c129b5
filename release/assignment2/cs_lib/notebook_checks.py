"""The visible checks of the notebooks: one printed line a check, and no traceback for a wrong value.

A check that raises stops the notebook and hides the checks after it. These print
`ok` or `NOT YET`, say what is wrong in words, and go on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import gradient_check

NAME_WIDTH = 14


def title(text: str) -> None:
    """Print the head line of a group of checks."""
    print(text)


def compare(name: str, got: Any, want: Any, limit: float, hint: str = "") -> None:
    """Print whether `got` agrees with `want`, and how far it is off.

    The measure is the largest relative error over all entries,
    max |got - want| / max(1e-8, |got| + |want|), as `gradient_check.rel_error` has it.

    name: what is compared, as the report shows it.
    got: the value to judge; anything, also None.
    want: the array or number it should be.
    limit: the relative error must stay below this.
    hint: what a wrong result typically means; printed only when the check does not pass.

    It returns nothing, as a notebook shows what the last line of a cell returns.
    """
    want = np.asarray(want)
    trouble = _trouble(got, want)
    if trouble:
        _line(name, False, trouble, hint)
        return
    got = np.asarray(got)
    error = float(gradient_check.rel_error(got, want)) if want.size else 0.0
    _line(name, error < limit, f"relative error {error:.2e}, expected below {limit:.0e}", hint)


def holds(name: str, condition: Any, hint: str = "", detail: str = "") -> None:
    """Print whether a yes-or-no fact holds; `detail` stands in the line either way."""
    passed = bool(condition)
    _line(name, passed, detail or ("yes" if passed else "no"), hint)


def _trouble(got: Any, want: np.ndarray) -> str:
    """Say why `got` cannot be compared with `want` at all; empty when it can be."""
    if got is None:
        return "is None: is a line still to be written, or a return missing?"
    try:
        got = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return f"is not an array of numbers but a {type(got).__name__}"
    if got.shape != want.shape:
        return f"has shape {got.shape}, expected {want.shape}"
    bad = np.count_nonzero(~np.isfinite(got))
    if bad:
        return f"has {bad} of {got.size} entries that are NaN or infinite"
    return ""


def _line(name: str, passed: bool, text: str, hint: str) -> None:
    print(f"  {'ok' if passed else 'NOT YET':8} {name:{NAME_WIDTH}} {text}")
    if hint and not passed:
        print(f"  {'':8} {'':{NAME_WIDTH}} hint: {hint}")
