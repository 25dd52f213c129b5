"""A zip that is the same for the same files."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say


def pack(to: BinaryIO, files: Mapping[str, bytes], programs: Collection[str] = ()) -> None:
    """Write `files` by name; those in `programs` may be started."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name in programs else 0o644) << 16
            archive.writestr(entry, data)


def write_zip(to: Path, files: Mapping[str, bytes], programs: Collection[str] = ()) -> None:
    """The zip at `to`, whole or not at all."""
    held = io.BytesIO()
    pack(held, files, programs)
    to.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(held.getvalue())
        os.replace(half, to)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
