"""Tables of TOML files, read field by field with messages that name the place."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Sequence
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
    """A table of the file, read field by field."""

    def __init__(self, raw: Any, where: str) -> None:
        self.where = where
        if not isinstance(raw, dict):
            raise self.fail("a table", raw, "write [name] above its fields")
        self.raw: dict[str, Any] = raw

    def fail(self, expected: str, got: Any, advice: str, key: str = "") -> CourseError:
        where = f"{self.where}: {key}" if key else self.where
        return CourseError(f"{where}: expected {expected}, got {described(got)}; {advice}")

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        for key in self.raw:
            if key not in known:
                raise self.fail(f"one of {', '.join(known)}", key, rename(key, known))

    def text(self, key: str, default: str | None = None) -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.fail("a text", value, f'write {key} = "..."', key)
        return " ".join(value.split())

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.fail("a list of texts", value, f'write {key} = ["...", "..."]', key)
        return tuple(value)

    def tables(self, key: str, under: str = "") -> list[TomlTable]:
        value = self.raw.get(key, [])
        if not isinstance(value, list):
            raise self.fail("a list of tables", value, f"write [[{under}{key}]] above each", key)
        return [TomlTable(v, f"{self.where}: {key} {n}") for n, v in enumerate(value, 1)]

    def groups(self) -> dict[str, tuple[str, ...]]:
        return {key: self.texts(key) for key in self.raw}
