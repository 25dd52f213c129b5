"""Each student of the sample class earns what `samples/class.toml` says, in the best sandbox there is."""

import dataclasses
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.judge.grading import grade_all
from autograder.records import record
from autograder.records.record import Record
from samples import make_class
from tests.kept import records_in
from tests.once import once

CLASS = make_class.read_class()
ASSIGNMENTS = ("assignment1", "assignment2")


Records = Callable[[str], dict[str, Record]]


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """The graded class of an assignment, by student."""

    @cache
    def of(name: str) -> dict[str, Record]:
        folder = once(tmp_path_factory, f"samples-{name}", partial(_grade, name))
        return {one.student: one for one in records_in(folder)}

    return of


def _grade(name: str, folder: Path) -> None:
    """Three seconds a call are thirty times what any honest function of the class needs."""
    assignment = course.load(name)
    limits = dataclasses.replace(assignment.limits, call_seconds=3.0)
    assignment = dataclasses.replace(assignment, limits=limits)
    submissions = [
        intake.arrange(student, make_class.hand_in(assignment, about), assignment)
        for student, about in CLASS.items()
        if about.get("wrapping") != "corrupt"
    ]
    grade_all(assignment, submissions, lambda one: _save(one, folder))


def _save(one: Record, folder: Path) -> None:
    record.save(one, folder)


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
def test_a_student_earns_what_the_work_is_worth(records: Records, student: str, name: str) -> None:
    grades = records(name)[student].grades
    wanted = expected(name, CLASS[student])
    assert {i: grades[i].points for i in wanted} == wanted


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_nothing_went_wrong_on_our_side(records: Records, name: str) -> None:
    for one in records(name).values():
        assert [g.grade_id for g in one.grades.values() if g.state == "error"] == []


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_message_holds_a_path_of_ours(records: Records, name: str) -> None:
    root = str(course.load(name).root)
    for one in records(name).values():
        assert root not in one.to_json(), one.student


def test_a_change_that_fits_nowhere_is_reported() -> None:
    about = {"edit": [{"file": "cs_lib/layers.py", "find": "no such line", "replace": ""}]}
    with pytest.raises(
        make_class.SampleError, match=r"class\.toml: s099: 'no such line' is not in cs_lib/layers\.py"
    ):
        make_class.check_edits("s099", about, course.load("assignment1").root)
