"""Files that are never half written, and those of a folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def files_below(folder: Path, pattern: str = "*") -> list[Path]:
    """The files in a folder and below it, in order, without what Python compiled; none if it is not there."""
    return [p for p in sorted(folder.rglob(pattern)) if p.is_file() and p.suffix != ".pyc"]


def contents_below(folder: Path, base: Path, pattern: str = "*") -> dict[str, bytes]:
    """What these files hold, by their path from `base`."""
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in files_below(folder, pattern)}


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
        _to_disk(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _to_disk(folder: Path) -> None:
    """A new name in a folder outlives a power cut only once the folder itself is written."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
