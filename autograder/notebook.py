"""A notebook of the source: its grade cells, read from nbgrader's metadata, and what its questions ask."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.errors import CourseError
from autograder.files import text_of
from autograder.toml_table import NAME, SETTINGS, described, is_number

Kind = Literal["code", "inline", "task"]
SCHEME = re.compile(
    r"^[^\n]*\bBEGIN MARK SCHEME\b[^\n]*\n(.*?)^[^\n]*\bEND MARK SCHEME\b[^\n]*\n?", re.S | re.M
)


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
    has_functions: bool = False  # students write functions in it, which graders may call

    @property
    def max_points(self) -> float:
        return sum(cell.points for cell in self.cells)


def read_notebook(path: Path, root: Path) -> Notebook:
    """The grade cells of a solved notebook, from its nbgrader metadata."""
    where = path.relative_to(root).as_posix()
    try:
        content = json.loads(text_of(path))
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
    has_functions = any(map(_is_to_write, cells))
    return Notebook(path.stem, path, tuple(cell for cell in graded if cell is not None), has_functions)


def _is_to_write(cell: dict[str, Any]) -> bool:
    """Whether a code cell is the student's to write and defines something."""
    code = cell.get("cell_type") == "code" and mark_of(cell).get("solution")
    return bool(code and re.search(r"(?m)^(async def|def|class)\b", source_of(cell)))


def _grade_cell(cell: dict[str, Any], where: str, notebook: str) -> GradeCell | None:
    metadata = cell.get("metadata", {})
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if mark is None:
        return None
    if not isinstance(mark, dict):
        raise CourseError(f"{where}: nbgrader: expected a table, got {described(mark)}; correct the metadata")
    for key in ("grade", "solution", "locked", "task"):
        if not isinstance(mark.get(key, False), bool):
            raise CourseError(
                f"{where}: nbgrader.{key}: expected true or false, got {described(mark[key])}; "
                "correct the metadata"
            )
    task = bool(mark.get("task", False))
    if not mark.get("grade", False) and not task:
        return None
    grade_id, points = mark.get("grade_id"), mark.get("points")
    if not isinstance(grade_id, str) or not NAME.fullmatch(grade_id):
        raise CourseError(
            f"{where}: nbgrader.grade_id: expected letters, digits, - and _, got {described(grade_id)}; "
            "name the cell"
        )
    if not is_number(points) or points < 0:
        raise CourseError(
            f"{where}: nbgrader.points of {grade_id}: expected a number, 0 or more, "
            f"got {described(points)}; give the cell its points"
        )
    manual = bool(mark.get("solution", False)) or task
    kind: Kind = "task" if task else _kind(cell, grade_id, manual, where)
    if task and cell.get("cell_type") != "markdown":
        raise CourseError(
            f"{where}: {grade_id}: expected a Markdown cell for a task, got {cell.get('cell_type')!r}; "
            "change its type"
        )
    return GradeCell(grade_id, notebook, float(points), kind, manual)


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
    return "code"


def raw_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook of ours, as they lie on disk."""
    cells: list[dict[str, Any]] = json.loads(text_of(path))["cells"]
    return cells


def source_of(cell: Mapping[str, Any]) -> str:
    """What stands in a cell, which is one text or a list of lines."""
    return "".join(cell.get("source", ""))


def mark_of(cell: Mapping[str, Any]) -> dict[str, Any]:
    """What nbgrader's metadata say of a cell, whoever wrote it; empty where they say nothing."""
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return mark if isinstance(mark, dict) else {}


def grade_id_of(cell: Mapping[str, Any]) -> str:
    grade_id = mark_of(cell).get("grade_id")
    return grade_id if isinstance(grade_id, str) else ""


@dataclass(frozen=True)
class Cell:
    """What a rubric needs to know of a grade cell."""

    grade_id: str
    points: float
    notebook: Path


def question_text(cell: Cell) -> str:
    """What the notebook asks: the cell called question_… , else a task's own text, else the text above."""
    wanted = cell.grade_id.replace("inline_", "question_", 1)
    above = ""
    for raw in raw_cells(cell.notebook):
        mark, text = mark_of(raw), source_of(raw)
        if mark.get("grade_id") == wanted != cell.grade_id:
            return text
        if mark.get("grade_id") == cell.grade_id:
            return without_mark_scheme(text) if mark.get("task") else above
        above = text if raw.get("cell_type") == "markdown" else ""
    return ""


def mark_scheme(text: str) -> str:
    """What a task's cell says to those who read the work, between nbgrader's marks; students never get it."""
    return "\n\n".join(found.strip() for found in SCHEME.findall(text))


def without_mark_scheme(text: str) -> str:
    return SCHEME.sub("", text).strip()


def mark_scheme_of(cell: Cell) -> str:
    """The mark scheme of a task in its notebook; empty where there is none."""
    found = (raw for raw in raw_cells(cell.notebook) if grade_id_of(raw) == cell.grade_id)
    return next((mark_scheme(source_of(raw)) for raw in found), "")
