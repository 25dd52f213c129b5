"""What one test came to: outcome, message and property of a case."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.answers.question import Asked
from autograder.checks.checks import CheckFailed
from autograder.records.record import CaseResult, Outcome
from autograder.sandbox.errors import StudentError

PLAIN = ("student", "results", "answers")  # the fixtures of the plugin below
PROPERTIES = {"import": "import", "missing": "missing"}  # of a student's error, by its kind; else "code"
UNPLAIN = ("skip", "skipif", "xfail", "usefixtures")  # marks that pytest itself acts on


def case_id(item: pytest.Item) -> tuple[str, str]:
    """(grade id, case id): the test's own name and its parameters."""
    mark = item.get_closest_marker("grade")
    name = item.name.removeprefix("test_")
    if mark and mark.kwargs["kind"] == "criterion":
        name = name.partition("[")[2].removesuffix("]")  # "inline_x_1[where]", as cells of tests have it
    return (mark.args[0] if mark else "", name)


def criterion_param(asked: Asked) -> Any:
    """A criterion as a parameter of its test, with the cell and the points it counts for."""
    grade_id, criterion = asked.question.grade_id, asked.criterion
    mark = pytest.mark.grade(grade_id, kind="criterion", weight=criterion.points, hint="")
    return pytest.param(asked, id=f"{grade_id}[{criterion.id}]", marks=mark)


def is_plain(item: pytest.Function) -> bool:
    """Whether a test is a function that asks for our fixtures and its own parameters only. pytest's whole
    protocol of hooks, which serves all others, costs as much as a small check itself."""
    params = set(item.callspec.params) if hasattr(item, "callspec") else set()
    known = set(item.fixturenames) <= {*PLAIN, "request"} | params
    return known and item.cls is None and not any(m.name in UNPLAIN for m in item.iter_markers())


def is_error(case: CaseResult) -> bool:
    return case.outcome == "error"


def outcome_of(error: BaseException | None) -> tuple[Outcome, str, str]:
    """What an exception out of a grader means: outcome, message, property."""
    if error is None:
        return "passed", "", ""
    if isinstance(error, CheckFailed):
        return "failed", str(error), error.property
    if isinstance(error, StudentError):
        return "failed", student_message(error), PROPERTIES.get(error.kind, "code")
    if isinstance(error, pytest.skip.Exception):
        return "skipped", str(error), ""
    return "error", f"{type(error).__name__}: {error}", ""


def student_message(error: StudentError) -> str:
    """A student's own error as they would see it: the message, then their own lines."""
    frames = [f"  {f.file} line {f.line}, in {f.function}: {f.source}".rstrip(": ") for f in error.frames]
    return "\n".join([error.message, *frames])
