"""A trained model as the notebooks save it: an npz read strictly, because a stranger wrote the bytes.

Nothing is unpickled or evaluated, and every length is checked before memory is taken. NumPy's own reader
allocates what a header claims and evaluates the header's text, so the little that is needed stands here.
"""

import io
import json
import math
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograder.checks.checks import fail, shown

MAX_FILE = 64 << 20  # bytes handed in; the largest sensible net of the course takes 30 MB in float64
MAX_ARRAYS = 200  # a net of twenty normalised layers has 120
MAX_UNPACKED = 64 << 20  # bytes of all arrays together
MAX_DIRECTORY = 64 << 10  # bytes of the zip's list of contents; 200 entries take 20 KB
MAX_ARCHITECTURE = 1000  # characters

HEADER = re.compile(
    r"\{'descr': '(<f2|<f4|<f8|<U\d{1,4})', 'fortran_order': (False|True), "
    r"'shape': \(((?:\d{1,9}(?:, \d{1,9}){0,3},?)?)\), \} *\n"
)
TAIL = 22  # bytes of the record that ends a zip without a comment, as NumPy writes it
KINDS = ("TwoLayerNet", "FullyConnectedNet", "ThreeLayerConvNet", "ConvNet")
NORMALIZATIONS = (None, "batchnorm", "layernorm")
DATASETS = ("full", "subset")
AGAIN = "Run the notebook cell that saves the model again, and hand in the file it writes."


@dataclass(frozen=True)
class Model:
    """What a results file holds."""

    kind: str
    normalization: str | None
    dataset: str
    arrays: dict[str, np.ndarray]


def read_model(data: bytes, *, name: str) -> Model:
    """The model in the bytes of a results file; CheckFailed, with a message for the student, otherwise."""
    arrays = read_arrays(data, name=name)
    text = arrays.pop("architecture", None)
    if text is None or text.dtype.kind != "U" or text.shape != ():
        fail("type", f"{name} has no architecture entry. Save the model with save_model.")
    for key, value in arrays.items():
        if value.dtype.kind != "f":
            fail("dtype", f"{name}: {shown(key)} does not hold floating-point numbers. {AGAIN}")
        with np.errstate(over="ignore"):  # what is too large becomes an infinity, and is refused as one
            arrays[key] = value.astype(np.float32)
        if not np.isfinite(arrays[key]).all():
            fail(
                "value",
                f"{name}: {shown(key)} holds NaN or infinities: the training went astray. Train again.",
            )
    kind, normalization, dataset = _architecture(str(text), name)
    return Model(kind, normalization, dataset, arrays)


def _architecture(text: str, name: str) -> tuple[str, str | None, str]:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        fail("type", f"{name}: its architecture entry is not what save_model writes. {AGAIN}")
    allowed: Mapping[str, tuple] = {"kind": KINDS, "normalization": NORMALIZATIONS, "dataset": DATASETS}
    for key, values in allowed.items():
        if key not in facts or not isinstance(facts[key], str | None) or facts[key] not in values:
            fail("type", f"{name}: its architecture has no valid {key}. Save the model with save_model.")
    return facts["kind"], facts["normalization"], facts["dataset"]


def read_arrays(data: bytes, *, name: str) -> dict[str, np.ndarray]:
    """All arrays of an npz, within the limits above."""
    broken = f"{name} is not a readable .npz file. {AGAIN}"
    if len(data) > MAX_FILE:
        fail("type", f"{name} is larger than {MAX_FILE >> 20} MB. Save the model's parameters only.")
    tail = data[-TAIL:]
    if len(tail) < TAIL or tail[:4] != b"PK\5\6" or data[-TAIL - 20 : -TAIL].startswith(b"PK\6\7"):
        fail("type", broken)
    if int.from_bytes(tail[12:16], "little") > MAX_DIRECTORY:
        fail("type", f"{name} lists too many entries. Save the model's parameters only.")
    try:
        entries = _entries(data, name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile):
        fail("type", broken)
    except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged bytes, and all mean the same
        if isinstance(error, AssertionError):
            raise
        fail("type", broken)
    return {key: parse_array(raw, name=f"{name}: {shown(key)}") for key, raw in entries.items()}


def _entries(data: bytes, name: str) -> dict[str, bytes]:
    """Entry -> its unpacked bytes, never reading beyond the limit, whatever the zip's own sizes claim."""
    found: dict[str, bytes] = {}
    room = MAX_UNPACKED
    with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        warnings.simplefilter("ignore")  # a name that stands twice
        infos = archive.infolist()
        if len(infos) > MAX_ARRAYS:
            fail("type", f"{name} holds {len(infos)} arrays; at most {MAX_ARRAYS} are read.")
        for info in infos:
            key = info.filename.removesuffix(".npy")
            if key == info.filename or key in found or info.flag_bits & 1:
                fail("type", f"{name}: the entry {shown(info.filename)} is no array of save_model. {AGAIN}")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                fail("type", f"{name}: an entry is packed in a way NumPy does not use. {AGAIN}")
            with archive.open(info) as entry:
                found[key] = entry.read(room + 1)
            room -= len(found[key])
            if room < 0:
                fail(
                    "type", f"{name} unpacks to more than {MAX_UNPACKED >> 20} MB. Save the parameters only."
                )
    return found


def parse_array(raw: bytes, *, name: str) -> np.ndarray:
    """An .npy text of one of the few forms that NumPy writes for our arrays."""
    size = int.from_bytes(raw[8:10], "little")
    header = HEADER.fullmatch(raw[10 : 10 + size].decode("latin-1"))
    if raw[:8] != b"\x93NUMPY\x01\x00" or header is None:
        fail("type", f"{name} is no array of 16, 32 or 64 bit floating-point numbers. {AGAIN}")
    descr, order, shape_text = header.groups()
    shape = tuple(int(size) for size in shape_text.replace(",", " ").split())
    body, dtype = raw[10 + size :], np.dtype(descr)
    if dtype.kind == "U" and (shape or dtype.itemsize > 4 * MAX_ARCHITECTURE):
        fail("type", f"{name} holds text where numbers belong. {AGAIN}")
    if math.prod(shape) * dtype.itemsize != len(body) or not body:
        fail("type", f"{name} is cut short or empty. {AGAIN}")
    values = np.frombuffer(body, dtype)
    if dtype.kind == "U" and values.view(np.uint32).max() > 0x10FFFF:
        fail("type", f"{name} holds text that is no text. {AGAIN}")
    return values.reshape(shape, order="F" if order == "True" else "C")
