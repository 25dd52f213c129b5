"""Fixed arrays for the graders: written once by a `make_expected.py`, read by the test modules beside it.

A topic is one npz file; its entries are named `<case>/<array>`. It holds inputs and expected results alike,
so that a grader needs neither the oracle nor its library.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]
SAME = 1e-12  # another build of PyTorch may sum in another order


def under(row: Arrays, prefix: str) -> Arrays:
    """The entries whose names begin with `prefix`, under the rest of their names."""
    return {key.removeprefix(prefix): value for key, value in row.items() if key.startswith(prefix)}


def save(folder: Path, topic: str, table: Mapping[str, Mapping[str, object]]) -> None:
    """Write `<folder>/<topic>.npz` from case -> name -> array; the same table gives the same bytes."""
    flat = {f"{case}/{name}": np.asarray(value) for case, row in table.items() for name, value in row.items()}
    for key, value in flat.items():
        if value.dtype.kind not in "biuf" or not np.isfinite(value).all():
            raise ValueError(f"{topic}.npz: {key} must hold finite numbers, got {value.dtype}")
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{topic}.npz", **flat)  # type: ignore[arg-type]


def load(folder: Path, topic: str) -> dict[str, Arrays]:
    """Read what `save` wrote: case -> name -> read-only array."""
    table: dict[str, Arrays] = {}
    with np.load(folder / f"{topic}.npz", allow_pickle=False) as stored:
        for key in stored.files:
            case, _, name = key.rpartition("/")
            value = stored[key]
            value.flags.writeable = False
            table.setdefault(case, {})[name] = value
    return table


def differences(folder: Path, topic: str, table: Mapping[str, Mapping[str, object]]) -> list[str]:
    """What in `<folder>/<topic>.npz` is not as in `table`: one line for each case; rounding aside."""
    stored = load(folder, topic)
    lines = [f"{topic}: {case} stands on one side only" for case in sorted(set(stored) ^ set(table))]
    for case in sorted(set(stored) & set(table)):
        row = {name: np.asarray(value) for name, value in table[case].items()}
        same = stored[case].keys() == row.keys() and all(
            row[name].shape == value.shape and np.allclose(row[name], value, SAME, SAME)
            for name, value in stored[case].items()
        )
        if not same:
            lines.append(f"{topic}: {case} differs")
    return lines


def numerical_gradient(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, dout: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Gradient of sum(function(x) * dout) with respect to x, by centred differences."""
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = np.sum(function(x) * dout)
        x[index] = kept - step
        below = np.sum(function(x) * dout)
        x[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def away_from(values: np.ndarray, kinks: Iterable[float], gap: float = 0.05) -> np.ndarray:
    """`values` moved off the points where a gradient jumps, so that every right convention agrees."""
    moved = np.array(values, dtype=np.float64)
    for kink in kinks:
        near = np.abs(moved - kink) < gap
        moved[near] = kink + np.where(moved[near] >= kink, gap, -gap)
    return moved
