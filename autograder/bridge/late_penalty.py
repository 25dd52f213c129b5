"""What `[late]` in assignment.toml takes off, for `nbgrader autograde`: the same as by our own command."""

from __future__ import annotations

from typing import Any

from nbgrader.plugins import LateSubmissionPlugin

from autograder.bridge.of_course import OfCourse
from autograder.gradebook.lateness import penalty_of, seconds_late


class LatePenalty(OfCourse, LateSubmissionPlugin):
    """Takes off what the assignment's own settings say."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        step: Any = self.parent
        assignment = self.assignment_called(step.assignment_id)
        submission = step.gradebook.find_submission(step.assignment_id, student_id)
        return penalty_of(score, seconds_late(submission, assignment), assignment) or 0.0
