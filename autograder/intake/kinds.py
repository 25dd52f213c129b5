"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection
from dataclasses import dataclass

HEAD = 1 << 16  # bytes of a file that are looked at, to tell what it is
ARCHIVES = ("a zip", "a gzip archive", "a tar")  # of the kinds that are opened
KINDS = (
    (b"PK\3\4", "a zip"),
    (b"PK\5\6", "an empty zip"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a document in RTF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an older Office"),
    (b"version https://git-lfs", "a pointer of Git LFS, without the file itself"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
CLOSED = ("archive", "zip", "a tar", "Git LFS")  # words of kinds in which anything may be
NUMBERS = ("an array of NumPy", "arrays of NumPy", "an HDF5 file", "a model of PyTorch")
MODELS = (".npz", ".npy", ".pt", ".pth", ".pkl", ".pickle", ".h5", ".hdf5", ".ckpt", ".safetensors")
COMPILED = "Python's bytecode, which is no source"
TEXT = "text"
SOURCE = "source in a folder that is passed over"
UNREAD = "an archive or a file that cannot be read"
USTAR = slice(257, 262)  # where a tar says that it is one


@dataclass(frozen=True)
class Other:
    """A file of no kind that is graded."""

    kind: str  # what it is by its content
    print: str = ""  # to know what was given out by

    def may_hold_anything(self) -> bool:
        """Whether this is an archive that was not opened, or a file of which nothing is known."""
        return not self.kind or any(word in self.kind for word in CLOSED)

    def may_hold_words(self, name: str) -> bool:
        """Whether an answer may stand in it: in anything but numbers and compiled code."""
        nothing = (*NUMBERS, COMPILED, SOURCE, "an empty file")
        return self.kind not in nothing and not name.lower().endswith(MODELS)

    def may_hold_code(self, name: str) -> bool:
        """Whether source, or what it was compiled to, may be in it."""
        return self.kind in (COMPILED, SOURCE) or (self.may_hold_words(name) and "picture" not in self.kind)

    def may_hold_numbers(self, name: str) -> bool:
        """Whether a trained model may be in it."""
        return self.kind in NUMBERS or self.may_hold_anything() or name.lower().endswith(MODELS)


def described(data: bytes) -> str:
    """What a file is by its first bytes; empty if they say nothing."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return "an empty file" if len(data) <= 512 else ""
    if start[:9].lower() in (b"<!doctype", b"<html") or start[:5].lower() == b"<html":
        return "a web page (HTML)"
    if not data[:512].strip(b"\0"):
        return "nothing but zeros, as of a file that was never downloaded from the cloud"
    if data[USTAR] == b"ustar":
        return "a tar"
    if (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:8] == b"ftyp":
        return "a picture or a film"
    if data[2:4] == b"\r\n" and b"\0" in data[:16]:
        return COMPILED
    return next((words for mark, words in KINDS if start.startswith(mark)), "")


def in_conflict(data: bytes) -> bool:
    """Whether Git has left both versions in a file, for somebody to choose."""
    lines = b"\n" + data
    return b"\n<<<<<<< " in lines and b"\n>>>>>>> " in lines


def kind(head: bytes) -> str:
    """The same, and `TEXT` for what a person can read; empty for anything else."""
    if known := described(head):
        return known
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return TEXT  # UTF-16
    control = len(re.findall(rb"[\x00-\x08\x0e-\x1f]", head))
    return "" if control > len(head) // 100 else TEXT


def no_arrays(data: bytes) -> str:
    """What a trained model is that cannot be read: a pointer, a page of a web site, half of a download."""
    what = described(data)
    if what != "a zip":
        return what
    return "" if zipfile.is_zipfile(io.BytesIO(data)) else "a zip whose end is missing"


def of_zip(names: Collection[str]) -> str:
    """What a zip is that is no wrapping: many programs keep their files in zips."""
    if "[Content_Types].xml" in names or "mimetype" in names or "Index/Document.iwa" in names:
        return "a document of an office program"
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of NumPy"
    return "a model of PyTorch" if any(name.endswith("/data.pkl") for name in names) else ""
