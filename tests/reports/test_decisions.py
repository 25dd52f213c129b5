"""What people entered in the gradebook, laid over records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader import api

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import GradebookError
from autograder.gradebook.book import Gradebook
from autograder.gradebook.decisions import Entered, decided, laid_over
from autograder.gradebook.ledger import State
from autograder.gradebook.url import sqlite_url
from autograder.records.record import Grade, Hashes, Record

NOTEBOOK = "two_layer_net"
PROPOSED, SURE = "inline_two_layer_net_1", "inline_two_layer_net_2"


def graded(student: str = "s1", **more: str) -> Record:
    grades = {
        "affine_forward": Grade("affine_forward", NOTEBOOK, 1.5, 2.0, "graded", comment="a"),
        "svm_loss": Grade("svm_loss", NOTEBOOK, None, 3.0, "error", internal="secret"),
        PROPOSED: Grade(PROPOSED, NOTEBOOK, 1.0, 2.0, "needs_review", comment="Read by a person."),
        SURE: Grade(SURE, NOTEBOOK, 2.0, 2.0, "graded"),
    }
    return Record(student, "assignment1", "none", Hashes("", "", ""), grades, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> str:
    """A gradebook with two students, one of whom a person has graded."""
    found = sqlite_url(tmp_path_factory.mktemp("book") / "gradebook.db")
    with Gradebook(found, assignment) as book:
        for student in ("s1", "s2"):
            book.write(graded(student))
    with api.Gradebook(found) as book:
        enter = book.find_grade(PROPOSED, NOTEBOOK, "assignment1", "s1")
        enter.manual_score, enter.extra_credit, enter.needs_manual_grade = 1.5, 0.25, False
        book.find_grade("svm_loss", NOTEBOOK, "assignment1", "s1").manual_score = 2.0
        book.find_comment(PROPOSED, NOTEBOOK, "assignment1", "s1").manual_comment = "Well said."
        submission = book.find_submission("assignment1", "s1")
        submission.timestamp, submission.extension = datetime(2026, 2, 3, 11), timedelta(days=2)
        book.db.commit()
    return found


def reported(record: Record) -> dict[str, tuple[float | None, str]]:
    return {grade_id: (grade.points, grade.state) for grade_id, grade in record.grades.items()}


def test_what_a_person_entered_counts(url: str, assignment: Assignment) -> None:
    one, other, unknown = decided([graded("s1"), graded("s2"), graded("s3")], url, assignment)
    assert reported(one) == {
        "affine_forward": (1.5, "graded"),
        "svm_loss": (2.0, "graded"),
        PROPOSED: (1.75, "graded"),
        SURE: (2.0, "graded"),
    }
    assert one.grades[PROPOSED].comment == "Well said."
    assert one.grades["affine_forward"].comment == "a"
    assert (one.handed_in, one.extension_days) == ("2026-02-03T11:00:00+00:00", 2.0)
    assert (other, unknown) == (graded("s2"), graded("s3"))


def test_the_records_own_time_stays(url: str, assignment: Assignment) -> None:
    [one] = decided([graded("s1", handed_in="2026-02-01T00:00:00+00:00")], url, assignment)
    assert one.handed_in == "2026-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("row", "result"),
    [
        (State("s001", 1.0, None, None, True), (1.0, "needs_review")),
        (State("s001", 1.0, None, None, False), (1.0, "graded")),  # confirmed as proposed
        (State("s001", 0.5, None, None, False), (1.0, "needs_review")),  # another proposal was confirmed
        (State("s001", 0.5, 2.0, None, False), (2.0, "graded")),
        (State("s001", 1.0, 0.0, None, True), (0.0, "graded")),
        (State("s001", 1.0, None, 0.5, True), (1.5, "needs_review")),  # as nbgrader counts it
        (State("s001", 1.0, None, 0.5, False), (1.5, "graded")),
    ],
)
def test_a_proposal_is_decided_by_points_or_by_confirming_it(row: State, result: tuple) -> None:
    assert reported(laid_over(graded(), Entered({PROPOSED: row})))[PROPOSED] == result


def test_an_error_of_ours_is_decided_by_points_alone() -> None:
    for row, result in [
        (State("s001", None, None, None, False), (None, "error")),
        (State("s001", None, None, 1.0, False), (1.0, "error")),
        (State("s001", None, 1.0, None, False), (1.0, "graded")),
    ]:
        assert reported(laid_over(graded(), Entered({"svm_loss": row})))["svm_loss"] == result


def test_a_gradebook_that_is_none_is_reported(tmp_path: Path, assignment: Assignment) -> None:
    (tmp_path / "gradebook.db").write_text("no database")
    with pytest.raises(GradebookError, match=r"gradebook .*: file is not a database"):
        list(decided([graded()], sqlite_url(tmp_path / "gradebook.db"), assignment))


def test_late_and_extended_in_the_gradebook_only(url: str, assignment: Assignment) -> None:
    from autograder.course.policy import Late
    from autograder.reports.score import score

    late = replace(assignment, late=Late(datetime(2026, 2, 1, 12, tzinfo=UTC), penalty_per_day=0.1))
    [one] = decided([graded("s1")], url, late)
    assert score(one, late).penalty == 0.0  # two days late, two days' extension
    assert score(replace(one, extension_days=1.0), late).penalty == 0.73
