"""Python source as it was handed in, in UTF-8."""

from __future__ import annotations

import codecs
import re

from autograder.intake.given import plain
from autograder.intake.kinds import described, in_conflict

COOKIE = re.compile(rb"^[ \t\f]*#.{0,200}?coding[:=][ \t]*([-\w.]+)")
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def in_utf8(data: bytes) -> tuple[bytes, str]:
    """(source that Python can read, what had to be done or cannot be done; both as they were if nothing).

    The reason starts with "cannot" where the file stays unreadable.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return _decoded(data, name)
    if b"\0" in data:
        return _without_mark(data)
    if any(COOKIE.match(line) for line in data.split(b"\n", 2)[:2]):
        return data, ""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").encode(), "read as Windows-1252, since it is not UTF-8"
    return data, ""


def _without_mark(data: bytes) -> tuple[bytes, str]:
    """UTF-16 shows in its zero bytes: in ordinary text every second one."""
    odd, even = data[1::2].count(0), data[::2].count(0)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros > 0.8 * (len(data) // 2) and others == 0:
            return _decoded(data, name)
    return data, "cannot be read: it holds zero bytes, so it is no text; save it as UTF-8"


def _decoded(data: bytes, name: str) -> tuple[bytes, str]:
    try:
        text = data.decode(name).removeprefix("\ufeff")
    except UnicodeError:
        return data, f"cannot be read: it is broken {name.upper()}; save it as UTF-8"
    return text.encode(), f"read as {name.upper()}; save source as UTF-8"


def no_source(data: bytes, as_given: str) -> str:
    """What a module is that is no source; empty for source, however wrong it is, and for what was given."""
    if in_conflict(data):
        return "two versions with a merge conflict of Git between them"
    what = described(data)
    if not plain(data) and "def " not in as_given:
        return ""  # nothing is lost by it
    return what if plain(data) != as_given else ""
