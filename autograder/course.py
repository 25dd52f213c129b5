"""An assignment as a typed object: the only reader of `source/<assignment>/assignment.toml` and of rubrics.

Points and grade ids stand in the notebooks' nbgrader metadata and nowhere else; they are read from there.
"""

import dataclasses
import json
import math
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeGuard

from autograder import rubric
from autograder.graders.shared.inline import Question
from autograder.policy import Intake, Late, utc
from autograder.sandbox.limits import Limits

Kind = Literal["code", "inline", "trained"]

SETTINGS = "assignment.toml"
REQUIRED = ("title", "notebooks", "package")
OPTIONAL = ("todo", "leave_out", "results", "may_repeat", "limits", "intake", "late")
TRAINED_PREFIX = "train_"  # a cell of this name is judged by the model the notebook saved
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # what nbgrader and every file system accept
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
DOTTED_GLOB = re.compile(r"[A-Za-z_]\w*(\.[\w*?\[\]!-]+)+")


class CourseError(Exception):
    """The course's own files are wrong; the message says which, what was expected, what came, what to do."""


@dataclass(frozen=True)
class GradeCell:
    """A cell that earns points."""

    grade_id: str
    notebook: str
    points: float
    kind: Kind
    manual: bool  # a person or a rubric gives the points, not a test


@dataclass(frozen=True)
class Notebook:
    """A notebook of the source, with its grade cells in reading order."""

    name: str
    path: Path
    cells: tuple[GradeCell, ...]

    @property
    def max_points(self) -> float:
        return sum(cell.points for cell in self.cells)


@dataclass(frozen=True)
class Assignment:
    """What an instructor wrote down about an assignment."""

    name: str
    title: str
    root: Path
    package: str
    notebooks: tuple[Notebook, ...]
    todo: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    may_repeat: tuple[str, ...] = ()  # lines of solutions that give nothing away elsewhere in the release
    limits: Limits = dataclasses.field(default_factory=Limits)
    intake: Intake = dataclasses.field(default_factory=Intake)
    late: Late = dataclasses.field(default_factory=Late)
    questions: tuple[Question, ...] = dataclasses.field(default=(), compare=False)  # those with a rubric

    @property
    def folder(self) -> Path:
        """Where the solved notebooks and the settings lie."""
        return self.root / "source" / self.name

    @property
    def settings(self) -> Path:
        return self.folder / SETTINGS

    @property
    def library(self) -> Path:
        """The solved package."""
        return self.root / self.package

    @property
    def release_folder(self) -> Path:
        return self.root / "release" / self.name

    @property
    def grade_cells(self) -> tuple[GradeCell, ...]:
        return tuple(cell for notebook in self.notebooks for cell in notebook.cells)

    @property
    def max_points(self) -> float:
        return sum(cell.points for cell in self.grade_cells)

    def cell(self, grade_id: str) -> GradeCell:
        """The grade cell of this id; KeyError if there is none."""
        for cell in self.grade_cells:
            if cell.grade_id == grade_id:
                return cell
        raise KeyError(grade_id)

    def question(self, grade_id: str) -> Question | None:
        """The rubric of an inline question; None if it has none."""
        return next((q for q in self.questions if q.grade_id == grade_id), None)


def find_root(start: Path | None = None) -> Path:
    """The course folder: the nearest one upwards from `start` (or from here) that holds `source/`,
    else the one this package lies in."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / "source").glob(f"*/{SETTINGS}")):
            return folder
    return Path(__file__).resolve().parents[1]


def names(root: Path | None = None) -> list[str]:
    """The assignments of the course, sorted."""
    folder = (root or find_root()) / "source"
    return sorted(path.parent.name for path in folder.glob(f"*/{SETTINGS}"))


def load(name: str, root: Path | None = None) -> Assignment:
    """Read `source/<name>/assignment.toml` and the notebooks it lists.

    Raises:
        CourseError: a file is missing or does not say what it should.
    """
    base = Path(root).resolve() if root is not None else find_root()
    path = base / "source" / name / SETTINGS
    if not NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(names(base)) or "none"
        raise CourseError(
            f"source/{name}/{SETTINGS}: expected an assignment, found no such file; assignments here: {known}"
        )
    settings = _Settings(path, base)
    settings.refuse_unknown(settings.table, (*REQUIRED, *OPTIONAL), "")
    package = settings.identifier("package")
    notebooks = tuple(
        read_notebook(path.parent / f"{stem}.ipynb", base) for stem in settings.notebook_names()
    )
    _refuse_repeats(notebooks, base)
    return Assignment(
        name=name,
        title=settings.text("title"),
        root=base,
        package=package,
        notebooks=notebooks,
        todo=settings.names_in("todo", package, DOTTED, "a qualified name without wildcards"),
        leave_out=settings.names_in("leave_out", package, DOTTED_GLOB, "a qualified name or glob"),
        results=settings.result_paths(),
        may_repeat=settings.texts("may_repeat"),
        limits=settings.limits(),
        intake=settings.intake(package),
        late=settings.late(),
        questions=_questions(name, notebooks),
    )


def _questions(name: str, notebooks: tuple[Notebook, ...]) -> tuple[Question, ...]:
    cells = [
        rubric.Cell(cell.grade_id, cell.points, notebook.path)
        for notebook in notebooks
        for cell in notebook.cells
        if cell.kind == "inline"
    ]
    try:
        return rubric.read(rubric.FOLDER / f"{name}.toml", cells)
    except rubric.RubricError as error:
        raise CourseError(str(error)) from None


class _Settings:
    """One assignment.toml, read field by field."""

    def __init__(self, path: Path, root: Path) -> None:
        self.where = path.relative_to(root).as_posix()
        self.lines: list[str] = []
        try:
            text = path.read_text(encoding="utf-8")
            self.lines = text.splitlines()
            self.table: dict[str, Any] = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CourseError(
                f"{self.where}: expected TOML in UTF-8, got: {error}; correct the file"
            ) from error

    def fail(self, key: str, expected: str, got: str, advice: str) -> CourseError:
        pattern = re.compile(rf"\s*\[?\s*{re.escape(key)}\s*[\]=]")
        line = next((f":{n}" for n, text in enumerate(self.lines, 1) if pattern.match(text)), "")
        return CourseError(f"{self.where}{line}: {key}: expected {expected}, got {got}; {advice}")

    def refuse_unknown(self, table: dict[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                raise self.fail(
                    key, f"one of {', '.join(known)}", f"the unknown key {prefix}{key}", "rename or delete it"
                )

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, "a text that is not empty", _described(value), f'write {key} = "..."')
        return value

    def identifier(self, key: str) -> str:
        value = self.text(key)
        if not value.isidentifier():
            raise self.fail(key, "the name of an importable package", repr(value), "name the folder itself")
        return value

    def texts(self, key: str, table: dict[str, Any] | None = None) -> tuple[str, ...]:
        value = (self.table if table is None else table).get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, "a list of texts", _described(value), f'write {key} = ["...", "..."]')
        repeated = sorted({item for item in value if value.count(item) > 1})
        if repeated:
            raise self.fail(key, "each entry once", f"{repeated[0]!r} twice", "delete one of them")
        return tuple(value)

    def notebook_names(self) -> tuple[str, ...]:
        value = self.texts("notebooks")
        if not value:
            raise self.fail(
                "notebooks", "at least one notebook", "none", 'write notebooks = ["name"], without .ipynb'
            )
        for item in value:
            if not NAME.fullmatch(item):
                raise self.fail(
                    "notebooks", "names of letters, digits, - and _", repr(item), "leave out .ipynb"
                )
        return value

    def names_in(self, key: str, package: str, pattern: re.Pattern[str], what: str) -> tuple[str, ...]:
        value = self.texts(key)
        for item in value:
            if not pattern.fullmatch(item) or not item.startswith(package + "."):
                raise self.fail(key, f"{what} that starts with {package}.", repr(item), "correct the entry")
        return value

    def result_paths(self) -> tuple[str, ...]:
        value = self.texts("results")
        for item in value:
            path = PurePosixPath(item)
            if path.is_absolute() or ".." in path.parts or "\\" in item or path.suffix != ".npz":
                raise self.fail(
                    "results",
                    "paths of .npz files inside the notebook's folder",
                    repr(item),
                    "correct the path",
                )
        return value

    def section(self, key: str, known: tuple[str, ...]) -> dict[str, Any]:
        """The table [key], which may be left out."""
        table = self.table.get(key, {})
        if not isinstance(table, dict):
            raise self.fail(key, "a table", _described(table), f"write [{key}] and one setting a line")
        self.refuse_unknown(table, known, f"{key}.")
        return table

    def intake(self, package: str) -> Intake:
        table = self.section("intake", ("counts", "package_aliases"))
        counts = table.get("counts", "last")
        if counts not in ("last", "best", "first"):
            raise self.fail("counts", '"last", "best" or "first"', _described(counts), "choose one")
        aliases = self.texts("package_aliases", table)
        for alias in aliases:
            if not alias.isidentifier() or alias == package:
                what = f"the name of a package other than {package}"
                raise self.fail("package_aliases", what, repr(alias), "name the folder itself")
        return Intake(counts, aliases)

    def late(self) -> Late:
        numbers = ("grace_days", "penalty_per_day", "max_penalty", "closes_after_days")
        table = self.section("late", ("due", *numbers))
        due = table.get("due")
        if table and not (isinstance(due, datetime) and due.tzinfo):
            what = "a date and time with its zone"
            raise self.fail("due", what, _described(due), "write due = 2026-02-01T23:59:00+01:00")
        for key in numbers:
            most = math.inf if key.endswith("_days") else 1
            if key in table and not (_is_number(table[key]) and 0 <= table[key] <= most):
                what = "a number of days" if key.endswith("_days") else "a share from 0 to 1"
                raise self.fail(key, what, _described(table[key]), "correct it or delete the line")
        return Late(utc(due) if due else None, **{key: float(table[key]) for key in numbers if key in table})

    def limits(self) -> Limits:
        fields = {name: type(value) for name, value in dataclasses.asdict(Limits()).items()}
        table = self.section("limits", tuple(fields))
        values: dict[str, Any] = {}
        for key, value in table.items():
            whole = fields[key] is int
            if not _is_number(value) or value <= 0 or (whole and not isinstance(value, int)):
                what = "a whole number above 0" if whole else "a number above 0"
                raise self.fail(key, what, _described(value), "correct the limit or delete the line")
            values[key] = fields[key](value)
        return Limits(**values)


def read_notebook(path: Path, root: Path) -> Notebook:
    """The grade cells of a solved notebook, from its nbgrader metadata."""
    where = path.relative_to(root).as_posix()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CourseError(
            f"{where}: expected this notebook, found no such file; add it or take it out of {SETTINGS}"
        ) from error
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{where}: expected a notebook (JSON in UTF-8), got: {error}; restore the file"
        ) from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise CourseError(f"{where}: expected a notebook with a list of cells, got none; restore the file")
    graded = [_grade_cell(cell, f"{where} cell {number}", path.stem) for number, cell in enumerate(cells, 1)]
    return Notebook(path.stem, path, tuple(cell for cell in graded if cell is not None))


def _grade_cell(cell: dict[str, Any], where: str, notebook: str) -> GradeCell | None:
    metadata = cell.get("metadata", {})
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if mark is None:
        return None
    if not isinstance(mark, dict):
        raise CourseError(
            f"{where}: nbgrader: expected a table, got {_described(mark)}; correct the metadata"
        )
    for key in ("grade", "solution", "locked", "task"):
        if not isinstance(mark.get(key, False), bool):
            raise CourseError(
                f"{where}: nbgrader.{key}: expected true or false, got {_described(mark[key])}; "
                "correct the metadata"
            )
    if not mark.get("grade", False):
        return None
    grade_id, points = mark.get("grade_id"), mark.get("points")
    if not isinstance(grade_id, str) or not NAME.fullmatch(grade_id):
        raise CourseError(
            f"{where}: nbgrader.grade_id: expected letters, digits, - and _, got {_described(grade_id)}; "
            "name the cell"
        )
    if not _is_number(points) or points < 0:
        raise CourseError(
            f"{where}: nbgrader.points of {grade_id}: expected a number, 0 or more, "
            f"got {_described(points)}; give the cell its points"
        )
    manual = bool(mark.get("solution", False))
    return GradeCell(grade_id, notebook, float(points), _kind(cell, grade_id, manual, where), manual)


def _kind(cell: dict[str, Any], grade_id: str, solution: bool, where: str) -> Kind:
    if cell.get("cell_type") == "markdown":
        if not solution:
            raise CourseError(
                f"{where}: {grade_id}: expected solution = true on a graded text cell, got false; "
                "nbgrader cannot grade a text that is no answer"
            )
        return "inline"
    if cell.get("cell_type") != "code":
        raise CourseError(
            f"{where}: {grade_id}: expected a code or Markdown cell, got {cell.get('cell_type')!r}; "
            "change its type"
        )
    return "trained" if grade_id.startswith(TRAINED_PREFIX) else "code"


def _refuse_repeats(notebooks: tuple[Notebook, ...], root: Path) -> None:
    first: dict[str, str] = {}
    for notebook in notebooks:
        for cell in notebook.cells:
            where = notebook.path.relative_to(root).as_posix()
            if cell.grade_id in first:
                raise CourseError(
                    f"{where}: grade_id {cell.grade_id}: expected each id once in an assignment, "
                    f"got it also in {first[cell.grade_id]}; rename one"
                )
            first[cell.grade_id] = where


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _described(value: object) -> str:
    return "nothing" if value is None else f"{value!r}"
