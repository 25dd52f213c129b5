"""A course as a typed object: the only reader of `course.toml`, which lies at a course's root.

Every verb finds the course once and passes it on. What it says here, the engine knows from nowhere else: no
module of the engine names an assignment, a data set or the package that students fill in.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.course.policy import UTC_ZONE, VIEWS, WatchRules
from autograder.course.settings import Settings
from autograder.errors import CourseError
from autograder.toml_table import NAME, SETTINGS, TomlTable, described, is_number

FILE = "course.toml"
REQUIRED = ("title", "package", "assignments")
OPTIONAL = (
    *("graders", "rubrics", "data", "roster", "time_zone", "environment"),
    *("notebooks", "nbgrader", "objections", "mutants", "term", "watch"),
)
# A package of such a name hides theirs where the course's folder comes first, and is never found elsewhere.
TAKEN = frozenset({*sys.stdlib_module_names, "autograder", "numpy", "msgpack", "pytest"})
FREE_NAME = "a name that no module of Python, NumPy or the engine has"
HAND_INS = ("submitted", "autograded", "feedback", "graded")  # folders of what students wrote, and of results
KEPT_ANSWERS, GRADEBOOK = ".answers.jsonl", "gradebook.db"  # of students as well, wherever they lie
FOLDERS = ("source", "release", "mutants", *HAND_INS)  # of the engine and nbgrader; none is a package
TERM = ("weights", "drop_lowest", "bonus", "late_days")


@dataclass(frozen=True)
class Course:
    """What an instructor wrote down about the whole course."""

    root: Path
    title: str  # as students read it
    package: str  # the solved library's folder, and its name in Python
    assignments: tuple[str, ...]  # in the order in which they are taught
    graders: Path  # the folder of hidden graders, one folder an assignment; default graders/
    rubrics: Path  # the folder of rubrics, one file an assignment; default rubrics/
    data: tuple[str, ...] = ()  # files below the root that every release carries; a name or a glob each
    packages: tuple[str, ...] = ()  # what student code may import besides NumPy
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)  # of the solved notebooks' kernel
    roster: Path | None = None  # the class list that collect, report and export read if none is given
    weights: Mapping[str, float] = field(default_factory=dict, hash=False)  # by assignment; else its points
    drop_lowest: int = 0  # how many assignments of each student, those with the lowest shares, do not count
    bonus: tuple[str, ...] = ()  # assignments that add to the term's share and are not asked for
    late_days: int | None = None  # of each student for the term; they pay for days begun after a deadline
    watch: WatchRules = field(default_factory=WatchRules)
    operators: tuple[str, ...] = ()  # operators of `autograder mutants` that the course adds, by dotted name
    objections: str = ""  # how to object to points, as every feedback page says it; Markdown
    time_zone: tzinfo = UTC_ZONE  # of times that are shown, and of those that come without one
    nbgrader: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)  # settings by class

    @property
    def data_folders(self) -> frozenset[str]:
        """The folders at the top in which files of `data` lie, as students may hand them in again."""
        return frozenset(name.partition("/")[0] for name in self.data if "/" in name)

    @property
    def settings(self) -> Path:
        return self.root / FILE

    def settings_of(self, assignment: str) -> Path:
        return self.root / "source" / assignment / SETTINGS

    def where(self, path: Path) -> str:
        """A path as messages name it: from the course's folder."""
        return path.relative_to(self.root).as_posix()

    def hides(self, path: Path) -> bool:
        """Whether a file of the course, or what it links to, must not reach a student as it lies there."""
        path = path.resolve()
        folders = (self.package, "source", "release", "mutants")
        hidden = (self.graders, self.rubrics, *(self.root / name for name in folders))
        inside = any(path.is_relative_to(folder.resolve()) for folder in hidden)
        return inside or path == self.settings or self.is_of_students(path)

    def is_of_students(self, path: Path) -> bool:
        """Whether a file says who the students are or what they wrote: none such leaves the machine."""
        path = path.resolve()
        listed = self.roster is not None and path == self.roster.resolve()
        folders = (self.root.resolve() / name for name in HAND_INS)
        named = path.name == GRADEBOOK or path.name.endswith(KEPT_ANSWERS)
        return listed or named or any(map(path.is_relative_to, folders))

    @property
    def graders_package(self) -> str:
        """The dotted name under which graders import their neighbours: their folder's, from the root."""
        return ".".join(self.graders.relative_to(self.root).parts)


def find_root(start: Path | None = None) -> Path:
    """The course's folder: the nearest one upwards from `start` (or from here) that holds `course.toml`.

    Raises:
        CourseError: there is none; another course is never taken in its place.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    raise CourseError(
        f"{here}: expected a course here or in a folder above, found no {FILE}; "
        "go to the course's folder, or make one with `autograder init`"
    )


def find(start: Path | None = None) -> Course:
    """The course that `start` (or the folder we are in) belongs to."""
    return read(find_root(start))


def read(root: Path) -> Course:
    """Read the `course.toml` of this folder.

    Raises:
        CourseError: there is none, or it does not say what it should.
    """
    root = root.resolve()
    if not (root / FILE).is_file():
        raise CourseError(
            f"{root / FILE}: expected the course's settings, found no such file; "
            "`autograder init` makes a course"
        )
    _refuse_hiding(root)
    settings = Settings(root / FILE, root)
    settings.refuse_unknown((*REQUIRED, *OPTIONAL))
    environment = settings.section("environment", ("packages",))
    notebooks = settings.section("notebooks", ("environment",))
    return Course(
        root=root,
        title=settings.text("title"),
        package=_package(settings),
        assignments=_assignments(settings, root),
        graders=_apart(settings, "graders", root),
        rubrics=_apart(settings, "rubrics", root),
        data=settings.paths("data"),
        packages=environment.each("packages", _is_dotted, "names as in `import name`", "correct the entry"),
        variables=_variables(notebooks, root),
        roster=root / settings.path("roster", "") if "roster" in settings.raw else None,
        operators=settings.section("mutants", ("operators",)).texts("operators"),
        objections=settings.text("objections") if "objections" in settings.raw else "",
        time_zone=_time_zone(settings),
        watch=_watch(settings),
        **_term(settings),
        nbgrader=_nbgrader(settings),
    )


def _refuse_hiding(root: Path) -> None:
    """`python -m autograder` looks into the folder it is started in first, and would find this, not us."""
    if (root / "autograder/__main__.py").is_file():
        return  # a checkout: the engine lies here itself
    for name in ("autograder.py", "autograder/__init__.py"):
        if (root / name).is_file():
            raise CourseError(
                f"{name}: expected nothing in a course that hides the engine from `python -m autograder`, "
                "got this file; delete or rename it (a folder of graders needs no __init__.py)"
            )


def _package(settings: Settings) -> str:
    name = settings.identifier("package")
    settings.need(name not in TAKEN, "package", FREE_NAME, name, "rename the folder")
    settings.need(name not in FOLDERS, "package", free_folder(), name, "rename the folder")
    return name


def free_folder(*more: str) -> str:
    """What a package may be called, beside what Python asks."""
    return f"a folder of its own, none of {', '.join((*FOLDERS, *more))}"


def _apart(settings: Settings, key: str, root: Path) -> Path:
    """A folder of what students never see: neither in nor above one that releases are made from."""
    text = settings.path(key, key)
    path, given = (root / text).resolve(), (settings.text("package"), "source", "release")
    what = f"a folder apart from {given[0]}, source and release"
    for folder in ((root / name).resolve() for name in given):
        within = path.is_relative_to(folder) or folder.is_relative_to(path)
        settings.need(not within, key, what, text, "move it, and correct the path")
    return root / text


def _assignments(settings: Settings, root: Path) -> tuple[str, ...]:
    names = settings.texts("assignments")
    if not names:
        raise settings.fail("assignments", "at least one", "none", 'write assignments = ["name"]')
    for name in names:
        what = "names of letters, digits, - and _"
        settings.need(NAME.fullmatch(name), "assignments", what, name, "name the folder in source/")
        if not (root / "source" / name / SETTINGS).is_file():
            what = f"an assignment, in source/{name}/{SETTINGS}"
            raise settings.fail("assignments", what, "no such file", "write it, or correct the name")
    return names


def _is_dotted(name: str) -> bool:
    """Whether it can stand behind `import`. What is installed is seen where student code runs."""
    return all(part.isidentifier() for part in name.split("."))


def _variables(table: TomlTable, root: Path) -> dict[str, str]:
    """Environment variables of the solved notebooks. A value that begins with `./` lies in the course."""
    raw = table.raw.get("environment", {})
    holds = isinstance(raw, dict) and all(isinstance(value, str) for value in raw.values())
    table.need(holds, "environment", "a table of texts", raw, 'write environment = { NAME = "value" }')
    return {key: str(root / value[2:]) if value.startswith("./") else value for key, value in raw.items()}


def _time_zone(settings: Settings) -> tzinfo:
    name = settings.raw.get("time_zone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        advice = 'write time_zone = "Europe/Berlin"'
        raise settings.fail("time_zone", "the name of a time zone", described(name), advice) from None


def _term(settings: Settings) -> dict[str, Any]:
    table = settings.section("term", TERM)
    known = settings.texts("assignments")
    weights, bonus = table.raw.get("weights", {}), table.texts("bonus")
    holds = isinstance(weights, dict) and all(is_number(w) and w >= 0 for w in weights.values())
    advice = f"write weights = {{ {known[0]} = 1 }}"
    settings.need(holds, "weights", "a table of numbers, 0 or more", weights, advice)
    for key, names in (("weights", weights), ("bonus", bonus)):
        for name in names:
            settings.need(name in known, key, f"one of {', '.join(known)}", name, "correct the name")
    for key in ("drop_lowest", "late_days"):
        table.number(key, whole=True)
    return {**table.raw, "bonus": bonus}


def _watch(settings: Settings) -> WatchRules:
    table = settings.section("watch", tuple(f.name for f in fields(WatchRules)))
    for key in ("attempts", "every_minutes", "settle_seconds"):
        table.number(key, whole=key == "attempts")
    table.flag("check_owner")
    view = table.raw.get("before_due", VIEWS[0])
    what = " or ".join(f'"{view}"' for view in VIEWS)
    settings.need(view in VIEWS, "before_due", what, view, "choose one")
    return WatchRules(**table.raw)


def _nbgrader(settings: Settings) -> dict[str, dict[str, Any]]:
    """Settings of nbgrader as its own files have them: a table a class."""
    raw: dict[str, dict[str, Any]] = settings.raw.get("nbgrader", {})
    holds = isinstance(raw, dict) and all(isinstance(value, dict) for value in raw.values())
    what = "a table for each of nbgrader's classes"
    settings.need(holds, "nbgrader", what, raw, "write [nbgrader.ClassName] above its settings")
    return raw
