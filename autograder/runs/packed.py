"""A zip that is the same for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping

DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say


def packed(files: Mapping[str, bytes], programs: Collection[str] = ()) -> bytes:
    """`files` by name; those in `programs` may be started."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name in programs else 0o644) << 16
            archive.writestr(entry, data)
    return held.getvalue()
