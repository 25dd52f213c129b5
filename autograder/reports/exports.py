"""Grades in the formats other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.course import Assignment
from autograder.record import Record

NBGRADER_COLUMNS = [
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
]


def nbgrader_csv(records: Iterable[Record], assignment: Assignment) -> str:
    """The columns of nbgrader's own exporter, quoted where its are not."""
    out = io.StringIO()
    writer = csv.DictWriter(out, NBGRADER_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(
            {
                "assignment": assignment.name,
                "student_id": defused(record.student),
                "raw_score": record.points,
                "late_submission_penalty": 0.0,
                "score": record.points,
                "max_score": record.max_points,
            }
        )
    return out.getvalue()


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
