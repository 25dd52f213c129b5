"""`results.json` as Gradescope reads it, one for each student.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from autograder.course.assignment import Assignment
from autograder.records.record import CaseResult, Grade, Record
from autograder.reports import pages
from autograder.reports.feedback import case_title
from autograder.reports.score import needed, score
from autograder.safe_text import readable

VISIBILITY = ("visible", "after_due_date", "after_published", "hidden")  # Gradescope's words
WAITS = "A person still looks at this part; it counts nothing yet."


def results_json(
    record: Record, assignment: Assignment, final: bool = False, visibility: str = "visible"
) -> str:
    """What this student sees: the same as on the feedback page, and no more. `visibility` says when the
    cells are shown; what was unusual about the hand-in is always.

    Gradescope shows no blank: while a person is needed, the score is that of the decided parts, and the page
    says first that it is not final; where nothing could be graded there is none. With `final`, what is
    proposed counts.
    """
    tests = [
        _test(record.grades[cell.grade_id], f"{n}.{c}", final, visibility)
        for n, notebook in enumerate(assignment.notebooks, 1)
        for c, cell in enumerate(notebook.cells, 1)
        if cell.grade_id in record.grades
    ]
    earned, waits = score(record, assignment, proposals=final), "" if final else needed(record)
    said = [f"This is not final, it needs review: {waits}."] if waits else []
    nothing = waits and not any(grade.state == "graded" for grade in record.grades.values())
    numbers = {**({} if nothing else {"score": earned.final}), "execution_time": math.ceil(record.seconds)}
    output = readable("\n".join(dict.fromkeys([*said, *record.problems, earned.late]))).strip()
    more = {"max_score": record.max_points, "late_penalty": earned.penalty, "waiting": record.waiting}
    return as_json(record, numbers, output, tests, more)


def as_json(
    record: Record,
    numbers: Mapping[str, float],
    output: str,
    tests: Sequence[Mapping[str, object]],
    more: Mapping[str, object],
) -> str:
    """The file: what it says first, of each part, and of the student."""
    results = {
        **numbers,
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"assignment": record.assignment, "student": readable(record.student), **more},
    }
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def _test(grade: Grade, number: str, final: bool, visibility: str) -> dict[str, object]:
    test: dict[str, object] = {
        "name": grade.grade_id,
        "number": number,
        "max_score": grade.max_points,
        "output": readable(in_words(grade)),
        "output_format": "text",
        "tags": [grade.notebook],
        "visibility": visibility,
        "extra_data": {"state": grade.state},
    }
    if (final or grade.state == "graded") and grade.points is not None:
        test["score"] = grade.points
        test["status"] = "passed" if grade.points >= grade.max_points else "failed"
    return test


def in_words(grade: Grade) -> str:
    """A grade in plain text, safe for the student."""
    if grade.state != "graded":
        return grade.comment if grade.state == "error" else "\n".join(filter(None, (WAITS, grade.comment)))
    lines = [grade.comment] if grade.comment else []
    for case in grade.cases:
        if case.outcome == "failed" and case.kind != "criterion":
            words = pages.outcome(case.property, case.message)
            lines += [
                f"{case_title(grade.grade_id, case.id)}: {words}",
                *(f"  {line}" for line in said(case)),
            ]
    return "\n".join(lines)


def said(case: CaseResult) -> list[str]:
    """What a failed case says, line by line."""
    called = f"called: {case.called}" if case.called else ""
    return [line for line in (called, *case.message.splitlines(), case.hint) if line]
