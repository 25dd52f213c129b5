"""Nothing hidden reaches a student: graders with planted secrets are run, and every rendering searched."""

from pathlib import Path

import pytest

from autograder.records.record import Record
from autograder.reports import feedback
from autograder.reports.gradescope import results_json
from autograder.reports.junit import junit_xml
from tests.test_grading import Course

GRADERS = """
    import numpy as np
    from autograder.checks.checks import close

    PLANTED_NAME = np.array([8642.13579, 97531.2468])  # PLANTED_COMMENT

    @cases("wrong", Case("value", hint="Add the bias."), Case("shape", kind="edge"), Case("dtype"))
    def test_wrong(student, case):
        out = student.call("layers.double", np.ones(2 if case.id != "shape" else 3))
        close(out, PLANTED_NAME.astype("float32" if case.id == "dtype" else float), name="out", rtol=1e-7)

    @cases("raises", Case("a"))
    def test_raises(student, case):
        student.call("layers.divide", 1)

    @cases("ours", Case("a"), Case("b"))
    def test_ours(student, case):
        if case.id == "a":
            raise RuntimeError("PLANTED_ERROR expected 8642.13579")
        assert student.call("layers.double", 1) == 8642.13579, "PLANTED_ASSERT"

    @cases("types", Case("a", x=8642.13579))
    def test_types(student, case):
        close(student.call("layers.nothing", 1), case.x, name="out", rtol=1e-7)
"""
CODE = """
    def double(x):
        return 2.0 * x

    def divide(x):
        return helper(x)

    def helper(x):
        return x / 0

    def nothing(x):
        pass
"""
SECRETS = ("8642", "97531", "PLANTED_NAME", "PLANTED_COMMENT", "PLANTED_ERROR", "PLANTED_ASSERT", "Traceback")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def renderings(record: Record, course: Course) -> dict[str, str]:
    lesson = course.assignment(wrong=2, raises=2, ours=2, types=2)
    return {
        "feedback": feedback.render(record, lesson),
        "feedback of a notebook": feedback.render(record, lesson, "nb"),
        "gradescope": results_json(record, lesson),
        "junit": junit_xml([record], lesson),
    }


def test_planted_secrets_reach_no_rendering(course: Course) -> None:
    course.write(GRADERS)
    record = course.grade(course.assignment(wrong=2, raises=2, ours=2, types=2), CODE)
    assert [grade.state for grade in record.grades.values()] == ["graded", "graded", "error", "graded"]
    assert any("PLANTED_ERROR" in case.message for case in record.grades["ours"].cases)
    for name, text in renderings(record, course).items():
        found = [secret for secret in SECRETS if secret in text]
        assert found == [], name
        assert str(course.root) not in text, name
        assert "test_lesson.py" not in text, name
        assert "autograder/" not in text, name


def test_what_helps_is_there_all_the_same(course: Course) -> None:
    course.write(GRADERS)
    record = course.grade(course.assignment(wrong=2, raises=2, ours=2, types=2), CODE)
    for name, text in renderings(record, course).items():
        for words in (
            "double(array (3,))",
            "out has shape (3,); it must have shape (2,)",
            "Add the bias.",
            "ZeroDivisionError",
            "cs_lib/layers.py line 9, in helper: return x / 0",
            "out is None",
        ):
            assert words in text, (name, words)
