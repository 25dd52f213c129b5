"""The visible checks of the notebooks: one printed line a check, and no traceback for a wrong value.

A check that raises stops the notebook and hides the checks after it. These print
`ok` or `NOT YET`, say what is wrong in words, and go on. `total` ends a cell of checks.

What calls a student's function sets `__tracebackhide__`: Jupyter and pytest then leave it out of a
traceback, which goes from the cell to the student's line. Where the last line is one of ours, it is shown.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
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
    """What the checks of the running cell have said so far, and what `total` is still to say."""

    def __init__(self) -> None:
        self.cell: Any = None
        self.passed: list[bool] = []
        self.later: list[tuple[str, bool, str, str]] = []

    def begin(self) -> None:
        """Forget what belongs to another cell: one that an error ended never came to its total."""
        cell = _running_cell()
        if cell != self.cell:
            self.passed, self.later = [], []
        self.cell = cell

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
    """See whether a function leaves its arguments as they are, and answers float32 with float32.

    It stands before all other calls on the same arrays: what an earlier call has written into them would
    not change again. A changed argument is said at once, all else by `total`, after the values.

    function: the layer, loss or update rule to call.
    args: its arguments.
    forward: for a backward pass, the forward function and its arguments; its cache becomes the last argument.
    float32: False for a function whose results need not have the type of its arguments.
    """
    __tracebackhide__ = True
    _tally.begin()
    drawn = np.random.get_state()  # the cell's own draws go on as if nothing had been called here
    name = getattr(function, "__name__", "it")
    given = _call_arguments(args, forward, np.float64)
    names = [*inspect.signature(function).parameters, *(f"argument {i}" for i in range(len(given)))]
    held = _arrays(names, given)
    before = [array.copy() for _, array in held]
    _called(function, given)
    changed = [
        argument
        for (argument, now), old in zip(held, before, strict=True)
        if not np.array_equal(now, old, equal_nan=old.dtype.kind == "f")
    ]
    if changed:  # said at once: the calls after it may go wrong, or end the cell, because of it
        detail = f"{name}: {' and '.join(dict.fromkeys(changed))} changed"
        _line("kept", False, detail, "write to no argument: make a new array in place of +=, *= or x[...] =")
    else:
        _tally.later.append(("kept", True, f"{name}: no argument changed", ""))
    if float32:
        single = _call_arguments(args, forward, np.float32)
        settings = [value for value in single[: len(args)] if isinstance(value, dict)]
        results = _called(function, single)
        found = (*(results if isinstance(results, tuple) else (results,)), *_state(settings))
        _tally.later.append(("float32", *_stays_float32(found, name)))
    np.random.set_state(drawn)


def total() -> None:
    """End a cell of checks: print how many are ok, or raise NotYet when some are not."""
    later, _tally.later = _tally.later, []
    for line in later:
        _line(*line)
    passed = _tally.take()
    text = f"{sum(passed)} of {len(passed)}"
    if not all(passed):
        raise NotYet(f"{text}: see the lines that say NOT YET")
    print(_coloured(f"  {text}", GREEN))


def _called(function: Callable[..., Any], args: Iterable[Any]) -> Any:
    """What a function returns; nothing at all ends the cell, with the place where a return is missing."""
    __tracebackhide__ = True
    result = function(*args)
    if result is None:
        code = inspect.unwrap(getattr(function, "__func__", function)).__code__
        place = f"{Path(code.co_filename).name}, line {code.co_firstlineno}"
        _line("result", False, f"{function.__name__} returns nothing ({place})", "is its last line a return?")
        total()
    return result


def _call_arguments(args: Iterable[Any], forward: tuple[Any, ...], dtype: Any) -> list[Any]:
    """Copies of the arguments in one type of numbers; a backward pass gets its forward pass's cache."""
    __tracebackhide__ = True
    made = [_cast(value, dtype) for value in args]
    if forward:
        made.append(_called(forward[0], [_cast(value, dtype) for value in forward[1:]])[1])
    return made


def _cast(value: Any, dtype: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(dtype if value.dtype.kind == "f" else value.dtype)
    if isinstance(value, dict):
        return {key: _cast(item, dtype) for key, item in value.items()}
    return value


def _arrays(names: Iterable[str], values: Iterable[Any]) -> list[tuple[str, np.ndarray]]:
    """The arrays among the arguments, and those in a cache or a dict of settings, with their names."""
    found: list[tuple[str, np.ndarray]] = []
    for name, value in zip(names, values, strict=False):
        if isinstance(value, np.ndarray):
            found.append((name, value))
        elif isinstance(value, dict) and name != "cache":
            found += _arrays([f"the old {key}" for key in value], value.values())
        elif isinstance(value, dict | tuple | list):
            inside = value.values() if isinstance(value, dict) else value
            found += _arrays([name] * len(value), inside)
    return found


def _state(settings: Iterable[dict[str, Any]]) -> list[np.ndarray]:
    """The arrays of floats that a call has left in its settings, such as a velocity or a running mean."""
    items = [item for setting in settings for item in setting.values()]
    return [item for item in items if isinstance(item, np.ndarray) and item.dtype.kind == "f"]


def _stays_float32(results: Iterable[Any], name: str) -> tuple[bool, str, str]:
    """Whether all arrays among the results are float32, in words, and a hint. A cache is not searched."""
    arrays = [item for item in results if isinstance(item, np.ndarray)]
    if not arrays:
        return False, f"{name}: no array came back", "is a return missing?"
    wide = [str(item.dtype) for item in arrays if item.dtype != np.float32]
    detail = f"a result is {wide[0]}" if wide else "stays float32"
    return not wide, f"{name}: {detail}", "look for np.zeros or np.ones without dtype=x.dtype"


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
    _tally.begin()
    _tally.passed.append(passed)
    word = _coloured(f"{'ok' if passed else 'NOT YET':8}", GREEN if passed else RED)
    print(f"  {word} {name:{NAME_WIDTH}} {text}")
    if hint and not passed:
        print(f"  {'':8} {'':{NAME_WIDTH}} hint: {hint}")


def _running_cell() -> Any:
    """What tells the running cell from the one before it."""
    shell = _shell()
    if shell is not None:
        return shell.execution_count
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != "__main__":
        frame = frame.f_back
    return frame and frame.f_code.co_filename


def _shell() -> Any:
    """The running IPython shell, or None outside of one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _coloured(text: str, colour: str) -> str:
    """The text in a colour where a notebook shows it; the words say the same without."""
    return f"{colour}{text}{PLAIN}" if _shell() is not None and "NO_COLOR" not in os.environ else text
