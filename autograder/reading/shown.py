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
from autograder.notebook import grade_id_of
from autograder.reading.waiting import Waiting
from autograder.reports import markdown

FOLDER = "autograded"  # where the notebooks for people lie, as formgrader has them
PICTURES = ("image/png", "image/jpeg")


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
        code = Markup("<pre><code>{}</code></pre>").format(waiting.text or _text(found.get("source", "")))
        return code + outputs(found.get("outputs", ()))
    if not waiting.text.strip():
        return Markup("<p><em>Nothing was found where the answer belongs.</em></p>")
    return markdown.html(waiting.text, _pasted(found))


def outputs(found: Any) -> Markup:
    """What a cell printed and drew."""
    parts = []
    for output in found if isinstance(found, list) else ():
        if not isinstance(output, dict):
            continue
        bundle = output.get("data")
        data: dict[str, Any] = bundle if isinstance(bundle, dict) else {}
        picture = next((kind for kind in PICTURES if kind in data), "")
        source = f"data:{picture};base64,{''.join(_text(data.get(picture)).split())}"
        if picture and markdown.PICTURE.fullmatch(source):
            parts.append(Markup('<img src="{}" alt="a picture that this cell drew">').format(source))
        elif text := _text(output.get("text") or data.get("text/plain")):
            parts.append(markdown.as_typed(text))
    return Markup("").join(parts)


def _work(waiting: Waiting, cells: list[dict[str, Any]]) -> Markup:
    """The cells that the record has of a task, with what they printed and drew."""
    parts = []
    for found in cells:
        if grade_id_of(found) not in ("", waiting.grade_id):
            break
        source = _text(found.get("source"))
        if not source.strip() or source.strip() not in waiting.text:
            continue
        if found.get("cell_type") == "code":
            parts += [Markup("<pre><code>{}</code></pre>").format(source), outputs(found.get("outputs"))]
        else:
            parts.append(markdown.html(source, _pasted(found)))
    return Markup("").join(parts)


def _cells(path: Path) -> list[dict[str, Any]]:
    """The notebook for people; empty if there is none."""
    try:
        cells = json.loads(text_of(path))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [c for c in cells if isinstance(c, dict)] if isinstance(cells, list) else []


def _pasted(cell: dict[str, Any]) -> dict[str, str]:
    """The pictures pasted into a cell; what is no picture is left out when they are shown."""
    bundles = cell.get("attachments")
    return {
        str(name): f"data:{kind};base64,{_text(data)}"
        for name, bundle in (bundles.items() if isinstance(bundles, dict) else ())
        for kind, data in (bundle.items() if isinstance(bundle, dict) else ())
    }


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(map(str, value))
    return value if isinstance(value, str) else ""
