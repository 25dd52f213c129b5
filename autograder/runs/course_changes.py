"""Whether the course's own files have changed while a run was on."""

from __future__ import annotations

import hashlib
import time

from autograder.course import assignment as assignments
from autograder.course import course as courses
from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, RosterError
from autograder.files import files_below

LOOK_SECONDS = 5.0


class CourseChanges:
    """Those that decide points, dates and names, as they were when this was made."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.first = self.before = self._stamps()
        self.seen = time.monotonic()
        self.why_not = ""  # they cannot be read as they are now

    def changed(self) -> bool:
        """Whether they are others, twice the same and fit to be read. Looks every few seconds."""
        if time.monotonic() - self.seen < LOOK_SECONDS:
            return False
        before, self.before, self.seen = self.before, self._stamps(), time.monotonic()
        self.why_not = ""
        if self.before in (self.first, "") or self.before != before:
            return False
        try:
            course = courses.read(self.assignment.root)
            assignments.load(self.assignment.name, course)
            if course.roster:
                roster.read(course.roster)
        except (CourseError, RosterError) as error:
            self.why_not = str(error)
            return False
        return True

    def _stamps(self) -> str:
        """Sizes and times of all of them; empty while one is being replaced."""
        course = self.assignment.course
        single = [course.settings, self.assignment.settings, *(n.path for n in self.assignment.notebooks)]
        single += [course.roster] if course.roster else []
        folders = (course.graders, course.rubrics, self.assignment.library, self.assignment.release_folder)
        total = hashlib.sha256()
        try:
            for path in (*single, *(path for folder in folders for path in files_below(folder))):
                found = path.stat()
                about = f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0"
                total.update(about.encode("utf-8", "surrogateescape"))
        except OSError:
            return ""
        return total.hexdigest()
