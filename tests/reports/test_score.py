"""What a record counts, late or in time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from autograder.course.policy import Late
from autograder.reports import feedback
from autograder.reports.score import score
from tests.reports.sample import Tags, assignment, graded, record

LATE = Late(due=datetime(2026, 3, 1, tzinfo=UTC), penalty_per_day=0.25)
LESSON = replace(assignment("affine_forward", "other/sgd", "other/inline_1"), late=LATE)
GRADES = (
    graded(1.0),
    graded(2.0, grade_id="sgd", notebook="other"),
    graded(0.5, grade_id="inline_1", notebook="other", state="needs_review"),
)


@pytest.mark.parametrize(
    ("handed_in", "extension", "numbers"),
    [
        ("", 0.0, (3.0, 0.0, 3.0)),
        ("2026-02-28T23:00:00+00:00", 0.0, (3.0, 0.0, 3.0)),
        ("2026-03-01T01:00:00+00:00", 0.0, (3.0, 0.75, 2.25)),
        ("2026-03-01T01:00:00+00:00", 1.0, (3.0, 0.0, 3.0)),
        ("2026-03-09T00:00:00+00:00", 0.0, (3.0, 3.0, 0.0)),
    ],
)
def test_lateness_is_taken_off(handed_in: str, extension: float, numbers: tuple[float, ...]) -> None:
    reported = score(record(*GRADES, handed_in=handed_in, extension_days=extension), LESSON)
    assert (reported.points, reported.penalty, reported.final) == numbers


def test_a_proposal_counts_only_if_asked_for() -> None:
    assert score(record(*GRADES), LESSON).points == 3.0
    assert score(record(*GRADES), LESSON, proposals=True).points == 3.5


def test_the_student_sees_what_lateness_takes_off() -> None:
    late = record(*GRADES, handed_in="2026-03-01T01:00:00+00:00")
    text = Tags(feedback.render(late, LESSON)).text
    assert "Handed in 1 h after the deadline; 25 % of the points are taken off." in text
    assert "3 − 0.75 = 2.25 points count so far." in text
    assert "of the whole assignment count" in Tags(feedback.render(late, LESSON, "nb")).text
    assert "deadline" not in Tags(feedback.render(record(*GRADES), LESSON)).text
