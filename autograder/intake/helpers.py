"""Modules of a student's own beside the package, as far as what is graded imports them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from autograder.intake.changed_names import MODULE
from autograder.intake.copies import Taken
from autograder.intake.source_text import in_utf8

IMPORTED = re.compile(rb"\b(?:from|import)[ \t]+([A-Za-z_]\w{0,99})")


def imported_by(
    package: Mapping[str, bytes], files: Mapping[str, bytes], taken: Taken, inner: Collection[str]
) -> dict[str, str]:
    """The path in the hand-in of each, by its place: `helpers.py`. `inner` are folders of the package."""
    beside: dict[str, str] = {}
    for root in taken.roots:
        for path in files:
            inside = path.removeprefix(f"{root}/") if root else path
            if path in taken.used or not inside.endswith(MODULE) or (root and inside == path):
                continue
            parts = PurePosixPath(inside).parts
            if parts[0] not in inner and all(part.removesuffix(MODULE).isidentifier() for part in parts):
                beside.setdefault(inside, path)
    found: dict[str, str] = {}
    wanted = {name for data in package.values() for name in IMPORTED.findall(data)}
    while more := [n for n in beside if n not in found and _top(n).encode() in wanted]:
        for name in more:
            found[name] = beside[name]
            wanted |= set(IMPORTED.findall(in_utf8(files[beside[name]])[0]))
    return found


def _top(path: str) -> str:
    return PurePosixPath(path).parts[0].removesuffix(MODULE)
