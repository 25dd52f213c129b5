"""Hand in a zip that writes elsewhere, follows links or unpacks without end."""

import io
import stat
import zipfile

import pytest

from autograder import intake
from autograder.course import assignment as course


def zipped(name, data, link=False):
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    if link:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, data)
    return buffer.getvalue()


def naively_unpacked(data, folder):
    """As a shell script or an older unpacker would: names and links are believed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            place = folder / info.filename
            place.parent.mkdir(parents=True, exist_ok=True)
            if stat.S_ISLNK(info.external_attr >> 16):
                place.symlink_to(archive.read(info).decode())
            else:
                place.write_bytes(archive.read(info))


def taken_in(data, folder):
    (folder / "s001.zip").write_bytes(data)
    return intake.read(intake.Source("s001", folder / "s001.zip"), course.load("assignment1"))


def test_writes_nothing_elsewhere(tmp_path):
    data = zipped("../outside.py", "evil = True")
    (tmp_path / "in").mkdir()
    naively_unpacked(data, tmp_path / "in")
    assert (tmp_path / "outside.py").exists()
    (tmp_path / "outside.py").unlink()
    assert "points outside" in taken_in(data, tmp_path / "in").unreadable
    assert not (tmp_path / "outside.py").exists()


def test_follows_no_link(tmp_path, hidden_file, secret):
    data = zipped("cs_lib/layers.py", str(hidden_file), link=True)
    (tmp_path / "in").mkdir()
    naively_unpacked(data, tmp_path / "in")
    assert (tmp_path / "in/cs_lib/layers.py").read_text() == secret
    found = taken_in(data, tmp_path / "in")
    assert "is a symbolic link" in found.unreadable
    assert found.package == {}


@pytest.mark.parametrize("megabytes", [65])
def test_unpacks_no_bomb(tmp_path, megabytes, report):
    data = zipped("cs_lib/layers.py", bytes(megabytes << 20))
    assert len(data) < 200_000
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.read("cs_lib/layers.py")) == megabytes << 20
    assert "unpacks to more than 64 MB" in taken_in(data, tmp_path).unreadable
    report("the intake", "unreadable: the entry, and why")
