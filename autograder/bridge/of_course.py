"""Which course a part of nbgrader's works for."""

from __future__ import annotations

from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets import Unicode
from traitlets.config import Configurable

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.course import find


class OfCourse(Configurable):
    """A part of ours in nbgrader; a setting of `OfCourse` is one of all of them."""

    course = Unicode("", help="the course's folder").tag(config=True)

    def assignment_called(self, name: str) -> Assignment:
        return course.load(name, find(Path(self.course or CourseDirectory(parent=self).root)))
