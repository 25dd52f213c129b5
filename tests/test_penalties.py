"""Lateness in nbgrader's gradebook, by our pipeline and by nbgrader's own."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.bridge.late_penalty import LatePenalty
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.policy import Late
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.records.record import Grade, Hashes, Record

NOTEBOOK, CODE, INLINE = "two_layer_net", "affine_forward", "inline_two_layer_net_1"
DUE = datetime(2026, 2, 1, 12, tzinfo=UTC)
TWO_DAYS_LATE = "2026-02-03T11:00:00+00:00"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return replace(course.load("assignment1"), late=Late(DUE, penalty_per_day=0.1))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> Path:
    """A gradebook with the assignment in it; nbgrader takes seconds to make one."""
    path = tmp_path_factory.mktemp("new") / "gradebook.db"
    Gradebook(sqlite_url(path), assignment).__exit__(None, None, None)
    return path


@pytest.fixture
def url(new: Path, tmp_path: Path) -> str:
    return sqlite_url(Path(shutil.copy(new, tmp_path)))


def graded(handed_in: str, extension: float = 0.0, points: float = 2.0) -> Record:
    grades = {CODE: Grade(CODE, NOTEBOOK, points, 2.0, "graded")}
    return Record(
        "s1", "assignment1", "none", Hashes("", "", ""), grades, handed_in=handed_in, extension_days=extension
    )


def entered(url: str, assignment: Assignment, record: Record) -> tuple[int, float, float]:
    """(students written, points before the penalty, penalty)"""
    with Gradebook(url, assignment) as book:
        written = book.catch_up([record])
    with api.Gradebook(url) as book:
        submission = book.find_submission("assignment1", "s1")
        return written, submission.score, submission.late_submission_penalty


def test_a_late_hand_in_loses_points_in_the_gradebook(url: str, assignment: Assignment) -> None:
    assert entered(url, assignment, graded(TWO_DAYS_LATE)) == (1, 2.0, 0.4)
    assert entered(url, assignment, graded(TWO_DAYS_LATE))[0] == 0
    with api.Gradebook(url) as book:
        assert book.find_assignment("assignment1").duedate == DUE.replace(tzinfo=None)
        assert book.find_submission("assignment1", "s1").total_seconds_late == 47 * 3600


def test_an_extension_another_rule_and_other_points_are_taken_over(url: str, assignment: Assignment) -> None:
    entered(url, assignment, graded(TWO_DAYS_LATE))
    assert entered(url, assignment, graded(TWO_DAYS_LATE, points=1.0)) == (1, 1.0, 0.2)
    harder = replace(assignment, late=Late(DUE, penalty_per_day=0.2))
    assert entered(url, harder, graded(TWO_DAYS_LATE)) == (1, 2.0, 0.8)
    assert entered(url, assignment, graded(TWO_DAYS_LATE, extension=2.0)) == (1, 2.0, 0.0)


def test_an_extension_given_in_formgrader_counts(url: str, assignment: Assignment) -> None:
    entered(url, assignment, graded(TWO_DAYS_LATE))
    with api.Gradebook(url) as book:
        book.find_submission("assignment1", "s1").extension = timedelta(days=1)
        book.db.commit()
    assert entered(url, assignment, graded(TWO_DAYS_LATE)) == (1, 2.0, 0.2)
    assert entered(url, assignment, graded(TWO_DAYS_LATE))[0] == 0


def test_a_day_of_extension_has_25_hours_when_clocks_go_back(url: str, assignment: Assignment) -> None:
    due = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)
    berlin = replace(assignment, late=Late(due, penalty_per_day=0.1, zone=ZoneInfo("Europe/Berlin")))
    record = graded("2026-10-25T22:30:00+00:00", extension=1.0)  # 23:30 by the clock
    assert entered(url, berlin, record) == (1, 2.0, 0.0)
    assert entered(url, berlin, record)[0] == 0
    with api.Gradebook(url) as book:
        assert book.find_submission("assignment1", "s1").total_seconds_late == 0
        assert book.find_submission("assignment1", "s1").extension == timedelta(hours=25)
    one_more = graded("2026-10-26T22:30:00+00:00", extension=1.0)
    assert entered(url, berlin, one_more) == (1, 2.0, 0.2)


def test_a_manual_score_is_charged_as_well(url: str, assignment: Assignment) -> None:
    entered(url, assignment, graded(TWO_DAYS_LATE))
    with api.Gradebook(url) as book:
        book.find_grade(INLINE, NOTEBOOK, "assignment1", "s1").manual_score = 2.0
        book.db.commit()
    assert entered(url, assignment, graded(TWO_DAYS_LATE)) == (1, 4.0, 0.8)


def test_without_a_time_or_a_deadline_nothing_is_taken_off(url: str, assignment: Assignment) -> None:
    assert entered(url, assignment, graded("")) == (1, 2.0, 0.0)
    never = replace(assignment, late=Late(datetime(9999, 1, 1, tzinfo=UTC), penalty_per_day=0.1))
    assert entered(url, never, graded(TWO_DAYS_LATE)) == (1, 2.0, 0.0)


def test_nbgraders_own_step_takes_off_the_same(
    url: str, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(url, assignment, graded(TWO_DAYS_LATE))
    with api.Gradebook(url) as book:
        book.find_submission_notebook(NOTEBOOK, "assignment1", "s1").late_submission_penalty = None
        book.db.commit()
    monkeypatch.setattr(course, "load", lambda name, root: {"assignment1": assignment}[name])
    step = AssignLatePenalties(config=Config(), plugin_class=LatePenalty)
    about = {"notebook": NOTEBOOK, "assignment": "assignment1", "student": "s1", "db_url": url}
    step.preprocess(_Empty(), {"nbgrader": about})
    with api.Gradebook(url) as book:
        assert book.find_submission("assignment1", "s1").late_submission_penalty == 0.4


class _Empty:
    """A notebook without cells."""

    cells: tuple[()] = ()


def test_nbgrader_is_set_to_use_it() -> None:
    text = (Path(__file__).parents[1] / "nbgrader_config.py").read_text(encoding="utf-8")
    config = Config()
    exec(compile(text, "nbgrader_config.py", "exec"), {"get_config": lambda: config})
    assert AssignLatePenalties(config=config).plugin_class is LatePenalty
