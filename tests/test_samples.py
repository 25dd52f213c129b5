"""Each student of the sample class earns what `samples/class.toml` says, in the best sandbox there is."""

import dataclasses
from functools import cache
from typing import Any

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.judge.grade import grade_all
from autograder.records.record import Record
from samples import make_class

CLASS = make_class.read_class()
ASSIGNMENTS = ("assignment1", "assignment2")


@cache
def records(name: str) -> dict[str, Record]:
    """The graded class. One second a call is ten times what any honest function of the class needs."""
    assignment = course.load(name)
    limits = dataclasses.replace(assignment.limits, call_seconds=1.0)
    assignment = dataclasses.replace(assignment, limits=limits)
    submissions = [
        intake.arrange(student, make_class.hand_in(assignment, about), assignment)
        for student, about in CLASS.items()
        if about.get("wrapping") != "corrupt"
    ]
    graded: list[Record] = []
    grade_all(assignment, submissions, graded.append)
    return {record.student: record for record in graded}


def expected(name: str, about: dict[str, Any]) -> dict[str, float]:
    """grade id -> points, for every cell that tests decide."""
    cells = [cell for cell in course.load(name).grade_cells if not cell.manual]
    if about.get("earns_nothing"):
        return {cell.grade_id: 0.0 for cell in cells}
    earns = about.get("earns", {}).get(name, {})
    assert set(earns) <= {cell.grade_id for cell in cells}
    return {cell.grade_id: earns.get(cell.grade_id, cell.points) for cell in cells}


@pytest.mark.parametrize("name", ASSIGNMENTS)
@pytest.mark.parametrize("student", [s for s, about in CLASS.items() if about.get("wrapping") != "corrupt"])
def test_a_student_earns_what_the_work_is_worth(student: str, name: str) -> None:
    record = records(name)[student]
    wanted = expected(name, CLASS[student])
    assert {i: record.grades[i].points for i in wanted} == wanted


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_nothing_went_wrong_on_our_side(name: str) -> None:
    for record in records(name).values():
        assert [g.grade_id for g in record.grades.values() if g.state == "error"] == []


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_message_holds_a_path_of_ours(name: str) -> None:
    root = str(course.load(name).root)
    for record in records(name).values():
        assert root not in record.to_json(), record.student


def test_a_change_that_fits_nowhere_is_told() -> None:
    about = {"edit": [{"file": "cs_lib/layers.py", "find": "no such line", "replace": ""}]}
    with pytest.raises(
        make_class.SampleError, match=r"class\.toml: s099: 'no such line' is not in cs_lib/layers\.py"
    ):
        make_class.check_edits("s099", about, course.load("assignment1").root)
