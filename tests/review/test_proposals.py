"""What the gradebook says of an answer before and after a person looked at it."""

import dataclasses
from pathlib import Path

import pytest
from nbgrader import api

from autograder.answers import proposal
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.records.record import CaseResult, Grade, Hashes, Record

QUESTION, NOTEBOOK = "inline_two_layer_net_1", "two_layer_net"
CASES = (
    CaseResult(f"{QUESTION}[choice]", "criterion", 1.0, "passed", "Which activations: right. “1 and 2.”"),
    CaseResult(f"{QUESTION}[relu]", "criterion", 0.4, "failed", "ReLU: nothing in the answer says this."),
    CaseResult(f"{QUESTION}[sigmoid]", "criterion", 0.6, "skipped", "Sigmoid: a person decides."),
)
WAITS = Grade(QUESTION, NOTEBOOK, 1.0, 2.0, "needs_review", CASES, "Your instructor reads this answer.")


def test_a_proposal_in_words() -> None:
    assert proposal.words(WAITS) == (
        "Proposal: 1 of 2 points, and 0.6 more to decide. A person confirms or changes it.\n"
        "✓ (1) Which activations: right. “1 and 2.”\n"
        "✗ (0.4) ReLU: nothing in the answer says this.\n"
        "? (0.6) Sigmoid: a person decides."
    )


def test_what_the_rubric_decided_in_words() -> None:
    decided = dataclasses.replace(WAITS, state="graded", cases=CASES[:2])
    assert proposal.words(decided).startswith("1 of 2 points, by the rubric.\n✓ (1) Which")


@pytest.mark.parametrize(
    "grade",
    [
        dataclasses.replace(WAITS, cases=()),
        dataclasses.replace(WAITS, points=None),
        dataclasses.replace(WAITS, cases=(dataclasses.replace(CASES[0], kind="core"),)),
        dataclasses.replace(WAITS, cases=tuple(dataclasses.replace(c, message="Nothing.") for c in CASES)),
    ],
)
def test_otherwise_the_grades_own_comment(grade: Grade) -> None:
    assert proposal.words(grade) == "Your instructor reads this answer."


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


def enter(url: str, assignment: Assignment, grade: Grade) -> int:
    record = Record("s001", "assignment1", "none", Hashes("", "", ""), {QUESTION: grade})
    with Gradebook(url, assignment) as book:
        return book.catch_up([record])


def waits(url: str) -> bool:
    with api.Gradebook(url) as book:
        return bool(book.find_grade(QUESTION, NOTEBOOK, "assignment1", "s001").needs_manual_grade)


def confirm(url: str) -> None:
    """As formgrader does when a grader resolves a score without typing one."""
    with api.Gradebook(url) as book:
        book.find_grade(QUESTION, NOTEBOOK, "assignment1", "s001").needs_manual_grade = False
        book.db.commit()


def test_a_confirmed_proposal_stays_confirmed(tmp_path: Path, assignment: Assignment) -> None:
    url = sqlite_url(tmp_path / "gradebook.db")
    assert enter(url, assignment, WAITS) == 1
    assert waits(url)
    confirm(url)
    assert enter(url, assignment, WAITS) == 0
    with Gradebook(url, assignment) as book:
        book.write(Record("s001", "assignment1", "none", Hashes("", "", ""), {QUESTION: WAITS}))
    assert not waits(url)


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(WAITS, points=0.5),
        dataclasses.replace(WAITS, cases=CASES[:2]),
        dataclasses.replace(WAITS, points=None, state="error"),
    ],
)
def test_another_proposal_waits_again(tmp_path: Path, assignment: Assignment, changed: Grade) -> None:
    url = sqlite_url(tmp_path / "gradebook.db")
    enter(url, assignment, WAITS)
    confirm(url)
    assert enter(url, assignment, changed) == 1
    assert waits(url)


def test_a_graded_cell_is_no_confirmation_of_a_later_proposal(tmp_path: Path, assignment: Assignment) -> None:
    url = sqlite_url(tmp_path / "gradebook.db")
    enter(url, assignment, dataclasses.replace(WAITS, state="graded"))
    assert not waits(url)
    enter(url, assignment, WAITS)
    assert waits(url)


def test_the_words_are_the_cells_comment(tmp_path: Path, assignment: Assignment) -> None:
    url = sqlite_url(tmp_path / "gradebook.db")
    enter(url, assignment, WAITS)
    with api.Gradebook(url) as book:
        comment = book.find_comment(QUESTION, NOTEBOOK, "assignment1", "s001")
        assert comment.auto_comment == proposal.words(WAITS)
        assert comment.manual_comment is None
