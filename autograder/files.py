"""Files that are read only if they are files, never half written, and those of a folder."""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

IN_ITS_WAY = (errno.EEXIST, errno.ENOTDIR, errno.ELOOP)
# By the first letter of `ls -l`.
KINDS = {"-": "a file", "d": "a folder", "p": "a pipe", "s": "a socket", "c": "a device", "b": "a device"}


def kind_of(path: Path) -> str:
    """What lies there, in words; empty for nothing."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link that leads nowhere" if path.is_symlink() else ""
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link that leads in a circle"
        return f"nothing that can be looked at ({error.strerror})"
    return KINDS.get(stat.filemode(mode)[0], "something else")


class OddFolderError(OSError):
    """Something else in the place of a folder."""

    def __str__(self) -> str:
        return f"{self.filename}: expected a folder, got {self.strerror}, which is in its way"


def folder_at(path: Path) -> Path:
    """This folder, made with those above it where it is not there. Raises OSError, which names what is in
    its way."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for place in (*reversed(path.parents), path):
            if error.errno in IN_ITS_WAY and not place.is_dir() and (found := kind_of(place)):
                raise OddFolderError(error.errno, found, str(place)) from None
        raise
    return path


class OddFileError(OSError):
    """A pipe, a socket or a device in the place of a file."""

    def __str__(self) -> str:
        return f"{self.filename!r} is no ordinary file"


def why_unread(error: Exception) -> str:
    """Why a file that a person named cannot be read, in words."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "a folder"
    if isinstance(error, OSError) and not isinstance(error, OddFileError):
        return str(error.strerror)
    return str(error)


@contextmanager
def opened(path: Path, follow: bool = True) -> Iterator[IO[bytes]]:
    """A file, to be read; without `follow` not through a link. A pipe is not waited for, a device without an
    end is not begun: OSError is raised where it is not there, may not be read, or is no ordinary file."""
    own = 0 if follow else os.O_NOFOLLOW
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | own)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OddFileError(errno.EINVAL, "no ordinary file", str(path))
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(handle)


def whole(path: Path) -> bytes:
    """What a file holds. Raises OSError as `opened` does."""
    with opened(path) as file:
        return file.read()


def text_of(path: Path, encoding: str = "utf-8", errors: str = "strict") -> str:
    r"""The same as text, every line ending in \n alone. Raises UnicodeDecodeError as well."""
    return whole(path).decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")


def files_below(folder: Path, pattern: str = "*") -> list[Path]:
    """The files in a folder and below it, in order, without what Python compiled; none if it is not there."""
    return [p for p in sorted(folder.rglob(pattern)) if p.is_file() and p.suffix != ".pyc"]


def contents_below(folder: Path, base: Path, pattern: str = "*") -> dict[str, bytes]:
    """What these files hold, by their path from `base`."""
    return {path.relative_to(base).as_posix(): whole(path) for path in files_below(folder, pattern)}


def dotted(path: str) -> str:
    """The name by which Python imports a file of a package: `lib/solids/__init__.py` -> `lib.solids`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def packed(files: Mapping[str, bytes | Path], programs: Collection[str] = ()) -> bytes:
    """A zip of files by name, the same for the same content; those in `programs` may be started."""
    import zipfile  # most runs pack nothing

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the earliest that a zip can say
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = (0o100755 if name in programs else 0o100644) << 16
            archive.writestr(entry, whole(data) if isinstance(data, Path) else data)
    return held.getvalue()


def write_if_other(path: Path, text: str, named: bool = True) -> None:
    """The same where the file does not hold just this; for what every run makes anew, and mostly the same."""
    try:
        same = whole(path) == text.encode()
    except OSError:  # not there, or something that a file takes the place of
        same = False
    if not same:
        write_atomically(path, text, named)


def write_atomically(path: Path, content: str | bytes, named: bool = True, mode: int = 0o644) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never half of one.

    It outlives a power cut from now on; without `named`, from when `to_disk` is called for the folder.
    """
    folder_at(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
        if named:
            to_disk(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def to_disk(path: Path) -> None:
    """A file outlives a power cut once it is written; a new name in a folder, once the folder is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
