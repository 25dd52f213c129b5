"""Formgrader on graded work: the notebooks it opens, and what it shows a grader beside an answer.

`publish` writes the notebooks of a hand-in where formgrader looks for them. `GradersPage` takes part when
formgrader makes a page of one: it makes a student's text harmless, and puts the rubric below each answer.
The rubric is added there and nowhere else, so that no file holds it that feedback could be made from.
`bridge/nbgrader.py` calls `configure`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder import intake
from autograder.bridge.page import GradersPage, shown
from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.files import folder_at, text_of, write_atomically
from autograder.gradebook.url import sqlite_url
from autograder.intake import Submission, harmless
from autograder.intake.notebook_files import text_in
from autograder.notebook import Notebook, grade_id_of, mark_of, raw_cells
from autograder.records.record import Grade, Record

FOLDER = "autograded"  # where nbgrader keeps the notebooks that formgrader opens
CONFIG = "nbgrader_config.py"
MAX_CELL, MAX_CELLS = 50_000, 2_000  # characters of one cell, and cells, on a page
MAX_PAGE = 500_000  # characters of all its cells together; an honest notebook has 50,000
MORE = "[…] The hand-in holds more than is shown."
MISSING = "(not in the hand-in)"

SETTINGS = '''\
"""Lets formgrader and nbgrader's commands use these results: start them in this folder."""

from autograder.bridge.nbgrader import configure

c = get_config()  # noqa: F821  nbgrader puts it here
'''


def configure(config: Any) -> None:
    """Settings that formgrader needs."""
    config.HTMLExporter.preprocessors = [GradersPage]
    config.HTMLExporter.filters = {"markdown2html": shown}


def settings(out: Path, assignment: Assignment, gradebook: str = "") -> None:
    """Make `out` a folder that formgrader can be started in; a course's own settings stay as they are.
    `gradebook` is a URL; formgrader finds the one in `out` by itself."""
    # Formgrader lists the assignments that have a folder here; the solved notebooks stay in the course.
    folder_at(out / "source" / assignment.name)
    path = out / CONFIG
    if path.exists():
        return
    lines = f"configure(c, {str(assignment.course.root)!r})\n"
    if gradebook not in ("", sqlite_url(out / "gradebook.db")):
        lines += f"c.CourseDirectory.db_url = {gradebook!r}\n"
    write_atomically(path, SETTINGS + lines)
    path.chmod(0o600)  # the URL may hold a password


def publish(out: Path, assignment: Assignment, submission: Submission, record: Record) -> None:
    """Write a hand-in's notebooks where formgrader looks for them; one that is unreadable or missing is made
    from the cells that earn points, so that they can be graded all the same."""
    place = out / FOLDER / record.student / assignment.name
    for notebook in assignment.notebooks:
        page = notebook_of(submission, notebook, record)
        path = place / f"{notebook.name}.ipynb"
        text = json.dumps(page, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        if not path.is_file() or text_of(path) != text:
            write_atomically(path, text)


def notebook_of(submission: Submission, notebook: Notebook, record: Record) -> dict[str, Any]:
    """A handed-in notebook as formgrader opens it."""
    try:
        cells = intake.read_cells(notebook.name, submission.notebooks[notebook.name])
        shown = list(_within(map(_shown, cells)))
    except (KeyError, IntakeError):
        shown = []
    page = json.dumps(_page(shown, notebook, record), ensure_ascii=False)
    # Without halves of surrogate pairs, which JSON may hold and no file in UTF-8.
    written: dict[str, Any] = json.loads(page.encode("utf-8", "replace"))
    return written


def _within(cells: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As much of a notebook as a page shows: formgrader makes one whenever it is opened, with no limit of
    its own. What was handed in stays as it came, and answers are read from there."""
    left = MAX_PAGE
    for number, cell in enumerate(cells):
        if number == MAX_CELLS or left <= 0:
            yield {"cell_type": "markdown", "metadata": {}, "source": MORE}
            return
        if len(cell["source"]) > MAX_CELL:
            cell["source"] = cell["source"][:MAX_CELL] + " […]"
        left -= len(cell["source"])
        yield cell


def _page(cells: list[dict[str, Any]], notebook: Notebook, record: Record) -> dict[str, Any]:
    """The notebook with our marks on its graded cells, each once, and what each came to below it."""
    marks = _source_marks(notebook)
    counted = _counted(cells)
    for at, cell in enumerate(cells):
        grade_id = grade_id_of(cell)
        if grade_id in marks and counted[grade_id] == at:
            kind, mark = marks[grade_id]
            cell["metadata"] = {"nbgrader": mark}
            _as_type(cell, kind)
        else:
            cell["metadata"] = {}
        if grade_id in record.grades and cell["cell_type"] == "code":
            text = cell_text(record.grades[grade_id])
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": text}]
    for grade_id, (kind, mark) in marks.items():
        if grade_id not in counted and (mark.get("grade") or mark.get("task")):
            missing: dict[str, Any] = {"cell_type": kind, "metadata": {"nbgrader": mark}}
            missing["source"] = MISSING if kind == "markdown" else "# not in the hand-in"
            _as_type(missing, kind)
            cells.append(missing)
    _show_found(cells, record)
    for at, cell in enumerate(cells):
        cell["id"] = f"cell-{at}"  # a student's own may be missing, or there twice
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": python}, "nbformat": 4, "nbformat_minor": 5}


def cell_text(grade: Grade) -> str:
    """A grade cell's outcome in plain text, safe for the student."""
    points = "needs review" if grade.points is None else f"{grade.points:g} of {grade.max_points:g} points"
    lines = [f"{grade.grade_id}: {points}", *([grade.comment] if grade.comment else [])]
    for case in grade.cases:
        lines.append(f"  {case.outcome:<7} {case.id}")
        if case.outcome == "failed":
            lines += [f"          {line}" for line in (*case.message.splitlines(), case.hint) if line]
    return "\n".join(lines) + "\n"


def _show_found(cells: Iterable[dict[str, Any]], record: Record) -> None:
    """Put an answer that was found elsewhere, or more than once, where the question is graded."""
    for cell in cells:
        grade_id = grade_id_of(cell)
        answer, here = record.answers.get(grade_id, ""), cell["source"].strip()
        if cell["cell_type"] != "markdown" or not answer or answer.split() == here.split():
            continue
        if doubt := record.grades[grade_id].doubt:
            cell["source"] = f"{answer}\n\n---\n\n*{doubt}*"


def _source_marks(notebook: Notebook) -> dict[str, tuple[str, dict[str, Any]]]:
    """grade id -> cell type and nbgrader's metadata, of the cells that formgrader shows as special."""
    found = {}
    for cell in raw_cells(notebook.path):
        mark = mark_of(cell)
        if mark.get("grade") or mark.get("solution") or mark.get("task"):
            found[mark["grade_id"]] = (cell["cell_type"], mark)
    return found


def _counted(cells: list[dict[str, Any]]) -> dict[str, int]:
    """grade id -> the place of the copy that counts: the last one with something written in it."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        grade_id = grade_id_of(cell)
        if grade_id and (grade_id not in found or not intake.is_placeholder(cell["source"])):
            found[grade_id] = at
    return found


def _as_type(cell: dict[str, Any], kind: str) -> None:
    cell["cell_type"] = kind
    if kind == "code":
        cell.setdefault("outputs", [])
        cell["execution_count"] = None
        cell.pop("attachments", None)
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _shown(cell: dict[str, Any]) -> dict[str, Any]:
    """A student's cell with only what is known to be harmless in a page."""
    kind = "code" if cell.get("cell_type") == "code" else "markdown"
    clean: dict[str, Any] = {"cell_type": kind, "source": text_in(cell)}
    clean["metadata"] = cell.get("metadata")
    if kind == "code":
        clean["outputs"] = harmless.outputs(cell)
        clean["execution_count"] = None
    elif pasted := harmless.pasted(cell):
        clean["attachments"] = pasted
    return clean
