"""Text written by strangers, for a terminal, a page, a message or a spreadsheet: shown, never obeyed."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable


def shown(text: str) -> str:
    """Text with names from a hand-in in it, safe for a terminal and for UTF-8."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


LONGEST_NAME = 100  # characters


def briefly(name: str) -> str:
    """A name from a hand-in, safe and short enough for a sentence; its end says most."""
    clean = shown(name)
    return clean if len(clean) <= LONGEST_NAME else f"…{clean[-LONGEST_NAME:]}"


FORMULA = tuple("=+-@＝＋－＠")  # what spreadsheets take for the beginning of one


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula, and that any file can hold."""
    clean = readable(text)
    return f"'{clean}" if clean.lstrip().startswith(FORMULA) or clean[:1] in ("\t", "\n") else clean


def csv_of(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, every text in them defused."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([defused(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def readable(text: str) -> str:
    """Text that any file can hold and that shows in the order it was written: no control characters,
    no half of a surrogate pair, no marks that turn the direction of writing."""
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def printable(text: str) -> str:
    """`text` with control, bidi and unpaired characters replaced; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def listed(names: Iterable[str], most: int) -> str:
    """The first of them, and how many more there are: "a, b and 3 more"."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def letters(text: str) -> str:
    """Its letters and digits, small: what is left of a name however it is spaced and set."""
    return "".join(c for c in text.casefold() if c.isalnum())


def say(what: str) -> None:
    """A line on stderr, for a person."""
    print(f"autograder: {what}", file=sys.stderr, flush=True)


def plural(count: int, word: str, verb: str = "") -> str:
    """How many of something, and what it does: "1 answer needs", "2 answers need"."""
    one = count == 1
    noun = f"{count:,} {word}{'' if one else 's'}"
    return f"{noun} {verb}{'s' if one else ''}" if verb else noun
