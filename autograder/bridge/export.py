"""`nbgrader export`: nbgrader's CSV, with a blank in place of a score that is none yet."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from traitlets import Bool

from autograder.gradebook.graded import unclaimed
from autograder.intake.facts import HIDDEN
from autograder.reports.exports import NBGRADER_COLUMNS
from autograder.safe_text import defused

SCORES = NBGRADER_COLUMNS[-4:-1]
WAITING = 1  # exit code: done, and people are needed


class CsvExport(ExportPlugin):
    """The columns and numbers of nbgrader's own. Who needs review has no score, and is listed."""

    final = Bool(False, help="count what is proposed, and 0 for what is not known").tag(config=True)

    def export(self, gradebook: api.Gradebook) -> None:
        waiting, self._unclaimed = [], dict[str, bool]()
        with Path(self.to or "grades.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, NBGRADER_COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            for row, waits in self._rows(gradebook):
                writer.writerow(row)
                if waits:
                    waiting.append(f"{row['student_id']} ({row['assignment']})")
        if waiting and not self.final:
            self.log.warning("Left blank, since these need review: %s", ", ".join(waiting))
            sys.exit(WAITING)

    def _rows(self, gradebook: api.Gradebook) -> Iterator[tuple[dict[str, Any], bool]]:
        """A row for each assignment and student, and whether a person is needed."""
        for assignment in gradebook.assignments:
            for student in gradebook.students:
                if self.assignment and assignment.name not in map(str, self.assignment):
                    continue
                if self.student and student.id not in map(str, self.student):
                    continue
                row = _row(assignment, student)
                try:
                    submission = gradebook.find_submission(assignment.name, student.id)
                except api.MissingEntry:
                    nobodys = self._has_unclaimed(assignment.name)
                    nothing = {} if nobodys and not self.final else dict.fromkeys(SCORES, 0.0)
                    yield {**row, **nothing}, nobodys
                    continue
                row["timestamp"] = submission.timestamp or ""
                waits = bool(submission.needs_manual_grade)
                if self.final or not waits:
                    row |= _score(submission)
                yield row, waits

    def _has_unclaimed(self, assignment: str) -> bool:
        """Whether something was handed in that is nobody's: it may be of who seems to have no hand-in."""
        if assignment not in self._unclaimed:
            courses = CourseDirectory(parent=self)
            root = Path(courses.root)
            submitted = root / courses.submitted_directory
            kept = submitted / HIDDEN / assignment / "unmatched"
            self._unclaimed[assignment] = any(kept.glob("[!.]*")) or any(
                (root / place / "source" / assignment).is_dir() and unclaimed(root / place)
                for place in (".", assignment)
            )
        return self._unclaimed[assignment]


def _row(assignment: api.Assignment, student: api.Student) -> dict[str, Any]:
    who = {"student_id": student.id, "last_name": student.last_name, "first_name": student.first_name}
    texts = {key: defused(value or "") for key, value in {**who, "email": student.email}.items()}
    what = {"assignment": assignment.name, "duedate": assignment.duedate or ""}
    return {**what, **texts, "max_score": assignment.max_score}


def _score(submission: api.SubmittedAssignment) -> dict[str, float]:
    penalty = submission.late_submission_penalty
    numbers = (submission.score, penalty, max(0.0, submission.score - penalty))
    return dict(zip(SCORES, numbers, strict=True))
