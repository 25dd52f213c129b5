"""`nbgrader autograde`, typed or clicked in formgrader, through our graders.

nbgrader would execute each notebook in a kernel that holds the hidden tests. In the place of that, the
submission is graded once in the sandbox; `GradedNotebook` writes what each cell came to below the cell, and
`EnterRecord` enters the record in the gradebook. `bridge/nbgrader.py` puts them there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader import api
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades

from autograder import intake
from autograder.bridge.formgrader import notebook_of
from autograder.bridge.of_course import OfCourse
from autograder.course.assignment import Assignment
from autograder.course.course import Course
from autograder.gradebook.book import Gradebook
from autograder.judge.digests import forget, hashes
from autograder.judge.task import read
from autograder.records.record import Hashes, Record
from autograder.sandbox.level import probe
from autograder.workers import pool


def configure(config: Any, of: Course) -> None:
    """Settings of `nbgrader autograde`."""
    own: list[type] = Autograde.class_traits()["autograde_preprocessors"].default()
    config.Autograde.exporter_class = GradedNotebook
    config.Autograde.sanitize_preprocessors = []  # what is left of the notebook is ours
    config.Autograde.autograde_preprocessors = [
        EnterRecord,
        *(step for step in own if step not in (Execute, SaveAutoGrades)),
    ]
    config.Autograde.exclude_overwriting = {name: [of.settings_of(name).name] for name in of.assignments}


@dataclass(frozen=True)
class NbgraderTask:
    """What nbgrader is at work on."""

    assignment: Assignment
    source: intake.Source

    @staticmethod
    def of(part: OfCourse, resources: dict[str, Any]) -> NbgraderTask:
        """What a part of ours is asked about."""
        about, assignment = resources["nbgrader"], part.assignment_called(resources["nbgrader"]["assignment"])
        courses = CourseDirectory(parent=part)
        place = Path(courses.format_path(courses.submitted_directory, about["student"], about["assignment"]))
        return NbgraderTask(
            assignment, intake.source_of(place.parent.parent, about["student"], place, assignment)
        )

    def record(self) -> Record:
        return grade_once(self.assignment, self.source, hashes_now(self.assignment, self.source))


class GradedNotebook(OfCourse, NotebookExporter):
    """The notebook as it was handed in, with our marks on its graded cells and the outcome below them.

    nbgrader would read the file itself, and give up over one that is damaged, of an old format, or without
    a cell; ours is made whatever was handed in.
    """

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **more: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Without opening the file, which may be a pipe."""
        return self.from_file(None, resources, **more)

    def from_file(
        self, file_stream: Any, resources: dict[str, Any] | None = None, **more: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if resources is None:
            raise ValueError("nbgrader says whose notebook it wants; this is for its autograde alone")
        hand_in = NbgraderTask.of(self, resources)
        [notebook] = [n for n in hand_in.assignment.notebooks if n.name == resources["nbgrader"]["notebook"]]
        submission = read(hand_in.source, hand_in.assignment)
        page = notebook_of(submission, notebook, hand_in.record())
        exported: tuple[NotebookNode, dict[str, Any]] = self.from_notebook_node(  # type: ignore[no-untyped-call]
            nbformat.from_dict(page), resources=resources, **more
        )
        return exported


class EnterRecord(OfCourse, NbGraderPreprocessor):
    """Enters in the gradebook what the hidden graders found."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        hand_in = NbgraderTask.of(self, resources)
        record = hand_in.record()
        url = resources["nbgrader"]["db_url"]
        if not record.handed_in:
            _forget_time(url, record)
        with Gradebook(url, hand_in.assignment) as book:
            book.write(record)
        return nb, resources


def _forget_time(url: str, record: Record) -> None:
    """nbgrader believes a timestamp.txt in the hand-in, whoever put it there."""
    with api.Gradebook(url) as book:
        book.find_submission(record.assignment, record.student).timestamp = None
        book.db.commit()


def hashes_now(assignment: Assignment, source: intake.Source) -> Hashes:
    """What a result would depend on: read anew, since formgrader's server runs for days."""
    forget()
    return hashes(assignment, read(source, assignment))


@lru_cache(maxsize=1)
def grade_once(assignment: Assignment, source: intake.Source, hashes: Hashes) -> Record:
    """The record of a submission; nbgrader asks once for each of its notebooks, one after the other.

    Graded in a process of its own, which loads the graders as they are now.
    """
    return pool.graded(assignment, [source], probe())[0]
