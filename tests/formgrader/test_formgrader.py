"""The notebooks that formgrader opens, and what is added when it makes a page of one."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.bridge import formgrader
from autograder.bridge.formgrader import publish
from autograder.bridge.page import GradersPage, shown
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.intake import Submission, harmless
from autograder.records import record
from autograder.records.record import Record
from autograder.reports import markdown

from .conftest import DOUBTFUL, QUESTION, hand_in

NOTEBOOK = "two_layer_net"
SECRETS = (
    "a unit whose inputs are all negative",
    "on either side the curve is flat",
    "keeps a small slope for",
)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


@pytest.fixture
def graded(graded_class: Path) -> Record:
    return record.load(graded_class / "out/records/s002.json")


def published(out: Path, assignment: Assignment, graded: Record, cells: list[Any] | None) -> NotebookNode:
    notebooks = {} if cells is None else {NOTEBOOK: json.dumps({"cells": cells}).encode()}
    publish(out, assignment, Submission("s002", notebooks=notebooks), graded)
    path = out / f"autograded/s002/assignment1/{NOTEBOOK}.ipynb"
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    return found


def cell(grade_id: str, source: str, kind: str = "markdown", **mark: object) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {"nbgrader": {"grade_id": grade_id, **mark}}, "source": source}


def marks(nb: NotebookNode) -> dict[str, Any]:
    return {c.metadata.nbgrader.grade_id: c for c in nb.cells if "nbgrader" in c.metadata}


def test_every_graded_cell_is_there_with_the_points_of_the_source(
    tmp_path: Path, assignment: Assignment, graded: Record
) -> None:
    forged = cell(QUESTION, "mine", points=1000, grade=False, solution=False)
    found = marks(published(tmp_path, assignment, graded, [forged]))
    assert set(found) >= {c.grade_id for c in assignment.grade_cells}
    assert found[QUESTION].metadata.nbgrader.points == 2
    assert found[QUESTION].metadata.nbgrader.grade
    assert found[QUESTION].source == "mine"
    assert found["affine_forward"].source == "# not in the hand-in"


def test_of_a_duplicated_cell_the_one_that_counts_is_graded(
    tmp_path: Path, assignment: Assignment, graded: Record
) -> None:
    copies = [cell(QUESTION, "first"), cell(QUESTION, "second"), cell(QUESTION, "*Your answer here.*")]
    nb = published(tmp_path, assignment, graded, copies)
    assert marks(nb)[QUESTION].source == "second"
    assert [c.source for c in nb.cells[:3]] == ["first", "second", "*Your answer here.*"]


@pytest.mark.parametrize("cells", [None, [], [{"cell_type": "raw", "source": 3, "metadata": None}]])
def test_a_notebook_with_little_in_it_can_be_graded(
    tmp_path: Path, assignment: Assignment, graded: Record, cells: list[Any] | None
) -> None:
    found = marks(published(tmp_path, assignment, graded, cells))
    assert found[QUESTION].source == "(not in the hand-in)"


def test_outputs_that_could_run_code_are_left_out(
    tmp_path: Path, assignment: Assignment, graded: Record
) -> None:
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": ["plain ", "text"]},
        {"output_type": "display_data", "data": {"text/html": "<script>1</script>", "text/plain": "a table"}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload='alert(1)'/>"}},
        {"output_type": "execute_result", "data": {"image/png": "aGk="}, "metadata": {"x": 1}},
        {"output_type": "error", "ename": "E", "traceback": ["\x1b[31m"]},
        "junk",
    ]
    code = {"cell_type": "code", "metadata": {}, "source": "plot()", "outputs": outputs}
    nb = published(tmp_path, assignment, graded, [code])
    assert nb.cells[0].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "plain text"},
        {"output_type": "display_data", "data": {"text/plain": "a table"}, "metadata": {}},
        {"output_type": "display_data", "data": {"image/png": "aGk="}, "metadata": {}},
    ]


def test_huge_outputs_are_cut(
    tmp_path: Path, assignment: Assignment, graded: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harmless, "MAX_OUTPUT", 1000)
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 600}
    code = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [stream, stream]}
    assert len(published(tmp_path, assignment, graded, [code]).cells[0].outputs) == 1


def test_a_test_cell_shows_what_it_came_to(out: Path) -> None:
    nb = nbformat.read(out / f"autograded/s001/assignment1/{NOTEBOOK}.ipynb", as_version=4)
    [output] = marks(nb)["affine_forward"].outputs
    assert output.text.startswith("affine_forward: 0 of 2 points")


def test_nothing_is_written_again_while_nothing_changes(
    out: Path, assignment: Assignment, submitted: Path
) -> None:
    path = out / f"autograded/s001/assignment1/{NOTEBOOK}.ipynb"
    before = path.stat().st_mtime_ns
    notebooks = {NOTEBOOK: (submitted / f"s001/assignment1/{NOTEBOOK}.ipynb").read_bytes()}
    publish(out, assignment, Submission("s001", notebooks=notebooks), record.load(out / "records/s001.json"))
    assert path.stat().st_mtime_ns == before


def test_settings_are_made_once_and_name_another_gradebook(tmp_path: Path) -> None:
    formgrader.settings(tmp_path, course.load("assignment1"), "postgresql://u:p@127.0.0.1/grades")
    path = tmp_path / "nbgrader_config.py"
    assert "c.CourseDirectory.db_url = 'postgresql://u:p@127.0.0.1/grades'" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("# mine")
    formgrader.settings(tmp_path, course.load("assignment1"))
    assert path.read_text() == "# mine"


def test_the_settings_can_be_read(tmp_path: Path) -> None:
    formgrader.settings(tmp_path, course.load("assignment1"))
    config = Config()
    exec((tmp_path / "nbgrader_config.py").read_text(), {"get_config": lambda: config})
    assert config.HTMLExporter.preprocessors == [GradersPage]
    assert config.HTMLExporter.filters == {"markdown2html": shown}
    steps = [step.__name__ for step in config.Autograde.autograde_preprocessors]
    assert "EnterRecord" in steps
    assert "Execute" not in steps


def page(answer: str, **resources: str) -> NotebookNode:
    source = nbformat.v4.new_markdown_cell(answer, metadata={"nbgrader": {"grade_id": QUESTION}})
    nb = nbformat.v4.new_notebook(cells=[source])
    return GradersPage().preprocess(nb, ResourcesDict(**resources))[0]


def test_the_rubric_stands_below_the_answer_in_formgrader_only() -> None:
    nb = page(DOUBTFUL, submission_id="1", assignment_id="assignment1")
    assert nb.cells[0].source.startswith("<style>")
    assert nb.cells[1].source == markdown.html(DOUBTFUL)
    assert all(secret in nb.cells[2].source for secret in SECRETS)
    assert "**" not in re.sub(r"<style>.*?</style>", "", nb.cells[2].source, flags=re.S)  # no raw Markdown
    assert '<td class="unsure">?</td><td>0.4</td>' in nb.cells[2].source
    assert len(page(DOUBTFUL).cells) == 1


def test_a_students_text_is_harmless_and_readable() -> None:
    harmful = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    [answer] = page(f"x < 0 and 1 <2\n\n> quoted\n\n{harmful} **bold** <b>b</b> $x^2$").cells
    assert "x &lt; 0 and 1 &lt;2" in answer.source
    assert "<blockquote>" in answer.source
    assert "&lt;script&gt;alert(1)" in answer.source
    assert "<strong>bold</strong> <b>b</b> <math" in answer.source


@pytest.fixture(scope="module")
def exported() -> str:
    """A page as formgrader makes it."""
    config = Config()
    formgrader.configure(config)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    pasted = {"a.png": {"image/png": "aGk="}}
    cells = [
        nbformat.v4.new_markdown_cell("see ![mine](attachment:a.png) ", attachments=pasted),
        nbformat.v4.new_markdown_cell(r"$5 and \href{javascript:alert(1)}{x}$7 [x](javascript:alert(2))"),
        nbformat.v4.new_raw_cell("<script>alert(3)</script>"),
    ]
    resources = {"base_url": "", "last_name": "", "first_name": None, "notebook_path": ""}
    resources["student"] = "<img src=x onerror=alert(4)>"
    resources |= {"submission_id": "1", "assignment_id": "assignment1", "notebook_id": NOTEBOOK}
    nb = nbformat.v4.new_notebook(cells=cells)
    made, _ = HTMLExporter(config=config).from_notebook_node(
        nb, resources={**resources, "index": 0, "total": 1}
    )
    return str(made)


def test_formgraders_page_loads_nothing_from_elsewhere_and_no_mathjax(exported: str) -> None:
    assert "MathJax" not in exported
    assert "//cdnjs" not in exported
    assert "default-src 'self'" in exported


def test_formgraders_own_scripts_run_and_no_others(exported: str) -> None:
    [rules] = re.findall(r"script-src ([^;]*);", exported)
    nonce, *rest = rules.split()
    assert re.fullmatch(r"'nonce-[\w-]{16,}'", nonce)
    assert "'unsafe-hashes'" in rest
    assert not {"'self'", "'unsafe-inline'", "'unsafe-eval'"} & set(rest)
    number = nonce[7:-1]
    own = re.findall(r"<script[^>]*>", exported)
    assert len([tag for tag in own if f'nonce="{number}"' in tag]) >= 10
    for handler in set(re.findall(r'onclick="([^"]*)"', exported)):
        assert f"'sha256-{b64encode(sha256(handler.encode()).digest()).decode()}'" in rest


def test_formgraders_page_shows_what_students_wrote_through_our_filter(exported: str) -> None:
    assert '<img alt="mine" src="data:image/png;base64,aGk="/>' in exported
    assert 'href="javascript' not in exported
    assert "[x](javascript:alert(2))" in exported
    assert "<script>alert(3)" not in exported
    assert "<img src=x" not in exported
    assert '<div class="rubric">' not in exported  # no question here
    assert "div.rubric {" in exported  # our own style is not escaped


def test_pictures_pasted_into_an_answer_are_kept_and_nothing_else(
    tmp_path: Path, assignment: Assignment, graded: Record
) -> None:
    bundles = {
        "a.png": {"image/png": ["aG", "k="]},
        "b.svg": {"image/svg+xml": "aGk="},
        "c.png": {"image/png": '"><script>'},
        "d.png": "junk",
    }
    answer = {**cell(QUESTION, "![x](attachment:a.png)"), "attachments": bundles}
    nb = published(tmp_path, assignment, graded, [answer])
    assert marks(nb)[QUESTION].attachments == {"a.png": {"image/png": "aGk="}}


def test_a_picture_that_is_no_picture_is_left_out(
    tmp_path: Path, assignment: Assignment, graded: Record
) -> None:
    outputs = [{"output_type": "display_data", "data": {"image/png": '"><script>alert(1)</script>'}}]
    code = {"cell_type": "code", "metadata": {}, "source": "plot()", "outputs": outputs}
    assert published(tmp_path, assignment, graded, [code]).cells[0].outputs == []


def test_formgrader_finds_the_assignment(tmp_path: Path) -> None:
    formgrader.settings(tmp_path, course.load("assignment1"))
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    assert NbGraderAPI(CourseDirectory(config=config), config=config).get_source_assignments() == {
        "assignment1"
    }


def test_a_choice_that_is_settled_is_marked_in_the_rubric() -> None:
    nb = page("1 and 2.", submission_id="1", assignment_id="assignment1")
    assert '<td class="met">✓</td><td>1</td>' in nb.cells[2].source
    assert '<td class="not-met">✗</td><td>0.4</td>' in nb.cells[2].source


def test_a_course_that_does_not_load_is_said() -> None:
    nb = page(DOUBTFUL, submission_id="1", assignment_id="assignment9")
    assert "assignments: expected one of assignment1, assignment2, got" in nb.cells[0].source
    assert nb.cells[1].source == markdown.html(DOUBTFUL)


def test_the_rubric_is_in_no_file_that_students_may_see(out: Path) -> None:
    for path in out.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [s for s in SECRETS if s.encode() in data], path


def test_a_hand_in_that_changed_is_published_again(submitted: Path, out: Path) -> None:
    from .conftest import grade

    hand_in(submitted, "s001", {QUESTION: "Another answer, about the sigmoid."})
    grade(submitted, out)
    nb = nbformat.read(out / f"autograded/s001/assignment1/{NOTEBOOK}.ipynb", as_version=4)
    assert marks(nb)[QUESTION].source == "Another answer, about the sigmoid."
