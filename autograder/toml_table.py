"""Tables of TOML files, read field by field with messages that name the place."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from autograder.errors import CourseError
from autograder.files import text_of

SETTINGS = "assignment.toml"  # in source/<assignment>/
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # what nbgrader and every file system accept
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
DOTTED_GLOB = re.compile(r"[A-Za-z_]\w*(\.[\w*?\[\]!-]+)+")


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def described(value: object) -> str:
    return "nothing" if value is None else f"{value!r}"


def rename(key: str, known: Sequence[str]) -> str:
    """What to do about a key that is not known."""
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else "rename or delete it"


def load(path: Path, where: str) -> dict[str, Any]:
    """The tables of a file.

    Raises:
        CourseError: it is not TOML in UTF-8; names the place as `where`.
    """
    try:
        text = text_of(path).removeprefix("\ufeff")  # some editors of Windows begin a file with it
    except (OSError, UnicodeDecodeError) as error:
        raise _no_toml(where, error) from error
    return parsed(text, where)


def parsed(text: str, where: str) -> dict[str, Any]:
    """The tables of a text, as `load` has them of a file."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(where, error) from error


def _no_toml(where: str, error: Exception) -> CourseError:
    return CourseError(f"{where}: expected TOML in UTF-8, got: {error}; correct the file")


class TomlTable:
    """A table of a file, read field by field; what does not fit is refused with its place."""

    def __init__(self, raw: Any, where: str, source: str = "", name: str = "") -> None:
        """`source`: the file's text, where a key's line is looked for; `name`: the table's in that file."""
        self.where, self.source, self.name = where, source, name
        if not isinstance(raw, dict):
            advice = f"write [{name or 'name'}] and one setting a line"
            raise self.fail(name, "a table", described(raw), advice)
        self.raw: dict[str, Any] = raw

    def place(self, key: str) -> str:
        """Where a key stands, as messages begin."""
        pattern = re.compile(rf"\s*\[?\s*{re.escape(key)}\s*[\]=]")
        lines = enumerate(self.source.splitlines(), 1) if key else ()
        line = next((f":{n}" for n, text in lines if pattern.match(text)), "")
        return f"{self.where}{line}: {key}" if key else self.where

    def fail(self, key: str, expected: str, got: str, advice: str) -> CourseError:
        return CourseError(f"{self.place(key)}: expected {expected}, got {got}; {advice}")

    def need(self, holds: object, key: str, expected: str, got: object, advice: str) -> None:
        if not holds:
            raise self.fail(key, expected, described(got), advice)

    def refuse_unknown(self, known: Sequence[str]) -> None:
        for key in self.raw:
            if key not in known:
                got = f"the unknown key {self.name}.{key}" if self.name else f"the unknown key {key}"
                raise self.fail(key, f"one of {', '.join(known)}", got, rename(key, known))

    def text(self, key: str, default: str | None = None) -> str:
        value = self.raw.get(key, default)
        holds = isinstance(value, str) and (value.strip() or default is not None)
        self.need(holds, key, "a text that is not empty", value, f'write {key} = "..."')
        return str(value)

    def line(self, key: str, default: str | None = None) -> str:
        """A text whose line ends and runs of spaces are single spaces."""
        return " ".join(self.text(key, default).split())

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key, [])
        holds = isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value)
        self.need(holds, key, "a list of texts", value, f'write {key} = ["...", "..."]')
        repeated = sorted({text for text in value if value.count(text) > 1})
        if repeated:
            raise self.fail(key, "each entry once", f"{repeated[0]!r} twice", "delete one of them")
        return tuple(value)

    def each(self, key: str, fits: Callable[[str], object], expected: str, advice: str) -> tuple[str, ...]:
        """The texts of a list, each of which must fit."""
        for text in self.texts(key):
            self.need(fits(text), key, expected, text, advice)
        return self.texts(key)

    def number(self, key: str, whole: bool) -> None:
        """Refuse what is there and is no number from 0 on."""
        value = self.raw.get(key, 0)
        holds = is_number(value) and value >= 0 and (isinstance(value, int) or not whole)
        what = f"a {'whole ' if whole else ''}number, 0 or more"
        self.need(holds, key, what, value, "correct it or delete the line")

    def flag(self, key: str) -> bool:
        value = self.raw.get(key, False)
        self.need(isinstance(value, bool), key, "true or false", value, "choose one")
        return bool(value)

    def tables(self, key: str, under: str = "") -> list[TomlTable]:
        value = self.raw.get(key, [])
        self.need(
            isinstance(value, list), key, "a list of tables", value, f"write [[{under}{key}]] above each"
        )
        return [TomlTable(v, f"{self.where}: {key} {n}") for n, v in enumerate(value, 1)]

    def section(self, key: str, known: Sequence[str]) -> TomlTable:
        """The table [key] of the same file, which may be left out."""
        table = TomlTable(self.raw.get(key, {}), self.where, self.source, key)
        table.refuse_unknown(known)
        return table

    def groups(self) -> dict[str, tuple[str, ...]]:
        return {key: self.texts(key) for key in self.raw}
