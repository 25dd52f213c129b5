"""Every graded cell of the notebooks has hidden cases, every hidden case has a cell, and junk breaks none."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from autograder import graders
from autograder.course import assignment as course
from autograder.course.course import find

from .mutants import blank
from .running import Row, grade, reference, rows, score

FOLDER = Path(graders.__file__).parent
ASSIGNMENTS = find().assignments
TRAINED_PREFIX = "train_"  # what this course calls the cells that a saved model decides


def modules(assignment: str) -> list[ModuleType]:
    names = sorted(path.stem for path in (FOLDER / assignment).glob("test_*.py"))
    return [importlib.import_module(f"autograder.graders.{assignment}.{name}") for name in names]


@cache
def table(assignment: str) -> tuple[Row, ...]:
    return tuple(row for module in modules(assignment) for row in rows(module))


def code_rows(assignment: str) -> list[Row]:
    return [row for row in table(assignment) if not row.grade_id.startswith(TRAINED_PREFIX)]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_cells_and_cases_belong_together(assignment: str) -> None:
    cells = {cell.grade_id for cell in course.load(assignment).grade_cells if not cell.manual}
    assert {row.grade_id for row in table(assignment)} == cells


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_case_id_stands_once_in_a_cell_and_has_a_hint(assignment: str) -> None:
    ids = [(row.grade_id, row.case.id) for row in table(assignment)]
    assert sorted(ids) == sorted(set(ids))
    assert [row for row in table(assignment) if not row.case.hint] == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_cell_has_core_cases(assignment: str) -> None:
    cells = {row.grade_id for row in table(assignment)}
    assert {row.grade_id for row in table(assignment) if row.case.kind == "core"} == cells


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_reference_gets_full_marks(assignment: str) -> None:
    outcomes = grade(reference(), code_rows(assignment))
    assert [(o.grade_id, o.case.id, o.error) for o in outcomes if o.error] == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_an_untouched_library_earns_nothing(assignment: str) -> None:
    stub = 'raise NotImplementedError("not written yet")'
    outcomes = grade(blank(reference(), stub), code_rows(assignment))
    assert set(score(outcomes).values()) == {0.0}, [(o.grade_id, o.case.id) for o in outcomes if not o.error]


# Held against the student's own batch norm, which leaves bn_param alone and returns the same junk here.
STANDS_ON_ANOTHER = {"spatial_batchnorm_forward", "spatial_groupnorm_forward"}
JUNK = (
    "0",
    "float('nan')",
    "'text'",
    "{}",
    "()",
    "np.zeros(3)",
    "np.array(['text'])",
    "(None, None)",
    "(None, None, None)",
    "(0.0, {})",
    "(0.0, {'W1': 'text', 'b1': None})",
    "(np.zeros((3, 4)), [np.zeros((3, 4))])",
    "(np.zeros((2, 3, 4, 4)), np.zeros((4, 5)), np.zeros(5))",
    "(np.full((3, 4), np.inf), {'velocity': 0, 'cache': 'text', 'm': None, 't': np.zeros(2)})",
)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("junk", JUNK)
def test_a_result_of_a_wrong_kind_is_a_failure_of_the_students(assignment: str, junk: str) -> None:
    """An error of ours would come through `grade`; and nothing of this kind earns a point."""
    outcomes = grade(blank(reference(), f"return {junk}"), code_rows(assignment))
    earned = {name: share for name, share in score(outcomes).items() if share}
    assert set(earned) <= STANDS_ON_ANOTHER, [(o.grade_id, o.case.id) for o in outcomes if not o.error]
    assert all(share < 0.5 for share in earned.values())
