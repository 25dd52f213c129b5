"""How small an error each grade cell notices, and how far right solutions differ by rounding alone.

A tolerance is right where it lies between the two. The first result of a cell's function is made too large
by a factor 1 + e, for smaller and smaller e; what right solutions return, in the graders' own calls, is
compared with what the solution returns.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from autograder.course.assignment import Assignment
from autograder.judge.check import Check
from autograder.mutants import regions, right
from autograder.mutants.bench import Bench, at_bench, wrapped
from autograder.mutants.regions import Target, Texts
from autograder.mutants.right import Style
from autograder.release.package import solved
from autograder.sandbox.level import Level

GRID = tuple(float(f"1e-{n}") for n in range(1, 14))  # errors tried, largest first
# A larger difference between right solutions is no rounding: other random numbers, another order.
DRAWN = 1e-3
MARGIN = 100.0  # at least so far from rounding should the smallest error that is noticed be
OFF = """

def _off_by(function, error):
    def off(*args, **kwargs):
        result = function(*args, **kwargs)
        if isinstance(result, tuple):
            first = result[0] * (1 + error) if isinstance(result[0], float) else _times(result[0], 1 + error)
            return (first, *result[1:])
        return result * (1 + error) if isinstance(result, float) else _times(result, 1 + error)

    return off


def _times(value, factor):
    if getattr(getattr(value, "dtype", None), "kind", "") != "f":
        return value
    return (value * value.dtype.type(factor)).astype(value.dtype)


{name} = _off_by({name}, {error!r})
"""


@dataclass(frozen=True)
class Sensitivity:
    """How fine one grade cell judges."""

    cell: Annotated[str, Meta(description="Its grade id.")]
    caught: Annotated[float | None, Meta(description="Smallest relative error noticed; null: none.")]
    float64: Annotated[float | None, Meta(description="Largest rounding among right solutions.")]
    float32: Annotated[float | None, Meta(description="The same in single precision.")]

    margin: Annotated[float | None, Meta(description="Caught over rounding.")]  # in float64


def measure(
    bench: Bench, targets: Sequence[Target], own: Mapping[str, Sequence[str]], styles: Iterable[Style]
) -> list[Sensitivity]:
    """Every cell that a function owns, in order."""
    plain = _values(bench, "solution", {})
    spread: dict[tuple[str, str], float] = {}
    for style in styles:
        for key, found in _values(bench, style.name, style.texts).items():
            for kind, difference in _differences(plain.get(key, []), found):
                spread[key[0], kind] = max(spread.get((key[0], kind), 0.0), difference)
    measured = []
    for cell in dict.fromkeys(cell for target in targets for cell in own[target.name]):
        caught = _caught(bench, cell, [t for t in targets if cell in own[t.name] and _returns(t)])
        float64, float32 = spread.get((cell, "float64")), spread.get((cell, "float32"))
        margin = None if caught is None else caught / max(float64 or 0.0, float(np.finfo(float).eps))
        measured.append(Sensitivity(cell, caught, float64, float32, margin))
    return measured


def _caught(bench: Bench, cell: str, targets: Sequence[Target]) -> float | None:
    """The smallest error that is noticed in every one of a cell's functions."""
    smallest: list[float | None] = []
    for target in targets:
        low, high = 0, len(GRID)  # GRID[:low] is noticed
        while low < high:
            middle = (low + high) // 2
            if _notices(bench, cell, target, GRID[middle]):
                low = middle + 1
            else:
                high = middle
        smallest.append(GRID[low - 1] if low else None)
    known = [error for error in smallest if error is not None]
    return max(known) if len(known) == len(smallest) and known else None


def _returns(target: Target) -> bool:
    """Whether a function returns something to make larger."""
    return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(target.function))


def _notices(bench: Bench, cell: str, target: Target, error: float) -> bool:
    if target.path not in bench.texts:
        return False
    parts = target.name.split(".")
    module = target.path.split("/", 1)[1].removesuffix(".py").count("/") + 1
    text = bench.texts[target.path] + OFF.format(name=".".join(parts[module:]), error=error)
    cases = bench.cases("off", {target.path: text}, [cell])[cell]
    return any(case.outcome == "failed" for case in cases)


Values = dict[tuple[str, str], list[np.ndarray]]  # (cell, case) -> what its calls gave, in order


def _values(bench: Bench, name: str, texts: Texts) -> Values:
    """All arrays and numbers that the checks get from a version of the solution."""
    found: Values = {}
    bench.watched([replace(check, function=_noted(check, found)) for check in bench.checks], name, texts)
    return found


def _noted(check: Check, found: Values) -> Callable[..., Any]:
    def run(**given: Any) -> Any:
        student, values = given["student"], found.setdefault(check.key, [])
        values.clear()  # of a first try the other way

        def noting(call: Callable[..., Any]) -> Callable[..., Any]:
            def noted(*args: Any, **kwargs: Any) -> Any:
                result = call(*args, **kwargs)
                values.extend(_arrays(getattr(result, "result", result)))
                return result

            return noted

        with wrapped(student, ("call", "method", "get"), noting):
            return check.function(**given)

    return run


def _arrays(value: Any) -> Iterator[np.ndarray]:
    match value:
        case np.ndarray() | np.generic() | float():
            array = np.asarray(value)
            if array.dtype.kind == "f" and array.size and np.isfinite(array).all():
                yield array
        case tuple() | list():
            for item in value:
                yield from _arrays(item)
        case dict():
            for key in sorted(map(str, value)):
                yield from _arrays(value.get(key))


def _differences(plain: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> Iterator[tuple[str, float]]:
    """(dtype, relative difference) of values that belong together, relative to an array's largest entry."""
    if len(plain) != len(other):
        return
    for a, b in zip(plain, other, strict=True):
        if a.shape != b.shape or a.dtype != b.dtype:
            continue
        scale = float(np.abs(a).max())
        difference = float(np.abs(a.astype(float) - b).max()) / scale if scale else 0.0
        if difference < DRAWN:
            yield str(a.dtype), difference


def table(found: Iterable[Sensitivity]) -> str:
    """For a terminal and a page of the docs."""
    lines = [
        "| cell | noticed from | rounding, float64 | rounding, float32 | margin |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        numbers = (one.caught, one.float64, one.float32, one.margin)
        cells = ["-" if number is None else f"{number:.0e}" for number in numbers]
        lines.append(f"| `{one.cell}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def of(assignment: Assignment, level: Level | None = None) -> list[Sensitivity]:
    """Measured for an assignment."""
    texts = solved(assignment)
    targets = regions.targets(assignment, texts)
    styles = right.styles(assignment, targets, texts)
    with at_bench(assignment, texts, level) as bench:
        return measure(bench, targets, bench.owners(targets), styles)
