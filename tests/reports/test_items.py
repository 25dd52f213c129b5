"""Item analysis, against numbers worked out by other means."""

import statistics

import numpy as np
import pytest

from autograder.records.record import Record
from autograder.reports.items import Complaints, analyse, discrimination
from tests.reports.sample import assignment, case, graded, record

LESSON = assignment("one", "two", "three")  # two points each


def class_of(*points: tuple[float | None, ...]) -> list[Record]:
    return [
        record(
            *(graded(p, grade_id=i) for i, p in zip(("one", "two", "three"), row, strict=True)),
            student=f"s{n}",
        )
        for n, row in enumerate(points)
    ]


def test_difficulty_and_full_points() -> None:
    one, two, three = analyse(class_of((2.0, 1.0, None), (0.0, 2.0, None), (1.0, 2.0, None)), LESSON)
    assert (one.known, one.full, one.pass_rate, one.difficulty) == (3, 1, 1 / 3, 0.5)
    assert (two.full, two.difficulty) == (2, 5 / 6)
    assert (three.known, three.pass_rate, three.difficulty, three.errors) == (0, None, None, 3)


def test_discrimination_is_the_correlation_with_all_other_cells() -> None:
    points = [(2.0, 2.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.5), (2.0, 1.5, 2.0), (0.5, 2.0, 0.0)]
    found = [item.discrimination for item in analyse(class_of(*points), LESSON)]
    for column, value in enumerate(found):
        rest = [sum(row) - row[column] for row in points]
        assert value == pytest.approx(
            statistics.correlation([row[column] for row in points], rest), abs=1e-12
        )


def test_of_an_all_or_nothing_cell_it_is_the_point_biserial_correlation() -> None:
    points = [(2.0, 2.0, 1.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.5), (2.0, 1.5, 2.0)]
    rest = np.array([a + b for _, a, b in points])
    passed = np.array([p == 2.0 for p, _, _ in points])
    p = passed.mean()
    by_hand = (rest[passed].mean() - rest[~passed].mean()) / rest.std() * np.sqrt(p * (1 - p))
    assert analyse(class_of(*points), LESSON)[0].discrimination == pytest.approx(by_hand, abs=1e-12)


def test_cells_weigh_by_their_points() -> None:
    table = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 1.0, 0.5]])
    rest = [10 * a + b for _, a, b in table]
    expected = statistics.correlation([row[0] for row in table], rest)
    assert discrimination(table, np.array([1.0, 10.0, 1.0]), 0) == pytest.approx(expected)


@pytest.mark.parametrize(
    "points",
    [
        [(2.0, 2.0, 1.0), (0.0, 1.0, 0.0)],  # of two students
        [(2.0, 2.0, 1.0), (2.0, 1.0, 0.0), (2.0, 0.0, 0.0)],  # all the same here
        [(2.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.0, 1.0, 1.0)],  # all the same elsewhere
        [(2.0, None, None), (1.0, None, None), (0.0, None, None)],  # nothing else known
    ],
)
def test_where_there_is_nothing_to_correlate_there_is_no_number(points: list[tuple]) -> None:
    assert analyse(class_of(*points), LESSON)[0].discrimination is None


def test_who_lacks_some_cells_is_held_against_what_is_known() -> None:
    points = [(2.0, 2.0, None), (1.0, 1.0, 1.0), (0.0, None, 0.0), (2.0, 1.0, 1.0)]
    shares = [1.0, 0.5, 0.0, 0.5]  # of the others' points that are known
    expected = statistics.correlation([2.0, 1.0, 0.0, 2.0], shares)
    assert analyse(class_of(*points), LESSON)[0].discrimination == pytest.approx(expected)


def test_a_proposal_is_left_out() -> None:
    waiting = graded(2.0, grade_id="one", state="needs_review")
    one, *_ = analyse([record(waiting), *class_of((1.0, 1.0, 1.0))], LESSON)
    assert (one.known, one.difficulty, one.waiting) == (1, 0.5, 1)
    assert one.look == ""
    assert one.note == "without 1 that needs review"


@pytest.mark.parametrize(
    ("points", "note"),
    [
        ([(2.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.0, 2.0, 2.0)], "weak work does better here than strong work"),
        ([(2.0, 0.0, 0.0), (2.0, 2.0, 2.0), (0.0, 0.9, 1.0)], "hardly tells strong work from weak"),
        ([(0.5, 2.0, 2.0), (0.5, 1.0, 1.0), (0.0, 0.0, 0.0)], "hard"),
        ([(2.0, 2.0, 2.0), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)], ""),
    ],
)
def test_what_deserves_a_look(points: list[tuple], note: str) -> None:
    assert analyse(class_of(*points), LESSON)[0].note == note


# --- messages -----------------------------------------------------------------------------------


def counted(*records: Record) -> list[tuple[str, list[str], list[str], int]]:
    complaints = Complaints()
    for one in records:
        complaints.add(one)
    return [(c.message, list(c.students), list(c.cells), c.cases) for c in complaints.commonest()]


def test_messages_that_differ_only_in_numbers_are_one() -> None:
    first = record(graded(0.0, case(message="error 1.0e-03 at [0, 1]\n  layers.py line 3"), grade_id="one"))
    second = record(
        graded(0.0, case(message="error 0.25 at [10, 2]"), case(message="another"), grade_id="two"),
        student="s2",
    )
    assert counted(first, second) == [
        ("error 1.0e-03 at [0, 1]", ["s001", "s2"], ["one", "two"], 2),
        ("another", ["s2"], ["two"], 1),
    ]


def test_a_student_counts_once_a_message_and_only_failed_checks_count() -> None:
    again = record(
        graded(0.0, case("a"), case("b"), case("c", "error", message="m"), case("d", kind="criterion"))
    )
    assert counted(again) == [("m", ["s001"], ["affine_forward"], 2)]


def test_the_same_words_about_another_property_are_another_message() -> None:
    both = record(graded(0.0, case("a", property="shape"), case("b", property="value")))
    assert len(counted(both)) == 2
