"""Formgrader's page of a hand-in: a student's text made harmless, the rubric below each answer."""

from __future__ import annotations

import html
import re
from importlib.resources import files
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from traitlets import Unicode

from autograder.answers.question import Question
from autograder.answers.verdict import judge
from autograder.course import assignment as course
from autograder.course.course import find
from autograder.errors import CourseError
from autograder.notebook import grade_id_of

MARKS = {"met": "✓", "not met": "✗", "unsure": "?"}
TAGS = (
    *("a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol"),
    *("p", "pre", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
)


class GradersPage(Preprocessor):
    """Part of formgrader's exporter: harmless text, and the rubric below each answer."""

    course = Unicode("", help="the course's folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        clean = SanitizeHTML(tags=list(TAGS))
        for at, cell in enumerate(nb.cells):
            clean.preprocess_cell(cell, resources, at)
            if cell.cell_type == "markdown":
                cell.source = _readable(cell.source)
        if "submission_id" in resources:  # formgrader's own page, not feedback
            self._add_rubrics(nb, resources)
        return nb, resources

    def _add_rubrics(self, nb: NotebookNode, resources: ResourcesDict) -> None:
        style = (files("autograder.bridge") / "formgrader.css").read_text(encoding="utf-8")
        top = f"<style>\n{style}</style>"
        try:
            assignment = course.load(
                resources["assignment_id"], find(Path(self.course) if self.course else None)
            )
        except CourseError as error:
            nb.cells.insert(
                0, new_markdown_cell(f'{top}\n<div class="rubric">{html.escape(str(error))}</div>')
            )
            return
        answers = {
            grade_id_of(c): html.unescape(c.source)
            for c in nb.cells
            if c.cell_type == "markdown" and grade_id_of(c)
        }
        cells = [new_markdown_cell(top)]
        for cell in nb.cells:
            cells.append(cell)
            question = assignment.question(grade_id_of(cell))
            if question is not None:
                cells.append(new_markdown_cell(rubric_note(question, answers.get(question.grade_id, ""))))
        nb.cells = cells


def _readable(source: str) -> str:
    """Undo the escapes that no browser needs: "x < 0" and a quote's ">" stay as the student typed them."""
    return re.sub(r"&lt;(?=[\s\d=.-])", "<", source.replace("&gt;", ">"))


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
            f"<td><b>{html.escape(criterion.title)}</b><br>{html.escape(said)}</td>",
            f"<td>{html.escape(criterion.full)}</td>",
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "<tr><th></th><th>points</th><th>criterion, and what was found</th><th>a full answer</th></tr>"
    how = (
        "The grey number in the score box is the proposal. <b>Resolve</b> confirms it; a number you type "
        "counts in its place. Students see your comment, and the titles of the criteria, but not this table."
    )
    return (
        f'<div class="rubric"><p><b>Rubric</b>, {question.points:g} points. '
        f"{html.escape(question.answer)}</p><table>{head}{''.join(rows)}</table><p>{how}</p></div>"
    )
