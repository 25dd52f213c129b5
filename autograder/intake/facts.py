"""What `autograder collect` knows about each hand-in: one file a class, outside every hand-in.

`DIR/.collected/<assignment>/collected.json` says of every student when the hand-in that counts came, by how
much the deadline is extended, and what was unusual. It is the only place such things are read from: a
hand-in holds content, never a fact about itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.policy import utc
from autograder.errors import IntakeError
from autograder.files import text_of, write_atomically

STAMP = "timestamp.txt"  # nbgrader's, beside a hand-in: when it was handed in
HIDDEN = ".collected"  # below the folder of the class; neither nbgrader nor `find` looks into it
FILE = "collected.json"
FILES = "files"  # of a hand-in in the store
SCHEMA = 1
MOST_DAYS = 10_000.0


@dataclass(frozen=True)
class Facts:
    """What is known about one student's hand-in, besides what it holds."""

    hand_in: str = ""  # its key in the store
    where: str = ""  # it came from
    handed_in: str = ""  # ISO 8601 in UTC; empty if nobody knows
    extension_days: float = 0.0
    problems: tuple[str, ...] = ()
    unreadable: str = ""
    not_counted: tuple[str, ...] = ()  # keys of the others
    written: str = ""  # hash of what was written for it


def kept(folder: Path, assignment: str) -> Path:
    """Where hand-ins are kept as they came, by student."""
    return folder / HIDDEN / assignment / "hand-ins"


def hash_of(files: Mapping[str, bytes], more: str = "") -> str:
    """What tells whether the files written for a student are still those."""
    total = hashlib.sha256(more.encode())
    for name, data in sorted(files.items()):
        total.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return total.hexdigest()


def time_of(text: str) -> datetime | None:
    """A time as nbgrader or an LMS writes it, in UTC; None for what is none."""
    try:
        return utc(datetime.fromisoformat(text.strip().removesuffix(" UTC")))
    except (ValueError, OverflowError):  # the second: a year that no zone knows
        return None


def load(folder: Path, assignment: str) -> dict[str, Facts]:
    """student -> facts; nothing for a class that was not collected. Raises IntakeError: the file is
    damaged."""
    path = folder / HIDDEN / assignment / FILE
    if not path.is_file():
        return {}
    try:
        content = json.loads(text_of(path))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}, expected {SCHEMA}")
        return {student: _facts(raw) for student, raw in content["students"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise IntakeError(f"{path}: not what autograder collect writes ({reason}); collect again") from None


def _facts(raw: dict[str, Any]) -> Facts:
    lists: dict[str, Any] = {key: tuple(map(str, raw.pop(key))) for key in ("problems", "not_counted")}
    facts = Facts(**raw, **lists)
    if facts.handed_in:
        datetime.fromisoformat(facts.handed_in)
    days = float(facts.extension_days)
    if not 0 <= days <= MOST_DAYS:  # nor where it is no number
        raise ValueError(f"extension_days: expected 0 to {MOST_DAYS:g}, got {days}")
    return facts


def save(folder: Path, assignment: str, facts: Mapping[str, Facts]) -> None:
    students = {student: asdict(facts[student]) for student in sorted(facts)}
    text = json.dumps({"schema": SCHEMA, "students": students}, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / HIDDEN / assignment / FILE, text + "\n")
