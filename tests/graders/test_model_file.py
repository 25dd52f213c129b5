"""A results file is a stranger's: good ones are read, hostile ones end in a plain message, at once."""

import contextlib
import io
import json
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest

from autograder.checks.checks import CheckFailed
from autograder.graders.shared import model_file
from autograder.graders.shared.model_file import parse_array, read_arrays, read_model

NAME = "results/net.npz"
GOOD = {"W1": np.arange(6.0).reshape(2, 3), "b1": np.ones(3, np.float32), "W2": np.ones((3, 2), np.float16)}


def architecture(**facts: Any) -> np.ndarray:
    return np.array(json.dumps({"kind": "TwoLayerNet", "normalization": None, "dataset": "full"} | facts))


def npz(*, compressed: bool = False, **arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def npy(header: str, body: bytes = b"", magic: bytes = b"\x93NUMPY\x01\x00") -> bytes:
    text = header.encode("latin-1") + b"\n"
    return magic + struct.pack("<H", len(text)) + text + body


def header(descr: str = "<f8", order: object = False, shape: str = "(2,)") -> str:
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize("compressed", [False, True])
def test_a_saved_model_comes_back(compressed: bool) -> None:
    model = read_model(npz(compressed=compressed, architecture=architecture(), **GOOD), name=NAME)
    assert (model.kind, model.normalization, model.dataset) == ("TwoLayerNet", None, "full")
    assert set(model.arrays) == set(GOOD)
    for key, value in GOOD.items():
        np.testing.assert_array_equal(model.arrays[key], value.astype(np.float32))
        assert model.arrays[key].dtype == np.float32


def test_fortran_order_and_numbers_come_back() -> None:
    arrays = {"a": np.asfortranarray(GOOD["W1"]), "b": np.array(2.5), "c": np.ones((2, 1, 1, 3))}
    found = read_arrays(npz(**arrays), name=NAME)
    for key, value in arrays.items():
        np.testing.assert_array_equal(found[key], value)


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"\0" * 100, b"PK\5\6" + b"\0" * 30, npz(**GOOD)[:-5], npz(**GOOD)[40:]]
)
def test_bytes_that_are_no_npz_are_refused(data: bytes) -> None:
    with pytest.raises(CheckFailed, match=r"net.npz is not a readable .npz file. Run the notebook cell"):
        read_arrays(data, name=NAME)


def test_damage_at_any_place_is_a_plain_failure_or_harmless() -> None:
    data = npz(compressed=True, architecture=architecture(), **GOOD)
    rng = np.random.default_rng(0)
    for _ in range(400):
        spoilt = bytearray(data)
        for place in rng.integers(len(data), size=rng.integers(1, 6)):
            spoilt[place] = rng.integers(256)
        with contextlib.suppress(CheckFailed):
            read_model(bytes(spoilt), name=NAME)


def test_a_zip_with_a_zip64_record_is_refused() -> None:
    data = npz(**GOOD)
    with pytest.raises(CheckFailed, match="not a readable"):
        read_arrays(data[:-22] + b"PK\6\7" + b"\0" * 16 + data[-22:], name=NAME)


def test_a_large_file_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "MAX_FILE", 100)
    with pytest.raises(CheckFailed, match="is larger than 0 MB"):
        read_arrays(npz(**GOOD), name=NAME)


def test_a_bomb_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "MAX_UNPACKED", 10_000)
    bomb = zipped({"W1.npy": npy(header(shape="(1000000,)"), bytes(8_000_000))}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10_000
    with pytest.raises(CheckFailed, match="unpacks to more than 0 MB"):
        read_arrays(bomb, name=NAME)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    honest = zipped({"W1.npy": npy(header(shape="(100000,)"), bytes(800_000))}, zipfile.ZIP_DEFLATED)
    size = struct.pack("<I", 800_000 + len(npy(header(shape="(100000,)"))))
    with pytest.raises(CheckFailed, match=r"readable|cut short|no array"):
        read_arrays(honest.replace(size, struct.pack("<I", 16)), name=NAME)


def test_many_entries_are_refused() -> None:
    some = {f"W{i}.npy": npy(header(), bytes(16)) for i in range(201)}
    with pytest.raises(CheckFailed, match="holds 201 arrays; at most 200 are read"):
        read_arrays(zipped(some), name=NAME)
    with pytest.raises(CheckFailed, match="lists too many entries"):
        read_arrays(zipped({f"{'x' * 60}{i}": b"" for i in range(1000)}), name=NAME)


@pytest.mark.parametrize("name", ["W1", "W1.txt", "../../etc/passwd"])
def test_an_entry_that_is_no_array_is_refused(name: str) -> None:
    with pytest.raises(CheckFailed, match="is no array of save_model"):
        read_arrays(zipped({name: b""}), name=NAME)


def test_a_name_that_stands_twice_is_refused() -> None:
    twice = zipped({"W1.npy": npy(header(), bytes(16)), "W2.npy": b""}).replace(b"W2.npy", b"W1.npy")
    with pytest.raises(CheckFailed, match="is no array of save_model"):
        read_arrays(twice, name=NAME)


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(zipped({"W1.npy": npy(header(), bytes(16))}))
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(CheckFailed, match="is no array of save_model"):
        read_arrays(bytes(data), name=NAME)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_is_refused(method: int) -> None:
    with pytest.raises(CheckFailed, match="packed in a way NumPy does not use"):
        read_arrays(zipped({"W1.npy": npy(header(), bytes(16))}, method), name=NAME)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x93NUMPY",
        npy(header(), bytes(16), magic=b"\x93NUMPY\x02\x00"),
        npy(header("|O"), bytes(16)),
        npy(header("<i8"), bytes(16)),
        npy(header(">f8"), bytes(16)),
        npy(header("<f8' + open('/etc/passwd').read() + '"), bytes(16)),
        npy(header(order="__import__('os')"), bytes(16)),
        npy(header(shape="(-2,)"), bytes(16)),
        npy(header(shape="(" + "9" * 5000 + ",)"), bytes(16)),
        npy(header(shape="(" * 300 + "2" + ")" * 300), bytes(16)),
        npy(header(shape="(1, 1, 1, 1, 2)"), bytes(16)),
        npy("(" * 4000, bytes(16)),
        npy("[('a', '<f8')]", bytes(16)),
    ],
)
def test_an_array_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(CheckFailed, match="W1 is no array of 16, 32 or 64 bit floating-point numbers"):
        parse_array(raw, name="W1")


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ("(2,)", 15),
        ("(2,)", 24),
        ("(999999999, 999999999, 999999999)", 16),
        ("(0,)", 0),
        ("(0, 999999999)", 0),
    ],
)
def test_an_array_that_claims_another_length_takes_no_memory(shape: str, size: int) -> None:
    with pytest.raises(CheckFailed, match="W1 is cut short or empty"):
        parse_array(npy(header(shape=shape), bytes(size)), name="W1")


def test_text_must_be_short_and_whole() -> None:
    with pytest.raises(CheckFailed, match="holds text where numbers belong"):
        parse_array(npy(header("<U2", shape="(2,)"), bytes(16)), name="W1")
    with pytest.raises(CheckFailed, match="holds text where numbers belong"):
        parse_array(npy(header("<U9999", shape="()"), bytes(4 * 9999)), name="W1")
    with pytest.raises(CheckFailed, match="holds text that is no text"):
        parse_array(npy(header("<U1", shape="()"), b"\xff\xff\xff\x7f"), name="W1")


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        (GOOD, "has no architecture entry. Save the model with save_model"),
        ({**GOOD, "architecture": np.ones(2)}, "has no architecture entry"),
        ({**GOOD, "architecture": np.array("{")}, "architecture entry is not what save_model writes"),
        ({**GOOD, "architecture": np.array("[" * 900)}, "architecture entry is not what save_model writes"),
        ({**GOOD, "architecture": np.array("[1]")}, "architecture entry is not what save_model writes"),
        ({**GOOD, "architecture": architecture(kind="Net")}, "has no valid kind"),
        ({**GOOD, "architecture": architecture(kind=["TwoLayerNet"])}, "has no valid kind"),
        ({**GOOD, "architecture": architecture(normalization="group")}, "has no valid normalization"),
        ({**GOOD, "architecture": architecture(dataset=None)}, "has no valid dataset"),
        ({**GOOD, "architecture": architecture(), "b9": np.array("text")}, "b9 does not hold floating-point"),
        ({**GOOD, "architecture": architecture(), "b9": np.array([np.nan])}, "b9 holds NaN or infinities"),
    ],
)
def test_a_model_with_something_amiss_is_refused(arrays: dict[str, np.ndarray], match: str) -> None:
    with pytest.raises(CheckFailed, match=match):
        read_model(npz(**arrays), name=NAME)


def test_a_number_too_large_for_the_evaluation_is_refused() -> None:
    arrays = {**GOOD, "b1": np.array([1e300])}
    with pytest.raises(CheckFailed, match="b1 holds NaN or infinities"):
        read_model(npz(architecture=architecture(), **arrays), name=NAME)


def test_nothing_is_unpickled() -> None:
    pickled = npz(W1=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CheckFailed, match="W1 is no array"):
        read_arrays(pickled, name=NAME)


def test_a_broken_stream_is_refused() -> None:
    packed = zlib.compress(bytes(800))[2:-4]
    data = zipped({"W1.npy": npy(header(shape="(100,)"), bytes(800))}, zipfile.ZIP_DEFLATED)
    spoilt = data[:60] + bytes(len(packed) // 2) + data[60 + len(packed) // 2 :]
    with pytest.raises(CheckFailed, match="not a readable"):
        read_arrays(spoilt, name=NAME)
