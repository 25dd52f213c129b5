"""Formgrader's page of a hand-in: a student's text made harmless, the rubric below each answer."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import DictLoader
from markupsafe import Markup
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.server_extensions import formgrader

from autograder.answers.question import Question
from autograder.answers.verdict import judge
from autograder.bridge.of_course import OfCourse
from autograder.errors import CourseError
from autograder.files import text_of
from autograder.intake.harmless import pasted_as_urls
from autograder.notebook import grade_id_of
from autograder.reports import markdown

MARKS = {"met": "✓", "not met": "✗", "unsure": "?"}
WHO = ("student", "first_name", "last_name")  # who a page is about
MACROS = "formgrade_macros.html.j2"  # formgrader's template that holds its scripts
SCRIPT = re.compile(r"<script(?=[\s>])")
HANDLER = re.compile(r'\bonclick="([^"]*)"')
# In the place of nbconvert's part that loads MathJax from the network, which obeys \href{javascript:...}:
# formulas are MathML, and the page may load nothing that does not come from its own server.
HEAD = """{% macro mathjax() %}
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; script-src RULES; base-uri 'none';
 object-src 'none'; frame-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;
 font-src 'self' data:">
{% endmacro %}"""


def _templates() -> dict[str, str]:
    """Formgrader's templates with a policy that lets its own scripts run and none besides: they carry a
    number that is drawn for each exporter, and its handlers of clicks are named by their hash."""
    folder = Path(formgrader.__file__).parent / "templates/formgrade"
    text, nonce = text_of(folder / MACROS), secrets.token_urlsafe(16)
    hashes = [base64.b64encode(hashlib.sha256(h.encode()).digest()).decode() for h in HANDLER.findall(text)]
    rules = " ".join([f"'nonce-{nonce}'", "'unsafe-hashes'", *(f"'sha256-{each}'" for each in hashes)])
    return {
        MACROS: SCRIPT.sub(f'<script nonce="{nonce}"', text),
        "mathjax.html.j2": HEAD.replace("RULES", rules),
    }


class GradersPage(OfCourse, Preprocessor):
    """Part of formgrader's exporter: what a student wrote made harmless, and the rubric below each answer."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        if self.parent is not None:  # formgrader's exporter
            self.parent.extra_loaders = [DictLoader(_templates())]

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        for name in WHO:  # nbgrader's template does not escape them, and a hand-in's folder may be called so
            if name in resources:
                resources[name] = html.escape(str(resources[name] or ""))
        answers = {grade_id_of(c): c.source for c in nb.cells if c.cell_type == "markdown"}
        clean = SanitizeHTML()
        for at, cell in enumerate(nb.cells):
            if cell.cell_type == "markdown":
                cell.source = markdown.html(cell.source, pasted_as_urls(cell))
            else:
                clean.preprocess_cell(cell, resources, at)
        if "submission_id" in resources:  # formgrader's own page, not feedback
            self._add_rubrics(nb, resources, answers)
        return nb, resources

    def _add_rubrics(self, nb: NotebookNode, resources: ResourcesDict, answers: dict[str, str]) -> None:
        style = (files("autograder.bridge") / "formgrader.css").read_text(encoding="utf-8")
        top = f"<style>\n{style}</style>"
        try:
            assignment = self.assignment_called(resources["assignment_id"])
        except CourseError as error:
            nb.cells.insert(0, _ours(f'{top}\n<div class="rubric">{html.escape(str(error))}</div>'))
            return
        cells = [_ours(top)]
        for cell in nb.cells:
            cells.append(cell)
            question = assignment.question(grade_id_of(cell))
            if question is not None:
                cells.append(_ours(rubric_note(question, answers.get(question.grade_id, ""))))
        nb.cells = cells


def shown(source: str) -> str:
    """In the place of nbconvert's own filter `markdown2html`. What is HTML by now is so by our own hand."""
    return source if isinstance(source, Markup) else markdown.html(source)


def _ours(source: str) -> NotebookNode:
    cell: NotebookNode = new_markdown_cell()
    cell.source = Markup(source)
    return cell


def rubric_note(question: Question, answer: str) -> str:
    """The rubric of a question as HTML, with what it makes of the answer."""
    judgement = judge(question, answer)
    rows = []
    for criterion in question.criteria:
        verdict = judgement.verdicts[criterion.id]
        said = verdict.message.removeprefix(f"{criterion.title}: ")
        cells = (
            f'<td class="{verdict.outcome.replace(" ", "-")}">{MARKS[verdict.outcome]}</td>',
            f"<td>{criterion.points:g}</td>",
            f"<td><b>{markdown.inline(criterion.title)}</b><br>{markdown.inline(said)}</td>",
            f"<td>{markdown.html(criterion.full)}</td>",
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "<tr><th></th><th>points</th><th>criterion, and what was found</th><th>a full answer</th></tr>"
    how = (
        "Type the points into the score box; a grey number there is a proposal, which <b>Resolve</b> "
        "confirms. Students see your comment, but not this table."
    )
    return (
        f'<div class="rubric"><p><b>Rubric</b>, {question.points:g} points.</p>'
        f"{markdown.html(question.answer)}<table>{head}{''.join(rows)}</table><p>{how}</p></div>"
    )
