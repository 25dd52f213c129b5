"""CIFAR-10 as arrays for the notebooks, and trained models as files.

CIFAR-10 holds 50,000 training and 10,000 test images of 32x32 pixels in 10 classes. The course uses

    training rows 0..48999,  validation rows 49000..49999,  test rows 0..

The folder `datasets` always has a subset of these rows. After `python datasets/get_datasets.py` it has all.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
NUM_TRAINING = 49_000  # the rows after these are for validation, and the mean image is that of these rows
IMAGE_SHAPE = (3, 32, 32)
TRAIN_FILES = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST_FILE = "test_batch.bin"
TILES_PER_ROW = 40  # the subset's pictures show the images as tiles, 40 in a row


def get_CIFAR10_data(
    num_training: int = 49_000, num_validation: int = 1_000, num_test: int = 1_000, subtract_mean: bool = True
) -> dict[str, np.ndarray]:
    """Load CIFAR-10: the full set where it is, else the embedded subset. Prints which, in one line.

    Where fewer rows are there than asked for, you get those that are there; the printed line shows how many.
    Each part starts at its first row, so a smaller number gives the first rows of a larger one.

    Args:
        num_training, num_validation, num_test: rows wanted of each part.
        subtract_mean: subtract the mean image of all 49,000 training rows (also on the subset).

    Returns:
        dict with X_train, X_val, X_test, float64 (N, 3, 32, 32), and y_train, y_val, y_test, int64 (N,).

    Raises:
        ValueError: a number below zero, or a damaged file.
        FileNotFoundError: no data folder, or a file is missing.
    """
    wanted = {"train": num_training, "val": num_validation, "test": num_test}
    for part, number in wanted.items():
        if number < 0:
            raise ValueError(f"get_CIFAR10_data: the number of {part} rows must be 0 or more, got {number}")
    name = dataset_name()
    parts, mean_image = _full_parts() if name == "full" else _subset_parts()

    data = {}
    for part, number in wanted.items():
        images, labels = parts[part]
        data[f"X_{part}"] = images[:number].astype(np.float64)
        data[f"y_{part}"] = labels[:number].astype(np.int64)
        if subtract_mean:
            data[f"X_{part}"] -= mean_image
    print(_description(name, wanted, data))
    return data


def dataset_name() -> str:
    """Say which data `get_CIFAR10_data` uses: "full" or "subset".

    It is "full" when `datasets/full` exists. The environment variable CS_CIFAR10=subset picks the subset
    even then, so that a run on a machine with the full set gives the numbers of one without it.
    """
    choice = os.environ.get("CS_CIFAR10", "")
    if choice not in ("", "full", "subset"):
        raise ValueError(f"the environment variable CS_CIFAR10 must be full or subset, got {choice!r}")
    if choice:
        return choice
    return "full" if (data_folder() / "full").is_dir() else "subset"


def data_folder() -> Path:
    """Find the data folder: the one CS_DATASETS names, else the nearest `datasets` above this package.

    The folder is known by its file sums.json, which holds the checksums of the files.
    """
    named = os.environ.get("CS_DATASETS")
    if named:
        folder = Path(named)
        if not (folder / "sums.json").is_file():
            raise FileNotFoundError(
                f"the environment variable CS_DATASETS names {folder}, which has no sums.json; "
                "name the course's datasets folder, or unset the variable"
            )
        return folder
    package = Path(__file__).resolve().parent
    for parent in package.parents:
        if (parent / "datasets" / "sums.json").is_file():
            return parent / "datasets"
    raise FileNotFoundError(
        f"no folder datasets with a sums.json in {package.parent} or above; unpack it again from the "
        "assignment's zip, or set the environment variable CS_DATASETS to where it is"
    )


def load_CIFAR10(folder: str | Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load the full set as it is, without the split and the mean.

    Args:
        folder: the data folder; None finds it as `data_folder` does.

    Returns:
        X_train uint8 (50000, 3, 32, 32), y_train uint8 (50000,), X_test uint8 (10000, 3, 32, 32), y_test.
    """
    folder = data_folder() if folder is None else Path(folder)
    sums = _read_sums(folder)["full"]
    batches = [_read_batch(folder / "full" / name, sums[name]) for name in (*TRAIN_FILES, TEST_FILE)]
    images = [batch[:, 1:].reshape(-1, *IMAGE_SHAPE) for batch in batches]
    labels = [batch[:, 0] for batch in batches]
    return np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1]


def save_model(path: str | Path, model: Any, dataset: str) -> None:
    """Write a trained model's parameters to an .npz file, to hand in with the notebook.

    Saved are every `model.params[k]` under its name, the running statistics of batch normalization as
    running_mean1, running_var1, ..., and `architecture`: the kind of net, its normalization and the data.

    Args:
        path: the file to write; folders on the way are made.
        model: a net with a dict `params`.
        dataset: what it was trained on, "full" or "subset": `dataset_name()` says it.
    """
    if dataset not in ("full", "subset"):
        raise ValueError(f'save_model: dataset must be "full" or "subset", got {dataset!r}')
    normalization = getattr(model, "normalization", None)
    if getattr(model, "use_batch_norm", False):
        normalization = "batchnorm"
    architecture = {"kind": type(model).__name__, "normalization": normalization, "dataset": dataset}

    arrays = {name: np.asarray(value) for name, value in model.params.items()}
    for i, bn_param in enumerate(getattr(model, "bn_params", []), start=1):
        for name in ("running_mean", "running_var"):
            if name in bn_param:
                arrays[f"{name}{i}"] = np.asarray(bn_param[name])
    arrays["architecture"] = np.array(json.dumps(architecture))

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


# The rest is used only in this file.


def _full_parts() -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    images, labels, test_images, test_labels = load_CIFAR10()
    parts = {
        "train": (images[:NUM_TRAINING], labels[:NUM_TRAINING]),
        "val": (images[NUM_TRAINING:], labels[NUM_TRAINING:]),
        "test": (test_images, test_labels),
    }
    return parts, images[:NUM_TRAINING].sum(axis=0, dtype=np.int64) / NUM_TRAINING


def _subset_parts() -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    folder = data_folder()
    sums = _read_sums(folder)["subset"]
    _check_sum(folder / "subset" / "subset.json", sums["subset.json"])
    facts = json.loads((folder / "subset" / "subset.json").read_text(encoding="utf-8"))
    parts = {}
    for part, labels in facts["labels"].items():
        images = _read_tiles(folder / "subset" / f"{part}.webp", sums[f"{part}.webp"])
        parts[part] = (images, np.array(labels, dtype=np.uint8))
    # The mean of 49,000 images is not a whole number, their sum is: kept as a sum, it loses no digit.
    return parts, np.array(facts["pixel_sums"], dtype=np.int64).reshape(IMAGE_SHAPE) / NUM_TRAINING


def _read_batch(path: Path, md5: str) -> np.ndarray:
    """Read a file of the official binary format: rows of 1 label and 3072 pixels, all uint8."""
    _check_sum(path, md5)
    return np.fromfile(path, dtype=np.uint8).reshape(-1, 1 + 3 * 32 * 32)


def _read_tiles(path: Path, sha256: str) -> np.ndarray:
    """Read a picture that shows images as tiles, row by row; returns uint8 (N, 3, 32, 32)."""
    from PIL import Image

    _check_sum(path, sha256)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    # The axes are: row of tiles, row in the tile, column of tiles, column in the tile, color.
    tiles = pixels.reshape(-1, 32, TILES_PER_ROW, 32, 3)
    return tiles.transpose(0, 2, 4, 1, 3).reshape(-1, *IMAGE_SHAPE)


def _read_sums(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "sums.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; copy the datasets folder of the course again")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged ({error}); copy the datasets folder of the course again"
        ) from None


def _check_sum(path: Path, want: str) -> None:
    """Raise unless the file is there and has the checksum (md5 has 32 digits, sha256 has 64)."""
    if path.parent.name == "full":
        advice = "run `python datasets/get_datasets.py` to get it again, or set CS_CIFAR10=subset"
    else:
        advice = "copy the datasets folder of the course again"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; {advice}")
    with open(path, "rb") as file:
        got = hashlib.file_digest(file, "md5" if len(want) == 32 else "sha256").hexdigest()
    if got != want:
        raise ValueError(f"{path} is damaged (checksum {got}, expected {want}); {advice}")


def _description(name: str, wanted: dict[str, int], data: dict[str, np.ndarray]) -> str:
    rows = {part: len(data[f"y_{part}"]) for part in wanted}
    text = "CIFAR-10, " + ("full set: " if name == "full" else "embedded subset: ")
    text += f"{rows['train']:,} training, {rows['val']:,} validation, {rows['test']:,} test images"
    if rows == wanted:
        return text
    text += f" ({wanted['train']:,}, {wanted['val']:,} and {wanted['test']:,} were asked for)"
    if name == "subset":
        text += "; `python datasets/get_datasets.py` gets the full set"
    return text
