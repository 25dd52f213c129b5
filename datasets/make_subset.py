"""Make the embedded subset of CIFAR-10 from the full set.

    python datasets/make_subset.py [--datasets FOLDER]

Reads FOLDER/full, writes FOLDER/subset and the sums of its files into FOLDER/sums.json. The files come out
byte for byte the same each time with the same Pillow; the pixels and labels do with any.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, features

HERE = Path(__file__).resolve().parent
NUM_TRAINING = 49_000
TILES_PER_ROW = 40
# First row and end of each part; the test rows are counted on after the 50,000 training rows.
PARTS = {"train": (0, 4_000), "val": (49_000, 50_000), "test": (50_000, 51_000)}


def read_full(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images uint8 (60000, 3, 32, 32) and labels uint8 (60000,), checked by the sums."""
    sums = json.loads((folder / "sums.json").read_text(encoding="utf-8"))["full"]
    rows = []
    for name, md5 in sums.items():
        content = (folder / "full" / name).read_bytes()
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
            raise ValueError(f"{folder / 'full' / name} is damaged; run get_datasets.py")
        rows.append(np.frombuffer(content, dtype=np.uint8).reshape(-1, 3073))
    table = np.concatenate(rows)
    return table[:, 1:].reshape(-1, 3, 32, 32), table[:, 0]


def write_tiles(path: Path, images: np.ndarray) -> None:
    """Write images (N, 3, 32, 32) as one lossless WebP of tiles, 40 in a row."""
    tiles = images.reshape(-1, TILES_PER_ROW, 3, 32, 32).transpose(0, 3, 1, 4, 2)
    picture = Image.fromarray(np.ascontiguousarray(tiles.reshape(-1, TILES_PER_ROW * 32, 3)))
    # Effort 6 and quality 100 take ten times as long and save 1.5 %.
    picture.save(path, "WEBP", lossless=True, quality=75, method=4)


def write_facts(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write the labels of each part, and the sum of each pixel over the 49,000 training rows."""
    pixel_sums = images[:NUM_TRAINING].sum(axis=0, dtype=np.int64)
    facts = {
        "labels": {part: labels[first:end].tolist() for part, (first, end) in PARTS.items()},
        "pixel_sums": pixel_sums.reshape(-1).tolist(),
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def make_subset(folder: Path) -> None:
    images, labels = read_full(folder)
    subset = folder / "subset"
    subset.mkdir(exist_ok=True)
    for part, (first, end) in PARTS.items():
        write_tiles(subset / f"{part}.webp", images[first:end])
    write_facts(subset / "subset.json", images, labels)

    sums_path = folder / "sums.json"
    sums = json.loads(sums_path.read_text(encoding="utf-8"))
    names = [*(f"{part}.webp" for part in PARTS), "subset.json"]
    sums["subset"] = {name: hashlib.sha256((subset / name).read_bytes()).hexdigest() for name in names}
    sums_path.write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8", newline="\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the embedded subset of CIFAR-10 from the full set.")
    parser.add_argument("--datasets", type=Path, default=HERE, help="the data folder (default: this one)")
    options = parser.parse_args()
    try:
        make_subset(options.datasets)
    except (OSError, ValueError) as error:
        print(f"make_subset: {error}", file=sys.stderr)
        return 1
    print(f"wrote {options.datasets / 'subset'} with Pillow's WebP {features.version('webp')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
