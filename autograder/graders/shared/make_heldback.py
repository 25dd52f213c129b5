"""Make the held-back images from the full set: test rows 1000..1999, which no student's subset holds.

    python autograder/graders/shared/make_heldback.py datasets/full

Writes heldback.webp and heldback.json beside this file. The judge needs nothing of datasets/ to read them.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
NUM_TRAINING = 49_000
FIRST, END = 1_000, 2_000
TILES_PER_ROW = 40


def read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a file of the official binary format; returns images (N, 3, 32, 32) and labels (N,), uint8."""
    table = np.fromfile(path, dtype=np.uint8).reshape(-1, 3073)
    return table[:, 1:].reshape(-1, 3, 32, 32), table[:, 0]


def main(full: Path) -> None:
    images, labels = read_batch(full / "test_batch.bin")
    tiles = images[FIRST:END].reshape(-1, TILES_PER_ROW, 3, 32, 32).transpose(0, 3, 1, 4, 2)
    picture = Image.fromarray(np.ascontiguousarray(tiles.reshape(-1, TILES_PER_ROW * 32, 3)))
    picture.save(HERE / "heldback.webp", "WEBP", lossless=True, quality=75, method=4)

    training = np.concatenate([read_batch(full / f"data_batch_{i}.bin")[0] for i in range(1, 6)])
    facts = {
        "labels": labels[FIRST:END].tolist(),
        "pixel_sums": training[:NUM_TRAINING].sum(axis=0, dtype=np.int64).reshape(-1).tolist(),
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()]
    (HERE / "heldback.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_heldback.py FOLDER_OF_THE_FULL_SET")
    main(Path(sys.argv[1]))
