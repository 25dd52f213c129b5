"""Cells that a person grades, code and nbgrader's tasks: released, found, graded by hand, and counted."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api

from autograder import intake
from autograder.bridge.formgrader import notebook_of
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, ReleaseError
from autograder.gradebook.book import Gradebook
from autograder.gradebook.decisions import decided
from autograder.gradebook.url import sqlite_url
from autograder.intake.given import given
from autograder.judge.scoring import doubted, judge_inline
from autograder.notebook import Cell, mark_scheme_of, question_text
from autograder.records.record import Grade, Hashes, Record
from autograder.release import verify
from autograder.release.build import build
from autograder.release.verify import released_submission
from autograder.reports import feedback

from .conftest import Course, code, mark, markdown

SCHEME = "Both axes are labelled and a legend names the two runs."
TASK = f"Plot the loss of both runs.\n\n=== BEGIN MARK SCHEME ===\n{SCHEME}\n=== END MARK SCHEME ==="
PICTURE = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}, "metadata": {}}


def task(**more: Any) -> dict[str, Any]:
    made = mark("plot", "markdown", locked=True, points=2)
    return markdown("task", TASK, nbgrader={**made, "task": True, **more})


@pytest.fixture
def by_hand(demo: Course) -> Course:
    demo.cell("search")["metadata"]["nbgrader"] = mark("search", grade=True, solution=True, points=3)
    demo.notebook["cells"].append(task())
    demo.save()
    return demo


@pytest.fixture
def assignment(by_hand: Course, quiet: Callable[[str], None]) -> Assignment:
    build("demo", by_hand.root, quiet)
    given.cache_clear()
    return course.load("demo", by_hand.root)


def handed_in(assignment: Assignment, change: Callable[[list[dict[str, Any]]], None]) -> intake.Submission:
    """The release with something done to the notebook's cells."""
    content = json.loads((assignment.release_folder / "Intro.ipynb").read_text(encoding="utf-8"))
    change(content["cells"])
    return intake.arrange("s001", {"Intro.ipynb": json.dumps(content).encode()}, assignment)


def by_id(cells: list[dict[str, Any]], id: str) -> dict[str, Any]:
    return next(cell for cell in cells if cell["id"] == id)


def grades(assignment: Assignment, submission: intake.Submission) -> dict[str, Grade]:
    """What grading makes of the cells that a person reads."""
    assert submission.answers is not None
    found = {}
    for cell in assignment.grade_cells:
        if cell.manual:
            grade = judge_inline(cell, submission.answers.texts.get(cell.grade_id), True)
            why = submission.answers.doubts.get(cell.grade_id)
            found[cell.grade_id] = doubted(grade, why) if why else grade
    return found


def test_such_cells_have_points(assignment: Assignment) -> None:
    cells = {cell.grade_id: (cell.kind, cell.manual, cell.points) for cell in assignment.grade_cells}
    assert cells["search"] == ("code", True, 3.0)
    assert cells["plot"] == ("task", True, 2.0)
    assert assignment.max_points == 8.0


def test_the_release_has_the_task_and_not_its_mark_scheme(by_hand: Course, assignment: Assignment) -> None:
    assert "".join(by_hand.released_cell("task")["source"]).strip() == "Plot the loss of both runs."
    assert SCHEME not in by_hand.released("Intro.ipynb")
    cell = Cell("plot", 2.0, assignment.notebooks[0].path)
    assert mark_scheme_of(cell) == SCHEME
    assert question_text(cell) == "Plot the loss of both runs."


def test_a_mark_scheme_anywhere_else_is_refused(by_hand: Course, quiet: Callable[[str], None]) -> None:
    by_hand.cell("title")["source"] = f"# Intro\n\n{SCHEME}"
    by_hand.save()
    with pytest.raises(ReleaseError, match="plot"):
        build("demo", by_hand.root, quiet)


def test_half_a_mark_scheme_is_refused(by_hand: Course, quiet: Callable[[str], None]) -> None:
    by_hand.cell("task")["source"] = TASK.replace("=== END MARK SCHEME ===", "")
    by_hand.save()
    with pytest.raises(ReleaseError, match="expected no mark in a text cell"):
        build("demo", by_hand.root, quiet)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": None}, "nbgrader.points of plot: expected a number, 0 or more, got"),
        ({"grade_id": ""}, "nbgrader.grade_id: expected letters, digits"),
        ({"task": "yes"}, "nbgrader.task: expected true or false"),
    ],
)
def test_a_wrong_task_is_said(demo: Course, change: dict[str, Any], message: str) -> None:
    demo.notebook["cells"].append(task(**change))
    demo.save()
    with pytest.raises(CourseError, match=message):
        course.load("demo", demo.root)


def test_a_task_of_code_is_said(demo: Course) -> None:
    demo.notebook["cells"].append({**code("task", "1"), "metadata": task()["metadata"]})
    demo.save()
    with pytest.raises(CourseError, match="plot: expected a Markdown cell for a task, got 'code'"):
        course.load("demo", demo.root)


def test_verify_holds(by_hand: Course, assignment: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    def grade(assignment: Assignment, submission: intake.Submission) -> Record:
        answers = intake.read_answers(assignment, submission.notebooks)
        right = 2.0 if submission.student == "solved" else 0.0
        tested = {"scale_forward": Grade("scale_forward", "Intro", right, 2.0, "graded")}
        read = grades(assignment, intake.Submission(submission.student, answers=answers))
        return Record(submission.student, "demo", "none", Hashes("", "", ""), {**tested, **read})

    monkeypatch.setattr(verify, "_grade", grade)
    monkeypatch.setattr(verify, "run_notebooks", lambda *_: {})
    found = verify.verify(course.load("demo", by_hand.root), progress=lambda _: None)
    assert {g.grade_id: g.points for g in found.untouched.grades.values()} == {
        "scale_forward": 0.0,
        "search": 0.0,
        "inline_Intro_1": 0.0,
        "plot": 0.0,
    }
    assert found.solved.waiting == ["search", "inline_Intro_1", "plot"]


def test_an_untouched_cell_earns_nothing(assignment: Assignment) -> None:
    found = grades(assignment, released_submission(assignment))
    assert {g.state for g in found.values()} == {"graded"}
    assert sum(g.points or 0.0 for g in found.values()) == 0.0


def test_code_that_a_student_wrote_needs_review(assignment: Assignment) -> None:
    def write(cells: list[dict[str, Any]]) -> None:
        by_id(cells, "search")["source"] = "best = 3  # *mine*"

    submission = handed_in(assignment, write)
    grade = grades(assignment, submission)["search"]
    assert (grade.state, grade.points) == ("needs_review", None)
    assert submission.answers is not None
    assert submission.answers.texts["search"] == "best = 3  # *mine*"


def test_work_below_a_task_is_found(assignment: Assignment) -> None:
    def work(cells: list[dict[str, Any]]) -> None:
        at = cells.index(by_id(cells, "task"))
        cells[at + 1 : at + 1] = [
            {**code("own", "plt.plot(losses)"), "outputs": [PICTURE]},
            markdown("own-2", "The **second** run learns faster."),
        ]

    submission = handed_in(assignment, work)
    assert submission.answers is not None
    assert submission.answers.texts["plot"] == (
        "```python\nplt.plot(losses)\n```\n\n---\n\nThe **second** run learns faster."
    )
    assert submission.answers.texts["inline_Intro_1"] == ""  # what was done for a task answers no question
    assert grades(assignment, submission)["plot"].state == "needs_review"


def test_work_in_the_tasks_own_cell_is_found(assignment: Assignment) -> None:
    submission = handed_in(
        assignment, lambda cells: by_id(cells, "task").update(source="Plot the loss.\n\nIt falls.")
    )
    assert submission.answers is not None
    assert "It falls." in submission.answers.texts["plot"]


@pytest.mark.parametrize("done", ["ran", "elsewhere"])
def test_a_task_is_never_a_silent_zero(assignment: Assignment, done: str) -> None:
    def work(cells: list[dict[str, Any]]) -> None:
        if done == "ran":
            by_id(cells, "check").update(execution_count=1)
        else:
            cells.insert(1, code("own", "plt.plot(losses)"))

    grade = grades(assignment, handed_in(assignment, work))["plot"]
    assert (grade.state, grade.points) == ("needs_review", None)
    assert "nothing of yours was found below this task" in grade.comment


def test_a_task_whose_cell_is_gone_needs_review(assignment: Assignment) -> None:
    def work(cells: list[dict[str, Any]]) -> None:
        cells.remove(by_id(cells, "task"))
        cells.append(markdown("own", "It falls."))

    assert grades(assignment, handed_in(assignment, work))["plot"].state == "needs_review"


def test_points_of_a_person_count_everywhere(assignment: Assignment, tmp_path: Path) -> None:
    def work(cells: list[dict[str, Any]]) -> None:
        by_id(cells, "search")["source"] = "best = 3"
        cells.append(markdown("own", "It falls."))

    submission = handed_in(assignment, work)
    assert submission.answers is not None
    one = Record(
        *("s001", "demo", "none", Hashes("", "", ""), grades(assignment, submission)),
        answers=dict(submission.answers.texts),
    )
    url = sqlite_url(tmp_path / "gradebook.db")
    with Gradebook(url, assignment) as book:
        book.write(one)
        assert book.catch_up([one]) == 0  # as it should be at once
        book.decide(["s001"], "plot", 1.5, "No legend.")
        book.decide(["s001"], "search", 2.0)
    with api.Gradebook(url) as theirs:
        submitted = theirs.find_submission("demo", "s001")
        assert (submitted.score, submitted.max_score) == (3.5, 8.0)
        assert theirs.find_grade("plot", "Intro", "demo", "s001").manual_score == 1.5
        assert theirs.find_comment("plot", "Intro", "demo", "s001").manual_comment == "No legend."
    [shown] = decided([one], url, assignment)
    assert shown.points == 3.5
    page = feedback.render(shown, assignment)
    assert "Task 1" in page
    assert "No legend." in page
    assert "<pre>best = 3</pre>" in page


def test_formgrader_shows_a_task(assignment: Assignment) -> None:
    submission = handed_in(assignment, lambda cells: cells.append(markdown("own", "It falls.")))
    record = Record("s001", "demo", "none", Hashes("", "", ""), grades(assignment, submission))
    [notebook] = assignment.notebooks
    page = copy.deepcopy(notebook_of(submission, notebook, record))
    marked = [cell for cell in page["cells"] if cell["metadata"].get("nbgrader", {}).get("task")]
    assert [cell["metadata"]["nbgrader"]["grade_id"] for cell in marked] == ["plot"]
    assert SCHEME not in json.dumps(page)
