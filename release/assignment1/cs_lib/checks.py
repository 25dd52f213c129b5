"""Argument checks shared by the layers, so that every error is worded the same way.

Each check takes `where`, the name of the calling function, and raises a ValueError that begins with it.
"""

import numpy as np


def has_shape(where: str, name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    """Check `array.shape`; None in `shape` stands for any size."""
    matches = array.ndim == len(shape) and all(
        want is None or size == want for size, want in zip(array.shape, shape, strict=True)
    )
    if not matches:
        sizes = ", ".join("any" if want is None else str(want) for want in shape)
        wanted = f"({sizes},)" if len(shape) == 1 else f"({sizes})"
        raise ValueError(f"{where}: {name} must have shape {wanted}, got {array.shape}")


def is_batch(where: str, x: np.ndarray) -> None:
    """Check that `x` has a batch axis, at least one more, and at least one row."""
    if x.ndim < 2 or x.shape[0] == 0:
        raise ValueError(f"{where}: x must have shape (N, d_1, ..., d_k) with N > 0, got {x.shape}")


def are_labels(where: str, scores: np.ndarray, y: np.ndarray) -> None:
    """Check that `y` holds one class index for each row of `scores`."""
    is_batch(where, scores)
    has_shape(where, "x", scores, (None, None))
    has_shape(where, "y", y, (scores.shape[0],))
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"{where}: y must hold integers, got dtype {y.dtype}")
    if y.min() < 0 or y.max() >= scores.shape[1]:
        raise ValueError(
            f"{where}: y must lie in 0..{scores.shape[1] - 1}, got labels from {y.min()} to {y.max()}"
        )


def float_dtype(x: np.ndarray) -> np.dtype:
    """Return the dtype results for `x` have: its own, or float64 when `x` holds no floats."""
    return x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(np.float64)
