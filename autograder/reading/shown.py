"""What a student handed in, as HTML that is safe to show: text, pasted pictures, code and what it printed.

The text is the record's. Pictures and printed text come from the notebook that `grade` wrote for the people
who read, in which only what is harmless is left.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from autograder.course.assignment import Assignment
from autograder.files import text_of
from autograder.intake import harmless
from autograder.intake.notebook_files import text_in
from autograder.notebook import grade_id_of
from autograder.reading.waiting import Waiting
from autograder.reports import markdown

FOLDER = "autograded"  # where the notebooks for people lie, as formgrader has them


def answer(waiting: Waiting, assignment: Assignment, out: Path) -> Markup:
    """The whole answer."""
    cell, home = assignment.cell(waiting.grade_id), out / FOLDER / waiting.student / assignment.name
    kind = cell.kind if cell else ""
    cells = _cells(home / f"{cell.notebook}.ipynb") if cell else []
    at = next((n for n, c in enumerate(cells) if grade_id_of(c) == waiting.grade_id), len(cells))
    found = cells[at] if at < len(cells) else {}
    if kind == "task" and (work := _work(waiting, cells[at:])):
        return work
    if kind == "code":
        code = Markup("<pre><code>{}</code></pre>").format(waiting.text or text_in(found))
        return code + outputs(found)
    if not waiting.text.strip():
        return Markup("<p><em>Nothing was found where the answer belongs.</em></p>")
    return markdown.html(waiting.text, harmless.pasted_as_urls(found))


def outputs(cell: dict[str, Any]) -> Markup:
    """What a cell printed and drew."""
    parts = []
    for output in harmless.outputs(cell):
        data = output.get("data", {})
        picture = next((kind for kind in harmless.DRAWN if kind in data), "")
        if picture:
            source = harmless.url(picture, data[picture])
            parts.append(Markup('<img src="{}" alt="a picture that this cell drew">').format(source))
        elif text := output.get("text") or data.get(harmless.TEXT):
            parts.append(markdown.as_typed(text))
    return Markup("").join(parts)


def _work(waiting: Waiting, cells: list[dict[str, Any]]) -> Markup:
    """The cells that the record has of a task, with what they printed and drew."""
    parts = []
    for found in cells:
        if grade_id_of(found) not in ("", waiting.grade_id):
            break
        source = text_in(found)
        if not source.strip() or source.strip() not in waiting.text:
            continue
        if found.get("cell_type") == "code":
            parts += [Markup("<pre><code>{}</code></pre>").format(source), outputs(found)]
        else:
            parts.append(markdown.html(source, harmless.pasted_as_urls(found)))
    return Markup("").join(parts)


def _cells(path: Path) -> list[dict[str, Any]]:
    """The notebook for people; empty if there is none."""
    try:
        cells = json.loads(text_of(path))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [c for c in cells if isinstance(c, dict)] if isinstance(cells, list) else []
