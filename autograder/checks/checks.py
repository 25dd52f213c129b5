"""What every hidden grader compares with: a failed check says where, which property, and how far off.

No message holds an expected number: students read these messages, and the cases are used again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NoReturn

import numpy as np
import pytest

Kind = Literal["core", "edge"]

RTOL = 1e-7  # float64, closed form: another order of summation moves the last digits, a mistake the first
GRAD_RTOL = 1e-6  # float64 gradients: longer chains of sums and divisions than RTOL covers
FLOAT32_RTOL = 1e-4  # float32 has 7 digits; a net of a few layers keeps 4 of them
ROUNDING = (
    1e3  # units in the last place of the array's largest entry that cancelling sums may lose in a small entry
)
FACTOR_SPREAD = 1e-3  # quotients got/want that agree this well count as one common factor
SINGLE = np.float32  # float32 in, float32 out is an edge case of every function's own cell, and of no other;
# float32 out where float64 went in is let pass everywhere, and held to float32's precision
DTYPE_HINT = "float32 in, float32 out: look for an array made without dtype=, or a NumPy number of float64."
SINGLE_HINT = (
    "It is float32, for float64 numbers: look for a cast. float32 keeps 7 digits, and fewer in differences."
)
FINITE_HINT = "Look for an exp that overflows, a log of 0 or a division by 0."
USED_AGAIN_HINT = "The caller may still need dout, and may use the cache again: write into neither."
MAX_SHOWN = 60  # characters of a student's own text (a key, a type name) that a message repeats


class CheckFailed(AssertionError):
    """A result is not what the contract asks for; the message is written for the student.

    `property` is one of shape, dtype, value, gradient, type, mutation, missing (not handed in), or needs (a
    function that the checked one builds on did not work, so there was nothing to check it with).
    """

    def __init__(self, property: str, message: str) -> None:
        super().__init__(message)
        self.property = property


def fail(property: str, message: str) -> NoReturn:
    """Fail the case with a message for the student."""
    raise CheckFailed(property, message)


def shown(value: object) -> str:
    """A student's own text in a message: one line, short, nothing that a terminal would obey."""
    text = "".join(c for c in " ".join(str(value).split()) if c.isprintable())
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def array(got: object, *, name: str) -> np.ndarray:
    """`got` as an array of numbers, or a failure that says what came in its place."""
    if got is None:
        fail("type", f"{name} is None: the function returned nothing there. Check its return statement.")
    if not isinstance(got, np.ndarray | np.generic | float | int):
        fail("type", f"{name} is a {shown(type(got).__name__)}; it must be a NumPy array or a number.")
    values = np.asarray(got)
    if values.dtype.kind not in "biuf":
        fail("type", f"{name} holds {shown(values.dtype)} entries; it must hold real numbers.")
    return values


def parts(got: object, count: int, *, name: str) -> tuple[Any, ...]:
    """`got` as a tuple of `count` values, as `out, cache` or `dx, dw, db` are."""
    if not isinstance(got, tuple | list):
        what, want = "nothing (None)" if got is None else f"a {shown(type(got).__name__)}", f"{count} values"
    elif len(got) != count:
        what, want = f"{len(got)} values", str(count)
    else:
        return tuple(got)
    fail("type", f"{name} returned {what}; it must return {want}. Check its return statement.")


def mapping(got: object, keys: Iterable[str], *, name: str) -> dict[Any, Any]:
    """`got` as a dict that holds at least `keys`."""
    if not isinstance(got, dict):
        fail("type", f"{name} is a {shown(type(got).__name__)}; it must be a dict.")
    missing = [key for key in keys if key not in got]
    if missing:
        fail("type", f"{name} has no entry for {', '.join(missing)}. Check the names of its keys.")
    return got


def same_shape(got: object, shape: tuple[int, ...], *, name: str) -> np.ndarray:
    """`got` as an array of this shape, or a failure that says how the shapes differ."""
    values = array(got, name=name)
    if values.shape != tuple(shape):
        advice = "Check the axes of the sums and the reshapes."
        if values.shape == tuple(shape)[::-1]:
            advice = "It looks transposed: check the order of the matrix product."
        elif values.size == np.prod(shape, dtype=int):
            advice = "The number of entries is right: bring it into the asked shape."
        fail("shape", f"{name} has shape {values.shape}; it must have shape {tuple(shape)}. {advice}")
    return values


def same_dtype(got: object, dtype: Any, *, name: str) -> np.ndarray:
    """`got` as an array of this dtype, or a failure."""
    values = array(got, name=name)
    if values.dtype != np.dtype(dtype):
        fail(
            "dtype",
            f"{name} is {values.dtype}; for these inputs it must be {np.dtype(dtype)}. "
            "Look for an array made without dtype=, such as np.zeros(shape), or a cast.",
        )
    return values


def finite(got: object, *, name: str) -> np.ndarray:
    """`got` as an array without NaN and infinities, or a failure."""
    values = array(got, name=name)
    bad = ~np.isfinite(values)
    if bad.any():
        kind = "NaN" if np.isnan(values).any() else "an infinity"
        fail("value", f"{name} holds {kind}: {_count(bad)}{_first(bad)}. {FINITE_HINT}")
    return values


def filled(got: object, shape: tuple[int, ...], *, name: str) -> np.ndarray:
    """The shape, and no more of the values than that they are numbers; zeros earn nothing."""
    values = finite(same_shape(got, shape, name=name), name=name)
    if not values.any():
        fail("value", f"Every entry of {name} is 0: is it ever filled in?")
    return values


def unchanged(before: object, after: object, *, name: str) -> None:
    """An argument must be the same after the call; `after` comes from `echo=True`."""
    old, new = np.asarray(before), array(after, name=name)
    if (
        old.shape == new.shape
        and old.dtype == new.dtype
        and np.array_equal(old, new, equal_nan=old.dtype.kind == "f")
    ):
        return
    fail(
        "mutation",
        f"{name} was changed by the call. Work on a copy: an in-place step such as `a[mask] = 0` or `a -= b` "
        "also changes the caller's array.",
    )


@np.errstate(all="ignore")  # a wrong result may be so large that comparing it overflows
def close(
    got: object,
    want: object,
    *,
    name: str,
    rtol: float,
    atol: float = 0.0,
    dtype: Any = None,
    what: str = "value",
) -> None:
    """Compare shape, dtype (if asked for), finiteness and every entry of `got` with `want`.

    An entry may differ by atol + rtol * its size, and by ROUNDING units in the last place of the array's
    largest entry, so that a sum in another order passes. A float32 result is held to float32's precision.
    Nothing is close to what is not finite: `want` may come from the student's own layers.
    """
    expected = np.asarray(want)
    values = same_shape(got, expected.shape, name=name)
    if dtype is not None:
        same_dtype(values, dtype, name=name)
    finite(values, name=name)
    expected = expected.astype(np.float64)
    single = values.dtype == np.float32
    unit = np.finfo(np.float32).eps if single else np.finfo(np.float64).eps
    rtol = max(rtol, FLOAT32_RTOL) if single else rtol
    largest = np.abs(expected).max(initial=0.0)
    difference = np.abs(values.astype(np.float64) - expected)
    allowed = atol + rtol * np.abs(expected) + ROUNDING * unit * largest
    wrong = ~(difference <= allowed) | ~np.isfinite(expected)  # no comparison with NaN is ever true
    if wrong.any():
        report = _report(values.astype(np.float64), expected, wrong, name=name, what=what)
        hint = f" {SINGLE_HINT}" if single and dtype is None and np.asarray(want).dtype == np.float64 else ""
        fail(what, report + hint)


def gradients(
    got: object,
    want: Mapping[str, np.ndarray],
    *,
    name: str,
    rtol: float,
    atol: float = 0.0,
    dtype: Any = None,
) -> None:
    """Compare a dict of gradients with the expected ones: the same keys, and every array close."""
    grads = mapping(got, want, name=name)
    extra = [shown(key) for key in grads if key not in want]
    if extra:
        fail("type", f"{name} has entries that belong to no parameter: {', '.join(extra[:5])}.")
    for key, expected in want.items():
        close(
            grads[key], expected, name=f"{name}[{key!r}]", rtol=rtol, atol=atol, dtype=dtype, what="gradient"
        )


def _report(values: np.ndarray, expected: np.ndarray, wrong: np.ndarray, *, name: str, what: str) -> str:
    difference = np.abs(values - expected)
    size = np.maximum(np.maximum(np.abs(values), np.abs(expected)), np.finfo(np.float64).tiny)
    elementwise = float((difference / size).max())
    length = float(np.linalg.norm(expected))
    normwise = float(np.linalg.norm(difference)) / length if length else np.inf
    advice = _advice(values, expected, what)
    if values.ndim == 0:
        return f"{name} is wrong. Relative error {_digits(normwise)}. {advice}"
    errors = f"Relative error {_digits(normwise)} normwise, {_digits(elementwise)} elementwise."
    where = f"{_count(wrong)}{_first(wrong)}"
    return f"{name} (shape {values.shape}) has a wrong {what}: {where}. {errors} {advice}"


def _digits(error: float) -> str:
    return f"{error:.1e}" if error < 1e6 else "above 1e6"


def _advice(values: np.ndarray, expected: np.ndarray, what: str) -> str:
    """What a look at both arrays suggests; speaks of relations, never of numbers."""
    shape = values.shape
    if not values.any():
        return "Every entry is 0: is the result ever filled in?"
    if values.ndim and _alike(values, -expected):
        return "The sign is the wrong way round."
    if values.ndim == 2 and shape[0] == shape[1] and _alike(values.T, expected):
        return "It is transposed."
    if values.size > 2 and _by_one_factor(values, expected):
        return "All entries are off by one common factor: look for a missing or a surplus division."
    shifts = values - expected
    if values.size > 2 and np.ptp(shifts) < FACTOR_SPREAD * np.abs(shifts).max():
        return "All entries are off by the same amount: look for a missing or a surplus term."
    if what == "gradient":
        return "Compare with a numerical gradient on inputs of two or three numbers."
    return "Work a case of two or three numbers by hand."


def _alike(values: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(values - expected).max() <= FACTOR_SPREAD * np.abs(expected).max())


def _by_one_factor(values: np.ndarray, expected: np.ndarray) -> bool:
    """Whether every entry is the right one times a number, and the number is not 1."""
    largest = np.abs(expected).argmax()
    factor = values.flat[largest] / expected.flat[largest] if expected.flat[largest] else 1.0
    if not np.isfinite(factor) or abs(factor - 1.0) <= FACTOR_SPREAD:
        return False
    allowed = FACTOR_SPREAD * np.abs(factor * expected)
    return bool((np.abs(values - factor * expected) <= allowed + 1e-12 * np.abs(values).max()).all())


def _count(wrong: np.ndarray) -> str:
    return f"{int(wrong.sum())} of {wrong.size} entries"


def _first(wrong: np.ndarray) -> str:
    if wrong.ndim == 0:
        return ""
    index = ", ".join(str(int(axis[0])) for axis in np.nonzero(wrong))
    return f", the first at index [{index}]"


@contextmanager
def preparing(function: str, *, needs: str, why: str) -> Iterator[None]:
    """Inside, the student's `needs` runs to prepare a check of `function`; say so plainly if it fails.

    A failure of the student's code carries `kind` (not_implemented, raised, ...); an error of ours does not
    and passes through.
    """
    try:
        yield
    except CheckFailed:
        raise
    except Exception as error:
        kind = getattr(error, "kind", None)
        if kind is None:
            raise
        happened = "is not written yet" if kind == "not_implemented" else f"did not work ({error})"
        raise CheckFailed(
            "needs",
            f"{function} could not be checked, because {needs} {happened}, and {why}. "
            f"Get {needs} to work first.",
        ) from error


@contextmanager
def raises(error: str, *, name: str) -> Iterator[None]:
    """What is called inside must raise this error of Python, by its name, such as "ValueError".

    An error of another name, or none, fails the case; so does a function that is not written yet.
    """
    try:
        yield
    except Exception as came:
        if getattr(came, "kind", None) != "raised":
            raise
        got = str(came).partition(":")[0]
        if got != error:
            fail("value", f"{name} raises {shown(got)}; for this input it must raise {error}.")
    else:
        fail("value", f"{name} raises nothing; for this input it must raise {error}.")


class Case:
    """One row of a grader's table; what is given beyond the four fixed fields is read as an attribute."""

    def __init__(
        self, id: str, kind: Kind = "core", weight: float = 1.0, hint: str = "", **data: Any
    ) -> None:
        if kind not in ("core", "edge"):
            raise ValueError(f"case {id}: kind must be core or edge, got {kind!r}")
        if not weight > 0:
            raise ValueError(f"case {id}: weight must be above 0, got {weight!r}")
        self.id, self.kind, self.weight, self.hint, self.data = id, kind, weight, hint, data

    def __getattr__(self, name: str) -> Any:
        data = self.__dict__.get("data", {})
        if name not in data:
            raise AttributeError(f"case {self.__dict__.get('id')} has no {name!r}")
        return data[name]

    def __repr__(self) -> str:
        return f"Case({self.id!r}, kind={self.kind!r})"


def cases(
    grade_id: str,
    *table: Case,
    builds_on: Mapping[str, int | None] | None = None,
    without: Iterable[str] = (),
    after: Iterable[str] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run the decorated test once for each case, marked with the grade cell it counts for.

    Args:
        builds_on: functions of the package that the tested one builds on: the solved package answers them in
            these cases, whatever the student's own do. By name, such as "shapes.area", with the
            index of the result that a student must not look into (a cache) or None.
        without: modules and functions of the package that are not there in these cases, such as
            "fast_shapes" or "shapes.volume".
        after: cells whose cases are run before these; a test that asks for `lost` is given what they lost,
            as a set of (grade id, case id).
    """
    role = {"builds_on": dict(builds_on or {}), "without": tuple(without), "after": tuple(after)}
    for name in builds_on or ():
        if "." not in name:
            raise ValueError(f"{grade_id}: builds_on names functions with their modules, got {name!r}")
    ids = [case.id for case in table]
    if len(set(ids)) != len(ids):
        raise ValueError(f"{grade_id}: two cases share an id in {ids}")
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                case,
                id=case.id,
                marks=pytest.mark.grade(grade_id, kind=case.kind, weight=case.weight, hint=case.hint, **role),
            )
            for case in table
        ],
    )
