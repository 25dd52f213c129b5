"""What a file may have been called before browsers, mailers, editors and people renamed it.

`likely` takes an ending or an addition off at a time: `layers (1).py.txt` may have been `layers (1).py`,
and so `layers.py`. A name that says "an older version" (`layers.py~`, `layers.py.bak`) is another matter:
`is_backup` tells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from autograder.safe_text import letters

MODULE, NOTEBOOK, MODEL = ".py", ".ipynb", ".npz"
OURS = (MODULE, NOTEBOOK, MODEL)
LONG = 200  # a name longer than this was made by nobody; it is not taken apart

# What is put behind a whole name: by browsers and mailers that do not know the kind, by editors for a copy.
BEHIND = re.compile(r"(\.(txt|json|download|bin|htm|html)|[ _-]?\(\d{1,3}\)|\.\d{1,2})$", re.I)
BACKUP = re.compile(r"(~|\.(bak|backup|orig|old|save|tmp|swp)\d?|\.~\d+~)$", re.I)
DROPBOX = r" \([^()]{1,80} conflicted copy[^()]{0,40}\)"
COPY = r"copy|kopie|copie|copia|c[oó]pia|kopia|kopi"
# What stands before a stem, or between it and the ending.
ADDED = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"^({COPY})( \(?\d{{1,3}}\)?)? (of|von|de|di|av|van) ",
        rf"{DROPBOX}$",
        rf"[ _-]?\((another |\d{{1,2}}(st|nd|rd|th) )?({COPY})( \d{{1,3}})?\)$",
        rf"[ _]?[-–]?[ _]?({COPY})[ _]?\(?\d{{0,3}}\)?$",
        r"[ _-]?\(\d{1,3}\)$",
        r"[-_ ]v(er(sion)?)?[ ._]?\d{1,2}([._]\d{1,2})?$",
        r"[-_ ]\d{1,2}$",
        r"[-_ ](final(ly)?|solution|solved|done|submission|submitted|completed?|new|fixed|updated)$",
        r"\.(ipynb|py|npz)$",
    )
)


def likely(name: str) -> Iterator[str]:
    """What a file's name may have been, the one it has first; without folders, small throughout."""
    base = unicodedata.normalize("NFC", PurePosixPath(name).name).strip().casefold()
    if len(base) > LONG:
        yield base
        return
    while base:
        yield base
        base = _shorter(base)


def _shorter(base: str) -> str:
    """The name with one addition less; empty if none is seen."""
    stem, dot, ending = base.rpartition(".")
    if ending == "pyw" and stem:
        return f"{stem}{MODULE}"
    if f".{ending}" not in OURS or not stem:
        whole = BACKUP.sub("", BEHIND.sub("", base)).strip()
        return whole if whole != base else ""
    for pattern in ADDED:
        shorter = pattern.sub("", stem).strip()
        if shorter != stem and shorter:
            return f"{shorter}{dot}{ending}"
    return ""


def ending(name: str) -> str:
    """Which of OURS a file is, by its name as it is or as it may have been; else empty."""
    return next((o for base in likely(name) for o in OURS if base.endswith(o) and base != o), "")


def is_alike(name: str, place: str) -> bool:
    """Whether a file's name holds that of a place: `my shapes.py.rtf` and `lib/shapes.py`."""
    wanted = letters(PurePosixPath(place).name.partition(".")[0])
    return len(wanted) > 2 and wanted in letters(PurePosixPath(name).name)


def is_backup(name: str) -> bool:
    """Whether the name says that this is an older version of another file."""
    base = PurePosixPath(name).name
    return bool(BACKUP.search(BEHIND.sub("", base))) or (base[:1] == base[-1:] == "#" and len(base) > 2)


def newest_first(path: str) -> tuple[int, ...]:
    """Orders by the numbers in a path, from its top: `work-2/hw1`, `work-1/hw1`, and what has none last."""
    return (*(-int(digits) for digits in re.findall(r"\d{1,18}", path[:1000])), 1)
