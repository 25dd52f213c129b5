"""One course.toml or assignment.toml, read field by field."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from autograder.course.policy import Intake, Late, Rule
from autograder.files import text_of
from autograder.sandbox.limits import Limits
from autograder.toml_table import NAME, TomlTable, is_number, load

REQUIRED = ("title", "notebooks")
OPTIONAL = ("todo", "leave_out", "ships_solved", "results", "limits", "intake", "adopt", "late")


def _is_inside(text: str) -> bool:
    path = PurePosixPath(text)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in text


class Settings(TomlTable):
    """One settings file, read field by field."""

    def __init__(self, path: Path, root: Path) -> None:
        where = path.relative_to(root).as_posix()
        super().__init__(load(path, where), where, text_of(path))

    def path(self, key: str, default: str) -> str:
        """A path below the course's root."""
        value = self.raw.get(key, default)
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

    def intake(self, package: str) -> Intake:
        table = self.section("intake", ("counts", "package_aliases", "nbgrader_times"))
        counts = table.raw.get("counts", "last")
        self.need(counts in get_args(Rule), "counts", '"last", "best" or "first"', counts, "choose one")

        def fits(alias: str) -> bool:
            return alias.isidentifier() and alias != package

        what = f"the name of a package other than {package}"
        aliases = table.each("package_aliases", fits, what, "name the folder itself")
        return Intake(counts, aliases, table.flag("nbgrader_times"))

    def left_out(self, grade_ids: Collection[str]) -> tuple[str, ...]:
        """Grade cells that the course which is graded does not have."""
        found = self.section("adopt", ("leave_out",)).texts("leave_out")
        for name in found:
            self.need(name in grade_ids, "adopt", "grade_ids in leave_out", name, "correct the name")
        if found and len(found) == len(grade_ids):
            raise self.fail("adopt", "leave_out to leave some cells in", "all of them", "name fewer")
        return found

    def late(self, zone: tzinfo) -> Late:
        """`zone` is the course's; a deadline without a zone of its own is in it."""
        numbers = ("grace_days", "penalty_per_day", "max_penalty", "closes_after_days")
        table = self.section("late", ("due", *numbers)).raw
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
        table = self.section("limits", tuple(fields)).raw
        values: dict[str, Any] = {}
        for key, value in table.items():
            holds = is_number(value) and value > 0 and isinstance(value, fields[key] | int)
            what = "a whole number above 0" if fields[key] is int else "a number above 0"
            self.need(holds, key, what, value, "correct the limit or delete the line")
            values[key] = fields[key](value)
        return Limits(**values)
