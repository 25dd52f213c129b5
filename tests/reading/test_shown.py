"""What a reader sees of a hand-in: text, pasted pictures, code and what it drew; nothing that runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.course.assignment import Assignment
from autograder.errors import RecordError
from autograder.gradebook.graded import Graded
from autograder.notebook import GradeCell, Notebook
from autograder.reading import shown
from autograder.reading.waiting import Waiting
from autograder.records.record import Grade
from autograder.runs import reading_room

PNG = "iVBORw0KGgo="
DRAWN = {"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {}}
PRINTED = {"output_type": "stream", "name": "stdout", "text": ["<b>3</b>", "\n"]}
CELLS = (
    GradeCell("text", "nb", 1.0, "inline", True),
    GradeCell("code", "nb", 1.0, "code", True),
    GradeCell("plot", "nb", 1.0, "task", True),
)


@pytest.fixture
def lesson(assignment: Assignment, tmp_path: Path) -> Assignment:
    import dataclasses

    return dataclasses.replace(assignment, notebooks=(Notebook("nb", tmp_path / "nb.ipynb", CELLS),))


def write(out: Path, lesson: Assignment, *cells: dict[str, Any]) -> None:
    path = out / "autograded/s001" / lesson.name / "nb.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")


def cell(kind: str, source: str, grade_id: str = "", **more: Any) -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {"cell_type": kind, "source": source, "metadata": metadata, **more}


def html(grade_id: str, text: str, lesson: Assignment, out: Path) -> str:
    grade = Grade(grade_id, "nb", None, 1.0, "needs_review")
    return str(shown.answer(Waiting("s001", text, grade, "k"), lesson, out))


def test_a_pasted_picture_is_shown(lesson: Assignment, tmp_path: Path) -> None:
    text = "See ![mine](attachment:a.png) and ![x](attachment:gone.png)"
    attached = {"a.png": {"image/png": PNG}}
    assert "<img" not in html("text", text, lesson, tmp_path)
    write(tmp_path, lesson, cell("markdown", text, "text", attachments=attached))
    page = html("text", text, lesson, tmp_path)
    assert f'src="data:image/png;base64,{PNG}"' in page
    assert "[picture: x" in page


def test_code_is_text_with_what_it_drew(lesson: Assignment, tmp_path: Path) -> None:
    outputs = [PRINTED, DRAWN, {"output_type": "display_data", "data": {"image/png": "no picture<"}}, 3]
    write(tmp_path, lesson, cell("code", "x = '<script>'", "code", outputs=outputs))
    page = html("code", "x = '<script>'", lesson, tmp_path)
    assert "<pre><code>x = &#39;&lt;script&gt;&#39;</code></pre>" in page
    assert "&lt;b&gt;3&lt;/b&gt;" in page
    assert page.count("<img") == 1
    assert "<script" not in page


def test_work_on_a_task_is_shown_with_what_it_drew(lesson: Assignment, tmp_path: Path) -> None:
    write(
        *(tmp_path, lesson, cell("markdown", "Plot it.", "plot")),
        cell("code", "plt.plot(losses)", outputs=[DRAWN]),
        cell("markdown", "It **falls**."),
        cell("code", "given()", outputs=[PRINTED]),
        cell("markdown", "Why?", "text"),
        cell("code", "plt.plot(losses)", outputs=[DRAWN, DRAWN]),
    )
    page = html("plot", "```python\nplt.plot(losses)\n```\n\n---\n\nIt **falls**.", lesson, tmp_path)
    assert page.count("<img") == 1
    assert "<strong>falls</strong>" in page
    assert "given()" not in page


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_found_is_said(lesson: Assignment, tmp_path: Path, text: str) -> None:
    assert "Nothing was found" in html("text", text, lesson, tmp_path)
    assert "Nothing was found" in html("plot", text, lesson, tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": 3}', '{"cells": [3]}'])
def test_a_notebook_that_is_none_costs_the_pictures_only(
    lesson: Assignment, tmp_path: Path, content: str
) -> None:
    write(tmp_path, lesson)
    (tmp_path / "autograded/s001" / lesson.name / "nb.ipynb").write_text(content)
    assert "<p>Because.</p>" in html("text", "Because.", lesson, tmp_path)
    assert "<strong>falls</strong>" in html("plot", "It **falls**.", lesson, tmp_path)


def test_the_server_is_started_where_results_are(assignment: Assignment, out: Path, tmp_path: Path) -> None:
    reading_room.prepare(Graded(assignment, out))
    assert str(assignment.root) in (out / "nbgrader_config.py").read_text(encoding="utf-8")
    command = reading_room.command(["--port=9000"])
    assert command[1:4] == ["-m", "jupyter", "server"]
    assert "--ServerApp.ip=127.0.0.1" in command
    assert command[-1] == "--port=9000"
    with pytest.raises(RecordError, match="no records; run autograder grade first"):
        reading_room.prepare(Graded(assignment, tmp_path / "nothing"))
