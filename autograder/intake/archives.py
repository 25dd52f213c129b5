"""Folders, zips and tars as one kind of thing: names, and the bytes behind a name.

Nothing is ever unpacked to disk. What a file says about itself (its size, how many entries it has, where
they lie) is not believed: every read has a cap, and an archive that points outside itself, holds links or
lets entries overlap is refused whole.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import IntakeError
from autograder.files import opened
from autograder.intake.kinds import HEAD, described

MAX_FILE_BYTES = 64 * 2**20
MAX_NOTEBOOK_BYTES = 16 * 2**20  # parsed, JSON takes ten times its size and more
MAX_TOTAL_BYTES = 192 * 2**20  # of one hand-in, everything together
MAX_FILES = 4000
MAX_ENTRIES = 20_000  # of one archive; each costs some 500 bytes before anything is read
CROWD = 500  # files in one folder; those of smaller ones come first
COUNTED = 10  # times as many files are counted as are listed
MAX_NAME = 180  # bytes of a part of a name; file systems take 255, and suffixes are added
MAX_PARTS = 16
MAX_DEPTH = 3  # archives in archives in archives are opened
MAX_NOTED = 50  # things said about one hand-in
CHUNK = 1 << 20

CHECKPOINTS = ".ipynb_checkpoints"
# What operating systems, editors and Jupyter leave behind. A course adds the folders of its data.
IGNORED_FOLDERS = {
    *("__pycache__", CHECKPOINTS, "__MACOSX", ".git", ".venv", "node_modules", "site-packages"),
    *("venv", ".vscode", ".idea", ".pytest_cache", ".mypy_cache", ".ruff_cache"),
}
PRIVATE = IGNORED_FOLDERS - {"venv"}  # programs put files into these, people hardly do
LIBRARIES = {"site-packages", "node_modules"}  # packages of other people, thousands of files each
REPOSITORY = ".git/HEAD"  # stands for all that Git keeps
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini", ".gitignore", ".gitattributes"}
ZIPS = (".zip",)
TARS = (".tar.gz", ".tgz", ".tar")
FOREIGN = (
    *(".rar", ".7z", ".gz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".tzst", ".lz", ".lzma", ".z"),
    *(".zipx", ".cab", ".ace", ".arj", ".lzh", ".sit", ".sitx", ".dmg", ".iso"),
)
ENCRYPTED = 1  # a bit of an entry's flags in a zip
BLOCK = 512  # of a tar
MAX_TAR_HEADER = 16 * 2**10  # bytes of one extended header, which holds a name and times
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, NotImplementedError),
    *(RuntimeError, ValueError),
)


class Tree(ABC):
    """Files below a folder or in an archive, and what was unusual about them."""

    def __init__(self, label: str = "") -> None:
        self.label, self.noted = label, list[str]()  # an archive's name; a folder needs none
        self.left = Counter[str]()  # by folder, files that are not among the names

    @abstractmethod
    def names(self) -> list[str]: ...

    @abstractmethod
    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]: ...

    def read(self, name: str, most: int | None = None) -> bytes:
        with self._open(name) as file:
            return _at_most(file, most, name, self.label)

    def head(self, name: str) -> bytes:
        with self._open(name) as file:
            return file.read(HEAD)


class TooLarge(IntakeError):
    """The hand-in as a whole is."""


class Budget:
    """What one hand-in may still unpack, nested archives included."""

    def __init__(self) -> None:
        self.bytes, self.files = MAX_TOTAL_BYTES, {True: MAX_FILES, False: MAX_FILES}

    def one_more(self, graded: bool) -> bool:
        """Whether one more file may be read, or looked at where it is of no kind that is graded."""
        self.files[graded] -= 1
        return self.files[graded] >= 0

    def spend(self, data: bytes) -> bytes:
        self.reserve(len(data))
        return data

    def reserve(self, size: int) -> None:
        """Take note of what is about to be read."""
        self.bytes -= size
        if self.bytes < 0:
            limit = f"{MAX_TOTAL_BYTES // 2**20} MB"
            raise TooLarge(f"the hand-in is larger than {limit}; hand in notebooks, package and results only")


def is_archive(name: str) -> bool:
    return name.lower().endswith((*ZIPS, *TARS))


def is_foreign(name: str) -> bool:
    """Whether this is an archive of a kind that is not read."""
    return name.lower().endswith(FOREIGN) and not is_archive(name)


def stem(name: str) -> str:
    """A file's name without the suffix of an archive: `work.tar.gz` -> `work`."""
    suffix = next((s for s in (*ZIPS, *TARS) if name.lower().endswith(s)), "")
    return name[: len(name) - len(suffix)]


def ignored(name: str, data: Collection[str] = ()) -> bool:
    """Whether a file is litter: what systems and editors leave, the Mac's `._` beside every file, and what
    lies in folders of the course's `data`, which we have ourselves."""
    parts = PurePosixPath(name).parts
    passed = not IGNORED_FOLDERS.union(data).isdisjoint(parts[:-1])
    return passed or parts[-1] in LITTER or parts[-1].startswith("._")


def is_hidden(name: str, data: Collection[str] = ()) -> bool:
    """Whether an entry of a folder is what programs keep and leave there, or data, and nobody handed in."""
    return name.startswith(".") or name in IGNORED_FOLDERS or name in LITTER or name in data


def _unsafe(archive: str, why: str) -> IntakeError:
    return IntakeError(f"{archive}: unsafe, {why}; refused whole")


@contextmanager
def _readable(archive: str, kind: str) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise IntakeError(f"{archive}: not a readable {kind} ({error}); ask for it again") from None


def checked(archive: str, name: str) -> str:
    """The name of an archive's entry, with forward slashes; one that points outside is refused."""
    plain = name.replace("\\", "/")
    kind = "tar" if archive.lower().endswith(TARS) else "zip"
    while plain.startswith("./"):
        plain = plain[2:]
    parts = PurePosixPath(plain).parts
    if ".." in parts or plain.startswith("/") or (parts and parts[0].endswith(":")):
        raise _unsafe(archive, f"the entry {name!r} points outside the {kind}")
    return plain


def odd(name: str) -> str:
    """Why a file of this name is not used; empty if the name is ordinary."""
    parts = PurePosixPath(name).parts
    if not name.isprintable():
        return "its name holds characters that cannot be shown"
    if len(parts) > MAX_PARTS or any(len(os.fsencode(part)) > MAX_NAME for part in parts):
        return "its name is too long"
    return ""


class FolderTree(Tree):
    """Regular files below a folder; links are not followed."""

    def __init__(self, root: Path, entries: int | None = None) -> None:
        super().__init__()
        self.root, self.entries = root, MAX_ENTRIES if entries is None else entries

    def names(self) -> list[str]:
        """Those above first, and a crowd's last; whatever is beyond `entries` is left."""
        walk = self._walk()
        found = list(islice(walk, self.entries))
        self.left = Counter(name.rpartition("/")[0] for name in islice(walk, COUNTED * MAX_ENTRIES))
        return sorted(found)

    def _walk(self) -> Iterator[str]:
        folders, crowds = [""], list[str]()
        for here in folders:  # which grows on the way
            files = 0
            with os.scandir(self.root / here) as inside:
                entries = sorted(inside, key=lambda entry: entry.name)
            litter = not IGNORED_FOLDERS.isdisjoint(here.split("/"))
            for entry in entries:
                path = here + entry.name
                if entry.is_file(follow_symlinks=False):
                    files += 1
                    if files > CROWD:
                        crowds.append(path)
                    else:
                        yield path
                elif not entry.is_dir(follow_symlinks=False):
                    if not litter and len(self.noted) < MAX_NOTED:
                        self.noted.append(f"{path!r} is a link or no ordinary file; not used")
                elif entry.name == ".git":
                    yield from [f"{here}{REPOSITORY}"] if (self.root / here / REPOSITORY).is_file() else []
                elif entry.name not in LIBRARIES:
                    folders.append(f"{path}/")
        yield from crowds

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        path = self.root / name
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise IntakeError(f"{name}: leads outside the hand-in through a link; hand in the file itself")
        try:
            with opened(path, follow=False) as file:  # nor a link that was put in its place since
                yield file
        except OSError as error:
            raise IntakeError(f"{name}: cannot be read ({error.strerror})") from None


class ZipTree(Tree):
    """The files of a zip."""

    def __init__(self, file: IO[bytes], label: str, entries: int | None = None) -> None:
        super().__init__(label)
        self.entries = MAX_ENTRIES if entries is None else entries
        with _readable(label, "zip"):
            self._refuse_crowds(file)
            self.archive = zipfile.ZipFile(file)
            self._infos = self._safe(self.archive.infolist())

    def _refuse_crowds(self, file: IO[bytes]) -> None:
        """Look at the length of the list of entries before `zipfile` makes an object of each."""
        end = file.seek(0, io.SEEK_END)
        file.seek(max(0, end - (1 << 16) - 200))
        tail = file.read()
        claims = [*_fields(tail, b"PK\5\6", 12, "<L"), *_fields(tail, b"PK\6\6", 40, "<Q")]
        if any(claim > 300 * self.entries for claim in claims if claim != 0xFFFFFFFF):
            raise _unsafe(self.label, f"more than {self.entries} entries")
        file.seek(0)

    def _safe(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        if len(infos) > self.entries:
            raise _unsafe(self.label, f"more than {self.entries} entries")
        end = 0
        for info in sorted(infos, key=lambda i: i.header_offset):
            if info.header_offset < end:
                raise _unsafe(self.label, f"the entry {info.filename!r} overlaps another")
            end = info.header_offset + 30 + info.compress_size  # and the name, which a zip may repeat or not
        found = {}
        names = [checked(self.label, _in_utf8(info)) for info in infos]
        for name, info in zip(names, infos, strict=True):
            if stat.S_ISLNK(info.external_attr >> 16):
                raise _unsafe(self.label, f"the entry {name!r} is a symbolic link")
            if not name.endswith("/"):
                found[name] = info
        self.noted += [
            f"{self.label} holds {name!r} {count} times; the last counts"
            for name, count in islice(Counter(names).most_common(), MAX_NOTED)
            if count > 1 and not name.endswith("/")
        ]
        return found

    def names(self) -> list[str]:
        return sorted(self._infos)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if self._infos[name].flag_bits & ENCRYPTED:
            raise IntakeError(f"{self.label}: locked with a password; ask for it again without one")
        with _readable(self.label, "zip"), self.archive.open(self._infos[name]) as member:
            yield member


def _in_utf8(info: zipfile.ZipInfo) -> str:
    """An entry's name. Many programs write UTF-8 without the flag that says so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


class TarTree(Tree):
    """The files of a `.tar` or `.tar.gz`."""

    def __init__(self, file: IO[bytes], label: str) -> None:
        super().__init__(label)
        with _readable(label, "tar"):
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            data = _at_most(gzip.GzipFile(fileobj=file) if zipped else file, MAX_TOTAL_BYTES, label)
            _refuse_headers(data, label)
            self.archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:")  # noqa: SIM115  used below
            self._members = self._safe()

    def _safe(self) -> dict[str, tarfile.TarInfo]:
        found: dict[str, tarfile.TarInfo] = {}
        for number, member in enumerate(self.archive):
            name = checked(self.label, member.name)
            if number >= MAX_ENTRIES:
                raise _unsafe(self.label, f"more than {MAX_ENTRIES} entries")
            if member.issparse():
                raise _unsafe(self.label, f"the entry {name!r} has holes")
            if member.issym() or member.islnk():
                raise _unsafe(self.label, f"the entry {name!r} is a link")
            if name in found and len(self.noted) < MAX_NOTED:
                self.noted.append(f"{self.label} holds {name!r} more than once; the last counts")
            if member.isfile():
                found[name] = member
            elif not member.isdir() and len(self.noted) < MAX_NOTED:
                self.noted.append(f"{self.label}: {name!r} is no ordinary file; not used")
        return found

    def names(self) -> list[str]:
        return sorted(self._members)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        member = self._members[name]
        with _readable(self.label, "tar"), self.archive.extractfile(member) or io.BytesIO() as file:
            yield file


def _refuse_headers(data: bytes, label: str) -> None:
    """Look at a tar's blocks before `tarfile` does, which reads extended headers in time that grows with
    their square, and follows one that stands for the next by calling itself."""
    at, in_a_row = 0, 0
    while at + BLOCK <= len(data):
        block = data[at : at + BLOCK]
        kind = block[156:157]
        try:
            size = tarfile.nti(block[124:136])  # type: ignore[attr-defined]
        except tarfile.HeaderError:
            return  # where `tarfile` stops as well
        in_a_row = in_a_row + 1 if kind in b"xgLKX" and kind else 0
        if size < 0 or in_a_row > 4 or (in_a_row and size > MAX_TAR_HEADER):
            raise _unsafe(label, "its headers are too large")
        at += BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK


def _fields(data: bytes, mark: bytes, offset: int, form: str) -> Iterator[int]:
    """The number at `offset` behind every `mark`."""
    at = data.find(mark)
    while at >= 0:
        if at + offset + struct.calcsize(form) <= len(data):
            yield struct.unpack_from(form, data, at + offset)[0]
        at = data.find(mark, at + 1)


def _at_most(file: IO[bytes] | gzip.GzipFile, most: int | None, name: str, archive: str = "") -> bytes:
    most = MAX_FILE_BYTES if most is None else most
    data = bytearray()  # asked for at once, all of `most` would be allocated whatever is there
    while len(data) <= most and (part := file.read(min(CHUNK, most + 1 - len(data)))):
        data += part
    if len(data) > most:
        where = f"{archive}: {name!r} unpacks to more" if archive else f"{name}: larger"
        raise IntakeError(f"{where} than {most // 2**20} MB; refused")
    return bytes(data)


def open_archive(file: IO[bytes], name: str) -> Tree:
    """The files of an archive, by what it holds; by its name's suffix where that says nothing."""
    kind = described(file.read(BLOCK))
    file.seek(0)
    if kind in ("a zip", "an empty zip"):
        return ZipTree(file, name)
    if kind in ("a gzip archive", "a tar"):
        return TarTree(file, name)
    if kind:
        raise IntakeError(f"{name}: not a readable zip ({kind}); ask for it again as a .zip")
    return TarTree(file, name) if name.lower().endswith(TARS) else ZipTree(file, name)


def open_tree(path: Path) -> Tree:
    """The files of a folder or an archive on disk."""
    if path.is_dir():
        return FolderTree(path)
    try:
        return open_archive(io.BytesIO(_whole(path)), path.name)
    except OSError as error:
        raise IntakeError(f"{path.name}: cannot be read ({error.strerror})") from None


def _whole(path: Path) -> bytes:
    with opened(path) as file:
        return _at_most(file, MAX_TOTAL_BYTES, path.name)
