"""What `[late]` in assignment.toml takes off, for `nbgrader autograde`: the same as by our own command."""

from __future__ import annotations

from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Unicode

from autograder.course import assignment as course
from autograder.course.course import find
from autograder.gradebook.lateness import penalty_of, seconds_late


class LatePenalty(LateSubmissionPlugin):
    """Takes off what the assignment's own settings say."""

    course = Unicode("", help="the course's folder").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        step = self.parent
        root = Path(self.course or CourseDirectory(parent=self).root)
        assignment = course.load(step.assignment_id, find(root))
        submission = step.gradebook.find_submission(step.assignment_id, student_id)
        return penalty_of(score, seconds_late(submission, assignment), assignment) or 0.0
