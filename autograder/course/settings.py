"""One course.toml or assignment.toml, read field by field."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from autograder.course.policy import Intake, Late, Rule
from autograder.errors import CourseError
from autograder.files import text_of
from autograder.sandbox.limits import Limits
from autograder.toml_table import NAME, described, is_number, load, rename

REQUIRED = ("title", "notebooks")
OPTIONAL = ("todo", "leave_out", "ships_solved", "results", "limits", "intake", "adopt", "late")


def _is_inside(text: str) -> bool:
    path = PurePosixPath(text)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in text


class Settings:
    """One settings file, read field by field."""

    def __init__(self, path: Path, root: Path) -> None:
        self.file, self.where = path, path.relative_to(root).as_posix()
        self.table: dict[str, Any] = load(path, self.where)

    def fail(self, key: str, expected: str, got: str, advice: str) -> CourseError:
        pattern = re.compile(rf"\s*\[?\s*{re.escape(key)}\s*[\]=]")
        lines = enumerate(text_of(self.file).splitlines(), 1)
        line = next((f":{n}" for n, text in lines if pattern.match(text)), "")
        return CourseError(f"{self.where}{line}: {key}: expected {expected}, got {got}; {advice}")

    def need(self, holds: object, key: str, expected: str, got: object, advice: str) -> None:
        if not holds:
            raise self.fail(key, expected, described(got), advice)

    def need_number(self, key: str, value: object, whole: bool) -> None:
        """0 or more."""
        holds = is_number(value) and value >= 0 and (isinstance(value, int) or not whole)
        what = f"a {'whole ' if whole else ''}number, 0 or more"
        self.need(holds, key, what, value, "correct it or delete the line")

    def refuse_unknown(self, table: dict[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                got, advice = f"the unknown key {prefix}{key}", rename(key, known)
                raise self.fail(key, f"one of {', '.join(known)}", got, advice)

    def text(self, key: str) -> str:
        value = self.table.get(key)
        holds = isinstance(value, str) and value.strip()
        self.need(holds, key, "a text that is not empty", value, f'write {key} = "..."')
        return str(value)

    def path(self, key: str, default: str) -> str:
        """A path below the course's root."""
        value = self.table.get(key, default)
        holds = isinstance(value, str) and _is_inside(value)
        self.need(holds, key, "a path inside the course", value, "correct the path")
        return str(value)

    def paths(self, key: str) -> tuple[str, ...]:
        return self.each(key, _is_inside, "paths inside the course", "correct the path")

    def identifier(self, key: str) -> str:
        value = self.text(key)
        what = "the name of an importable package"
        self.need(value.isidentifier(), key, what, value, "name the folder itself")
        return value

    def texts(self, key: str, table: dict[str, Any] | None = None) -> tuple[str, ...]:
        value = (self.table if table is None else table).get(key, [])
        holds = isinstance(value, list) and all(isinstance(item, str) for item in value)
        self.need(holds, key, "a list of texts", value, f'write {key} = ["...", "..."]')
        repeated = sorted({item for item in value if value.count(item) > 1})
        if repeated:
            raise self.fail(key, "each entry once", f"{repeated[0]!r} twice", "delete one of them")
        return tuple(value)

    def each(self, key: str, fits: Callable[[str], object], expected: str, advice: str) -> tuple[str, ...]:
        """The texts of a list, each of which must fit."""
        value = self.texts(key)
        for item in value:
            self.need(fits(item), key, expected, item, advice)
        return value

    def notebook_names(self) -> tuple[str, ...]:
        if not self.texts("notebooks"):
            raise self.fail(
                "notebooks", "at least one notebook", "none", 'write notebooks = ["name"], without .ipynb'
            )
        return self.each("notebooks", NAME.fullmatch, "names of letters, digits, - and _", "leave out .ipynb")

    def names_in(self, key: str, package: str, pattern: re.Pattern[str], what: str) -> tuple[str, ...]:
        def fits(item: str) -> bool:
            return bool(pattern.fullmatch(item)) and item.startswith(f"{package}.")

        return self.each(key, fits, f"{what} that starts with {package}.", "correct the entry")

    def result_paths(self) -> tuple[str, ...]:
        def fits(item: str) -> bool:
            return _is_inside(item) and item.endswith(".npz")

        what = "paths of .npz files inside the notebook's folder"
        return self.each("results", fits, what, "correct the path")

    def section(self, key: str, known: tuple[str, ...]) -> dict[str, Any]:
        """The table [key], which may be left out."""
        table: dict[str, Any] = self.table.get(key, {})
        self.need(isinstance(table, dict), key, "a table", table, f"write [{key}] and one setting a line")
        self.refuse_unknown(table, known, f"{key}.")
        return table

    def intake(self, package: str) -> Intake:
        table = self.section("intake", ("counts", "package_aliases", "nbgrader_times"))
        counts = table.get("counts", "last")
        self.need(counts in get_args(Rule), "counts", '"last", "best" or "first"', counts, "choose one")
        aliases, what = self.texts("package_aliases", table), f"the name of a package other than {package}"
        for alias in aliases:
            holds = alias.isidentifier() and alias != package
            self.need(holds, "package_aliases", what, alias, "name the folder itself")
        times = table.get("nbgrader_times", False)
        self.need(isinstance(times, bool), "nbgrader_times", "true or false", times, "choose one")
        return Intake(counts, aliases, times)

    def left_out(self, grade_ids: Collection[str]) -> tuple[str, ...]:
        """Grade cells that the course which is graded does not have."""
        found = self.texts("leave_out", self.section("adopt", ("leave_out",)))
        for name in found:
            self.need(name in grade_ids, "adopt", "grade_ids in leave_out", name, "correct the name")
        if found and len(found) == len(grade_ids):
            raise self.fail("adopt", "leave_out to leave some cells in", "all of them", "name fewer")
        return found

    def late(self, zone: tzinfo) -> Late:
        """`zone` is the course's; a deadline without a zone of its own is in it."""
        numbers = ("grace_days", "penalty_per_day", "max_penalty", "closes_after_days")
        table = self.section("late", ("due", *numbers))
        due = table.get("due")
        if isinstance(due, datetime) and due.tzinfo is None:
            due = due.replace(tzinfo=zone)
        holds = not table or (isinstance(due, datetime) and due.tzinfo)
        advice = "write due = 2026-02-01T23:59:00, which is in the course's time zone"
        self.need(holds, "due", "a date and time", due, advice)
        given = {key: table[key] for key in numbers if key in table}
        for key, value in given.items():
            most, what = (math.inf, "a number of days") if "_days" in key else (1, "a share from 0 to 1")
            holds = is_number(value) and 0 <= value <= most
            self.need(holds, key, what, value, "correct it or delete the line")
        return Late(due or None, **{key: float(value) for key, value in given.items()}, zone=zone)

    def limits(self) -> Limits:
        fields = {name: type(value) for name, value in dataclasses.asdict(Limits()).items()}
        table = self.section("limits", tuple(fields))
        values: dict[str, Any] = {}
        for key, value in table.items():
            holds = is_number(value) and value > 0 and isinstance(value, fields[key] | int)
            what = "a whole number above 0" if fields[key] is int else "a number above 0"
            self.need(holds, key, what, value, "correct the limit or delete the line")
            values[key] = fields[key](value)
        return Limits(**values)
