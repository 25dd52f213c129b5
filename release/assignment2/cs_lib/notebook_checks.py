"""The visible checks of the notebooks: one printed line a check, and no traceback for a wrong value.

A check that raises stops the notebook and hides the checks after it. These print
`ok` or `NOT YET`, say what is wrong in words, and go on. `total` ends a cell of checks.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import gradient_check

NAME_WIDTH = 14
GREEN, RED, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


class NotYet(Exception):
    """Some checks say NOT YET. Jupyter shows one line, and nbgrader's Validate counts a failure."""

    def _render_traceback_(self) -> list[str]:
        return [_coloured(f"  {self}", RED)]


class _Tally:
    """What the checks of the running cell have said so far."""

    def __init__(self) -> None:
        self.cell = -1
        self.passed: list[bool] = []

    def add(self, passed: bool) -> None:
        # A cell that an error ended never came to its total: its lines do not count in the next cell.
        cell = getattr(_shell(), "execution_count", self.cell)
        if cell != self.cell:
            self.passed = []
        self.cell = cell
        self.passed.append(passed)

    def take(self) -> list[bool]:
        taken, self.passed = self.passed, []
        return taken


_tally = _Tally()


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


def keeps(
    function: Callable[..., Any],
    *args: Any,
    forward: tuple[Any, ...] = (),
    float32: bool = True,
) -> None:
    """Print whether a function leaves its arguments as they are, and answers float32 with float32.

    function: the layer, loss or update rule to call.
    args: its arguments.
    forward: for a backward pass, the forward function and its arguments; its cache becomes the last argument.
    float32: False for a function whose results need not have the type of its arguments.
    """
    given = _call_arguments(args, forward, np.float64)
    names = [*inspect.signature(function).parameters, *(f"argument {i}" for i in range(len(given)))]
    held = _arrays(names, given)
    before = [array.copy() for _, array in held]
    function(*given)
    changed = [
        name
        for (name, now), old in zip(held, before, strict=True)
        if not np.array_equal(now, old, equal_nan=old.dtype.kind == "f")
    ]
    detail = f"{' and '.join(changed)} changed" if changed else "no argument changed"
    _line(
        "kept", not changed, detail, "write to no argument: make a new array in place of +=, *= or x[...] ="
    )
    if float32:
        single = _call_arguments(args, forward, np.float32)
        results = function(*single)
        found = [*(results if isinstance(results, tuple) else (results,))]
        if not any(isinstance(item, np.ndarray) for item in found):
            _line("float32", False, "no array came back", "is a return missing?")
            return
        settings = [value for value in single[: len(args)] if isinstance(value, dict)]
        wide = _wide((*found, *_state(settings)))
        detail = f"a result is {wide[0]}" if wide else "stays float32"
        _line("float32", not wide, detail, "look for np.zeros or np.ones without dtype=x.dtype")


def total() -> None:
    """End a cell of checks: print how many are ok, or raise NotYet when some are not."""
    passed = _tally.take()
    text = f"{sum(passed)} of {len(passed)}"
    if not all(passed):
        raise NotYet(f"{text}: see the lines that say NOT YET")
    print(_coloured(f"  {text}", GREEN))


def _call_arguments(args: Iterable[Any], forward: tuple[Any, ...], dtype: Any) -> list[Any]:
    """Copies of the arguments in one type of numbers; a backward pass gets its forward pass's cache."""
    made = [_cast(value, dtype) for value in args]
    if forward:
        made.append(forward[0](*(_cast(value, dtype) for value in forward[1:]))[1])
    return made


def _cast(value: Any, dtype: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(dtype if value.dtype.kind == "f" else value.dtype)
    if isinstance(value, dict):
        return {key: _cast(item, dtype) for key, item in value.items()}
    return value


def _arrays(names: Iterable[str], values: Iterable[Any]) -> list[tuple[str, np.ndarray]]:
    """The arrays among the arguments, and those that lie in a dict of settings, with their names."""
    found = []
    for name, value in zip(names, values, strict=False):
        if isinstance(value, np.ndarray):
            found.append((name, value))
        elif isinstance(value, dict):
            found += [(f"the old {key}", item) for key, item in value.items() if isinstance(item, np.ndarray)]
    return found


def _state(settings: Iterable[dict[str, Any]]) -> list[np.ndarray]:
    """The arrays of floats that a call has left in its settings, such as a velocity or a running mean."""
    items = [item for setting in settings for item in setting.values()]
    return [item for item in items if isinstance(item, np.ndarray) and item.dtype.kind == "f"]


def _wide(results: Any) -> list[str]:
    """The types of the arrays among the results that are not float32. A cache is not searched."""
    found = results if isinstance(results, tuple) else (results,)
    return [str(item.dtype) for item in found if isinstance(item, np.ndarray) and item.dtype != np.float32]


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
    _tally.add(passed)
    word = _coloured(f"{'ok' if passed else 'NOT YET':8}", GREEN if passed else RED)
    print(f"  {word} {name:{NAME_WIDTH}} {text}")
    if hint and not passed:
        print(f"  {'':8} {'':{NAME_WIDTH}} hint: {hint}")


def _shell() -> Any:
    """The running IPython shell, or None outside of one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _coloured(text: str, colour: str) -> str:
    """The text in a colour where a notebook shows it; the words say the same without."""
    return f"{colour}{text}{PLAIN}" if _shell() is not None and "NO_COLOR" not in os.environ else text
