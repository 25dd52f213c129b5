"""What a grade cell came to, as the text below it in a notebook."""

from __future__ import annotations

from autograder.records.record import Grade


def cell_text(grade: Grade) -> str:
    """A grade cell's outcome in plain text, safe for the student."""
    points = "needs review" if grade.points is None else f"{grade.points:g} of {grade.max_points:g} points"
    lines = [f"{grade.grade_id}: {points}", *([grade.comment] if grade.comment else [])]
    for case in grade.cases:
        lines.append(f"  {case.outcome:<7} {case.id}")
        if case.outcome == "failed":
            lines += [f"          {line}" for line in (*case.message.splitlines(), case.hint) if line]
    return "\n".join(lines) + "\n"
