"""Hand in an archive made to fill memory, to fool its reader, or to take another's place."""

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake import Collector, archives, facts

MB = 1 << 20
NOTEBOOK = b'{"cells": []}'


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


def taken_in(data, folder, assignment, name="s001.zip"):
    (folder / name).write_bytes(data)
    return intake.read(intake.Source("s001", folder / name), assignment)


def zipped(*entries):
    """A zip of (name or ZipInfo, data); names may repeat."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def zip_by_hand(entries, claimed=None):
    """A zip whose list of entries may say anything: (name, offset of the local header, sizes)."""
    local, directory = bytearray(), bytearray()
    for name, offset, size, data in entries:
        packed = zlib.compress(data)[2:-4]
        here = len(local) if offset is None else offset
        if offset is None:
            fields = (20, 0, 8, 0, 0, zlib.crc32(data), len(packed), size, len(name), 0)
            local += struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name.encode() + packed
        fields = (20, 20, 0, 8, 0, 0, zlib.crc32(data), len(packed), size, len(name), 0, 0, 0, 0, 0, here)
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + name.encode()
    count = min(claimed or len(entries), 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(local), 0)
    return bytes(local + directory + end)


def peak(run):
    """(what `run` returns, the most memory it held)."""
    tracemalloc.start()
    try:
        return run(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bomb(megabytes):
    return zipped(("cs_lib/layers.py", bytes(megabytes * MB)))


def test_flat_bomb(tmp_path, assignment, monkeypatch):
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 8 * MB)
    many = zipped(*((f"cs_lib/f{i}.py", bytes(3 * MB)) for i in range(20)))
    assert len(many) < MB
    found, held = peak(lambda: taken_in(many, tmp_path, assignment))
    assert "the hand-in is larger than 8 MB" in found.unreadable
    assert held < 20 * MB


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_nested_bomb(depth, tmp_path, assignment, report):
    data = bomb(65)
    for level in range(depth):
        data = zipped(*((f"{level}-{i}.zip", data) for i in range(3)))
    found, held = peak(lambda: taken_in(data, tmp_path, assignment))
    assert held < 200 * MB
    if depth == 1:
        assert "unpacks to more than 64 MB" in found.unreadable
    else:
        assert found.package == {}
        assert "unpacks to more than 64 MB" in found.unreadable
    report("the intake", "unreadable: the entry, and why")


def test_archives_without_end(tmp_path, assignment):
    """What lies deeper than anyone packs stays closed, and a person looks at what it may hold."""
    data = zipped(("cs_lib/layers.py", b"x = 1"))
    for _ in range(archives.MAX_DEPTH + 1):
        data = zipped(("again.zip", data))
    found = taken_in(data, tmp_path, assignment)
    assert found.package == {}
    assert any("archives too deep in each other; ask for a plain zip" in p for p in found.problems)
    assert set(found.doubts) >= {c.grade_id for c in assignment.grade_cells if c.kind == "code"}


def test_overlapping_entries(tmp_path, assignment):
    """One compressed block, listed many times over."""
    data = bytes(MB // 8)
    entries = [("cs_lib/f0.py", None, len(data), data)]
    entries += [(f"cs_lib/f{i}.py", 0, len(data), data) for i in range(1, 300)]
    assert (
        "overlaps another; refused whole" in taken_in(zip_by_hand(entries), tmp_path, assignment).unreadable
    )


def test_a_million_entries(tmp_path, assignment):
    line = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = line * 1_000_000
    for count in (0xFFFF, 1):  # the count is not believed either
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), 0, 0)
        found, held = peak(lambda end=end: taken_in(directory + end, tmp_path, assignment))
        assert "more than 20000 entries; refused whole" in found.unreadable
        assert held < 4 * len(directory)  # the file itself; its entries as objects take 500 MB


def test_a_list_of_entries_that_says_it_is_short(tmp_path, assignment):
    """More entries than may be, each short, so that their list is not long."""
    entries = [(f"{i:x}", None, 0, b"") for i in range(archives.MAX_ENTRIES + 1)]
    assert "more than 20000 entries" in taken_in(zip_by_hand(entries), tmp_path, assignment).unreadable


def test_claims_of_a_gigabyte(tmp_path, assignment):
    """A notebook of a few bytes that says it is large, and a large one that says it is small."""
    large = [("two_layer_net.ipynb", None, 1 << 30, NOTEBOOK)]
    found, held = peak(lambda: taken_in(zip_by_hand(large), tmp_path, assignment))
    assert held < 10 * MB
    assert found.unreadable == "" or "not a readable zip" in found.unreadable
    small = [("two_layer_net.ipynb", None, 10, bytes(100 * MB))]
    found, held = peak(lambda: taken_in(zip_by_hand(small), tmp_path, assignment))
    assert held < 10 * MB
    assert "not a readable zip" in found.unreadable or found.notebooks["two_layer_net"] == bytes(10)


@pytest.mark.parametrize(
    "name", ["cs_lib/../../x.py", "C:\\x.py", "\\\\host\\x.py", "//x.py", "..", "a/..\\..\\x"]
)
def test_names_that_lead_out(name, tmp_path, assignment):
    assert (
        "points outside the zip; refused whole"
        in taken_in(zipped((name, b"")), tmp_path, assignment).unreadable
    )
    info = tarfile.TarInfo(name)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(info)
    found = taken_in(buffer.getvalue(), tmp_path, assignment, "s001.tar.gz")
    assert "points outside the tar; refused whole" in found.unreadable


def test_names_with_control_characters(tmp_path, assignment):
    names = [
        "cs_lib/\x1b[2Jlayers.py",
        "cs_lib/a\nb.py",
        "cs_lib/\u202eyp.x.py",
        "cs_lib/" + "x" * 250 + ".py",
    ]
    found = taken_in(zipped(("cs_lib/layers.py", b"1"), *((n, b"evil") for n in names)), tmp_path, assignment)
    assert found.package == {"cs_lib/layers.py": b"1"}
    reported = [p for p in found.problems if "is not used: its name" in p]
    assert len(reported) == len(names)
    assert all(p.isprintable() for p in reported)


def test_a_name_that_ends_at_a_zero_byte(tmp_path, assignment):
    found = taken_in(zipped(("cs_lib/layers.pyX.txt", b"1")).replace(b"pyX", b"py\0"), tmp_path, assignment)
    assert found.unreadable or set(found.package) <= {"cs_lib/layers.py"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_of_one_name(tmp_path, assignment):
    data = zipped(("cs_lib/layers.py", b"first"), ("cs_lib/layers.py", b"second"))
    found = taken_in(data, tmp_path, assignment)
    assert found.package == {"cs_lib/layers.py": b"second"}
    assert "s001.zip holds 'cs_lib/layers.py' 2 times; the last counts" in found.problems


def test_names_that_differ_in_case_only(tmp_path, assignment):
    data = zipped(("cs_lib/layers.py", b"right"), ("cs_lib/Layers.py", b"other"), ("cs_lib/LAYERS.PY", b"x"))
    found = taken_in(data, tmp_path, assignment)
    assert found.package == {"cs_lib/layers.py": b"right"}
    assert any("differ in case only; graded cs_lib/layers.py" in p for p in found.problems)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a link"),
        (tarfile.CHRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_what_a_tar_may_hold_besides_files(kind, reason, tmp_path, assignment, hidden_file, secret):
    info = tarfile.TarInfo("cs_lib/layers.py")
    info.type, info.linkname = kind, str(hidden_file)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(info)
    found = taken_in(buffer.getvalue(), tmp_path, assignment, "s001.tar")
    assert reason in found.unreadable
    assert found.package == {}
    assert secret not in repr(found)


def test_a_tar_that_unpacks_without_end(tmp_path, assignment, monkeypatch):
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 4 * MB)
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="w") as file:
        for _ in range(64):
            file.write(bytes(MB))
    found, held = peak(lambda: taken_in(buffer.getvalue(), tmp_path, assignment, "s001.tgz"))
    assert "larger than 4 MB" in found.unreadable
    assert held < 16 * MB


def extended(header, times=1):
    """A tar with an extended header of any size before a file, or several in a row."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, len(header)
    padded = header + bytes(-len(header) % tarfile.BLOCKSIZE)
    file = tarfile.TarInfo("cs_lib/layers.py")
    return (info.tobuf() + padded) * times + file.tobuf() + bytes(2 * tarfile.BLOCKSIZE)


@pytest.mark.parametrize(
    "data", [extended(b"1" * MB), extended(b"9 a=b\n\n\n\n", 5000)], ids=["long", "many"]
)
def test_headers_that_take_time_with_their_square(data, tmp_path, assignment):
    found = taken_in(data, tmp_path, assignment, "s001.tar")
    assert "unsafe, its headers are too large; refused whole" in found.unreadable


def test_ordinary_extended_headers_are_read(tmp_path, assignment):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("cs_lib/" + "ä" * 60 + "/layers.py")
        info.size, info.mtime = 5, 1.5  # a time with a fraction, and a long name, stand in such a header
        archive.addfile(info, io.BytesIO(b"x = 1"))
    found = taken_in(buffer.getvalue(), tmp_path, assignment, "s001.tar.gz")
    assert list(found.package.values()) == [b"x = 1"]


def test_names_in_utf_8_without_the_flag(tmp_path, assignment):
    info = zipfile.ZipInfo("Übung/cs_lib/layers.py".encode().decode("cp437"))
    data = zipped((info, b"x = 1"), ("Übung/größe.txt".encode().decode("cp437"), b"x"))
    data = data.replace((0x800).to_bytes(2, "little"), b"\0\0")
    found = taken_in(data, tmp_path, assignment)
    assert list(found.package) == ["cs_lib/layers.py"]


def test_a_folder_of_very_many_files(tmp_path, assignment, monkeypatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 20)
    for number in range(30):
        (tmp_path / "s001").mkdir(exist_ok=True)
        (tmp_path / f"s001/f{number}.txt").write_bytes(b"")
    found = intake.read(intake.Source("s001", tmp_path / "s001"), assignment)
    assert "10 files, most in the top folder, are not looked at; hand in notebooks" in found.problems[0]
    assert "affine_forward" in found.doubts


@pytest.mark.parametrize(
    "text",
    [
        b'{"cells": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
        b'{"cells": [' + b"{}," * 1_500_000 + b"{}]}",
        b'{"cells": [' + b"1" * 100_000 + b"]}",
        b'{"cells": [{"source": "' + b"x" * (17 * MB) + b'"}]}',
        b'{"cells": [{"source": ["\\ud800"]}]}',
        b'{"cells": [{"cells": NaN}]}',
        b"\xef\xbb\xbf" + NOTEBOOK,
    ],
    ids=["deep", "many", "long number", "large", "half a pair", "no number", "marked"],
)
def test_a_notebook_that_is_hard_to_read(text, tmp_path, assignment):
    found, held = peak(lambda: taken_in(zipped(("two_layer_net.ipynb", text)), tmp_path, assignment))
    assert found.unreadable == ""

    def read():
        try:
            return intake.read_cells("two_layer_net", found.notebooks["two_layer_net"])
        except IntakeError as error:
            return str(error)

    reported, held = peak(read)
    assert isinstance(reported, list) or "two_layer_net.ipynb: not a readable notebook" in reported
    assert isinstance(reported, list) == (not found.answers.broken)
    assert held < 200 * MB


def test_a_link_that_appears_after_the_look(tmp_path, assignment, hidden_file, secret):
    tree = archives.FolderTree(tmp_path / "s001")
    (tmp_path / "s001/cs_lib").mkdir(parents=True)
    place = tmp_path / "s001/cs_lib/layers.py"
    place.write_text("x = 1")
    assert tree.names() == ["cs_lib/layers.py"]
    place.unlink()
    place.symlink_to(hidden_file)
    with pytest.raises(IntakeError, match=r"leads outside the hand-in|cannot be read"):
        tree.read("cs_lib/layers.py")


def test_a_pipe_is_not_waited_for(tmp_path, assignment):
    (tmp_path / "s001").mkdir()
    os.mkfifo(tmp_path / "s001/layers.py")
    found = intake.read(intake.Source("s001", tmp_path / "s001"), assignment)
    assert "'layers.py' is a link or no ordinary file; not used" in found.unreadable


def test_no_hand_in_takes_anothers_place(tmp_path, assignment):
    """A student's archive that holds other students' folders, and names made to be taken for theirs."""
    evil = zipped(("ada/assignment1/cs_lib/layers.py", b"evil"), ("timestamp.txt", b"1970-01-01"))
    (tmp_path / "download").mkdir()
    (tmp_path / "download/mallory.zip").write_bytes(evil)
    (tmp_path / "download/ada.zip").write_bytes(zipped(("cs_lib/layers.py", b"mine")))
    Collector(assignment, tmp_path / "submitted").collect([tmp_path / "download"])
    assert (tmp_path / "submitted/ada/assignment1/cs_lib/layers.py").read_bytes() == b"mine"
    assert sorted(p.name for p in (tmp_path / "submitted").glob("[!.]*")) == ["ada", "mallory"]
    assert not (tmp_path / "submitted/mallory/assignment1/timestamp.txt").exists()


def test_no_hand_in_dates_itself(tmp_path, assignment):
    """What the collector writes beside a hand-in is not taken from the hand-in."""
    lies = {"timestamp.txt": b"2000-01-01 00:00:00 UTC", "collected.json": b'{"extension_days": 99}'}
    data = zipped(("cs_lib/layers.py", b""), *lies.items())
    (tmp_path / "download").mkdir()
    (tmp_path / "download/ada.zip").write_bytes(data)
    Collector(assignment, tmp_path / "submitted").collect([tmp_path / "download"])
    about = facts.load(tmp_path / "submitted", "assignment1")["ada"]
    assert (about.extension_days, about.handed_in) == (0.0, "")
    [source] = intake.find(tmp_path / "submitted", assignment)
    found = intake.read(source, assignment)
    assert (found.handed_in, found.extension_days) == ("", 0.0)
    assert "not used: ada/collected.json, ada/timestamp.txt" in found.problems
