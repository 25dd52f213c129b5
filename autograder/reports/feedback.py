"""A student's feedback: one self-contained HTML page."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from autograder.course import Assignment
from autograder.record import Record


@cache
def _template(name: str) -> Template:
    loader = PackageLoader("autograder.reports", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(name)


def render(record: Record, assignment: Assignment) -> str:
    """The page. Everything a student wrote is escaped; nothing but the record is shown."""
    notebooks = [
        (
            notebook.name,
            [record.grades[cell.grade_id] for cell in notebook.cells if cell.grade_id in record.grades],
        )
        for notebook in assignment.notebooks
    ]
    return _template("feedback.html").render(record=record, assignment=assignment, notebooks=notebooks)
