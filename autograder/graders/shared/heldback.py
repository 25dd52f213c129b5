"""The held-back images on which the judge evaluates trained models: CIFAR-10 test rows 1000..1999."""

import functools
import json
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
NUM_TRAINING = 49_000  # the rows whose mean image the notebooks subtract
TILES_PER_ROW = 40


@functools.cache
def heldback() -> tuple[np.ndarray, np.ndarray]:
    """Load the held-back images and labels; the arrays are read-only, because all callers share them.

    Returns:
        X float64 (1000, 3, 32, 32), the training set's mean image subtracted, and y int64 (1000,).
    """
    facts = json.loads((HERE / "heldback.json").read_text(encoding="utf-8"))
    with Image.open(HERE / "heldback.webp") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    # The picture shows the images as tiles. The axes are: row of tiles, row in the tile, column of tiles,
    # column in the tile, color.
    tiles = pixels.reshape(-1, 32, TILES_PER_ROW, 32, 3)
    images = tiles.transpose(0, 2, 4, 1, 3).reshape(-1, 3, 32, 32)
    mean_image = np.array(facts["pixel_sums"], dtype=np.int64).reshape(3, 32, 32) / NUM_TRAINING

    X = images - mean_image
    y = np.array(facts["labels"], dtype=np.int64)
    X.flags.writeable = False
    y.flags.writeable = False
    return X, y
