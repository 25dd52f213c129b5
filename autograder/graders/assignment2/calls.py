"""What the layer graders of this folder share: calling a pair of functions and comparing what they return."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import (
    CheckFailed,
    array,
    close,
    fail,
    parts,
    preparing,
    same_dtype,
    same_shape,
)
from autograder.checks.fixed import Arrays

EXPECTED = Path(__file__).parent / "expected"

FAST = ("fast_layers",)  # given, and not there in the cases of the layers that students write


def cached(student: Any, back: str, name: str, *args: Any) -> tuple[Any, Any]:
    """(out, handle of the cache) of forward function `name`, called so that `back` can be checked."""
    with preparing(back, needs=name, why="its cache is what the backward function reads"):
        out, cache = parts(student.call(f"layers.{name}", *args, keep=1), 2, name=name)
    if out is None:
        fail(
            "needs",
            f"{back} could not be checked, because {name} returned None in place of a result, and its cache "
            f"is what the backward function reads. Get {name} to work first.",
        )
    return out, cache


def stays_single(got: object, out: object, *, name: str) -> None:
    """float32 gradients of a float32 forward result; whether that is float32 is checked elsewhere."""
    if array(out, name="out").dtype == np.float32:
        same_dtype(got, np.float32, name=name)


def near(got: object, want: np.ndarray, *, name: str, rtol: float, what: str = "value") -> None:
    """`close`, with rtol also of the largest entry: a small entry may be off by as much as a large one."""
    close(got, want, name=name, rtol=rtol, atol=rtol * float(np.abs(want).max(initial=0.0)), what=what)


def agrees(got: object, want: np.ndarray, rtol: float) -> bool:
    try:
        near(got, want, name="", rtol=rtol)
    except CheckFailed:
        return False
    return True


def like(got: object, want: np.ndarray, *, name: str) -> np.ndarray:
    """`got` in want's shape if only axes of length 1 differ; the exact shape is a case of its own."""
    values = array(got, name=name)
    if [n for n in values.shape if n > 1] == [n for n in want.shape if n > 1]:
        return values.reshape(want.shape)
    return same_shape(values, want.shape, name=name)


def attempt(function: Callable[..., Arrays], *args: Any) -> Arrays | None:
    """function(*args), or None if the student's code fails on the way; errors of ours pass through."""
    try:
        return function(*args)
    except CheckFailed:
        return None
    except Exception as error:
        if getattr(error, "kind", None) is None:
            raise
        return None
