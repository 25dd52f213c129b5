"""A fault over one student, in any stage that goes through a class, stops no other student."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from autograder.bridge import formgrader
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import GradebookError, alone, apart
from autograder.gradebook import decisions
from autograder.gradebook.book import Gradebook
from autograder.gradebook.graded import UNCLAIMED, Graded
from autograder.gradebook.url import sqlite_url
from autograder.records import record
from autograder.records.record import Grade, Hashes, Record
from autograder.reports import class_report, exports, feedback, gradescope, junit
from autograder.runs import publish

NAME, NOTEBOOK = "assignment1", "two_layer_net"
STUDENTS = ("s001", "s002", "s003")
BAD = "s002"


def graded_one(student: str, points: float = 1.0) -> Record:
    cells = course.load(NAME).grade_cells
    grades = {c.grade_id: Grade(c.grade_id, NOTEBOOK, points, c.points, "graded") for c in cells}
    return Record(student, NAME, "none", Hashes("", "", ""), grades)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load(NAME)


@pytest.fixture
def graded(tmp_path: Path, assignment: Assignment) -> Graded:
    with Gradebook(sqlite_url(tmp_path / "gradebook.db"), assignment) as book:
        for student in STUDENTS:
            record.save(graded_one(student), tmp_path / "records")
            book.write(graded_one(student))
    return Graded(assignment, tmp_path)


def failing(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same, but not for BAD."""

    def instead(*values: Any, **more: Any) -> Any:
        for value in values:
            listed = value if isinstance(value, list) else [value]
            if any(getattr(one, "student", one) == BAD for one in listed):
                raise ZeroDivisionError("over one student")
        return call(*values, **more)

    return instead


STAGES: dict[str, tuple[Any, str]] = {
    "what was entered": (decisions, "laid_over"),
    "the feedback page": (feedback, "render"),
    "the class report": (class_report, "_without_cases"),
    "the score": (class_report, "needed"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_pages(stage: str, graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name = STAGES[stage]
    publish.write_pages(graded)
    old = (graded.out / f"feedback/{BAD}.html").read_text()
    monkeypatch.setattr(where, name, failing(getattr(where, name)))
    publish.write_pages(graded)
    assert list(graded.faults) == [BAD]
    page = (graded.out / f"feedback/{BAD}.html").read_text()
    assert page != old
    assert "this feedback page could not be made" in page
    for student in ("s001", "s003"):
        assert "could not be made" not in (graded.out / f"feedback/{student}.html").read_text()
        assert student in (graded.out / "grades.csv").read_text()
    assert "s003" in (graded.out / "report.html").read_text()


def test_a_damaged_record_is_named_and_the_rest_exported(graded: Graded) -> None:
    (graded.out / f"records/{BAD}.json").write_text("{")
    to = graded.out / "all.csv"
    exported = publish.export(graded, "nbgrader", None, to)
    assert list(exported.faults) == [BAD]
    assert exported.faults[BAD].count("delete it and grade again") == 1
    assert [row["student_id"] for row in csv.DictReader(io.StringIO(to.read_text()))] == ["s001", "s003"]
    assert publish.say_needed(exported, final=True)  # a person is needed, whatever is final


@pytest.mark.parametrize(
    ("format", "where", "name"),
    [
        ("gradescope", gradescope, "results_json"),
        ("junit", junit, "_suite"),
        ("cases", publish, "needed"),
        ("nbgrader", exports, "score"),
    ],
)
def test_exports(format: str, where: Any, name: str, graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, name, failing(getattr(where, name)))
    to = graded.out / "exported"
    exported = publish.export(graded, format, None, to)
    assert list(exported.faults) == [BAD]
    texts = [p.read_text() for p in to.rglob("*.json")] if to.is_dir() else [to.read_text()]
    assert any("s003" in text for text in texts)
    assert not any(BAD in text for text in texts)


def test_the_gradebook(tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: dict[str, str] = {}
    with Gradebook(sqlite_url(tmp_path / "gradebook.db"), assignment) as book:
        monkeypatch.setattr(book, "_enter", failing(book._enter))
        assert book.catch_up(map(graded_one, STUDENTS), faults) == 2
        with pytest.raises(ZeroDivisionError):
            book.catch_up(map(graded_one, STUDENTS))
    assert faults == {BAD: "not in the gradebook: ZeroDivisionError: over one student"}


def test_a_gradebook_that_is_locked_stops_the_run(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: Record) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    with Gradebook(sqlite_url(tmp_path / "gradebook.db"), assignment) as book:
        monkeypatch.setattr(book, "_enter", locked)
        faults: dict[str, str] = {}
        with pytest.raises(GradebookError, match="locked"):
            book.catch_up(map(graded_one, STUDENTS), faults)
    assert faults == {}


def test_what_meets_everybody_stops_the_run() -> None:
    full = OSError(28, "No space left on device")
    for error in (full, MemoryError(), GradebookError("locked")):
        with pytest.raises(type(error)), alone("s001", "x", {}):
            raise error


def test_each_student_is_named_once_with_all_that_went_wrong() -> None:
    faults: dict[str, str] = {}
    for what in ("no page", "no row"):
        made = apart([graded_one("s001"), graded_one(BAD)], failing(lambda one: one.student), what, faults)
        assert [student for _, student in made] == ["s001"]
    said = "ZeroDivisionError: over one student"
    assert faults == {BAD: f"no page: {said}; no row: {said}"}


# --- half of a surrogate pair, and other text that no file holds ----------------------------------


def test_half_a_surrogate_pair_stops_no_notebook(tmp_path: Path, assignment: Assignment) -> None:
    from autograder.intake import Submission

    half = "\ud800"
    cell = {"cell_type": "markdown", "metadata": {half: half}, "source": [f"a{half}b"], "id": half}
    pasted = {"cell_type": "markdown", "metadata": {}, "source": "x", "attachments": {half: {half: half}}}
    printed = {"output_type": "stream", "name": half, "text": f"out{half}"}
    code = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [printed], "execution_count": 1}
    data = json.dumps({"cells": [cell, pasted, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    submission = Submission("s001", notebooks={NOTEBOOK: data.encode()})
    formgrader.publish(tmp_path, assignment, submission, graded_one("s001"))
    text = (tmp_path / f"autograded/s001/{NAME}/{NOTEBOOK}.ipynb").read_text(encoding="utf-8")
    assert "a?b" in text
    assert "out?" in text


# --- hand-ins that are nobody's -------------------------------------------------------------------


def test_who_handed_in_nothing_has_no_0_while_a_hand_in_is_nobodys(
    graded: Graded, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = graded.out / "roster.csv"
    roster.write_text("id,name\ns001,A\ns002,B\ns003,C\ns009,D\n")
    to = graded.out / "all.csv"

    def score_of_s009(final: bool = False) -> tuple[str, bool]:
        exported = publish.export(graded, "nbgrader", roster, to, final)
        rows = {row["student_id"]: row["score"] for row in csv.DictReader(io.StringIO(to.read_text()))}
        return rows["s009"], publish.say_needed(exported, final)

    assert score_of_s009() == ("0.0", False)
    (graded.out / UNCLAIMED).write_text(json.dumps(["s009.rar: an archive that cannot be opened"]))
    assert score_of_s009() == ("", True)
    assert "whose is it? s009.rar: an archive that cannot be opened; until that is known" in (
        capsys.readouterr().err
    )
    assert score_of_s009(final=True) == ("0.0", False)
    for format in ("cases", "junit", "gradescope"):
        exported = publish.export(graded, format, None, graded.out / format)
        assert publish.say_needed(exported, final=False), format


@pytest.mark.parametrize("text", ["", "{", '"x"', "{}"])
def test_a_damaged_list_of_what_is_nobodys_is_no_list(text: str, graded: Graded) -> None:
    (graded.out / UNCLAIMED).write_text(text)
    assert graded.unclaimed == []
