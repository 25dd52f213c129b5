"""`nbgrader generate_feedback` and `release_feedback`, typed or clicked in formgrader, with our page.

nbgrader would show the notebook with its test cells and tracebacks. This exporter stands in the place of
its own and makes the student's feedback page of that notebook from the record, with the points and comments
people entered in the gradebook. `configure` names it to nbgrader.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode

from autograder.bridge.autograde import NbgraderTask, grade_once
from autograder.bridge.of_course import OfCourse
from autograder.course.assignment import Assignment
from autograder.errors import RecordError
from autograder.gradebook.decisions import decided
from autograder.gradebook.objections import by_student
from autograder.gradebook.url import parsed
from autograder.intake import Source
from autograder.judge.digests import hashes
from autograder.judge.task import read
from autograder.records import record
from autograder.records.record import Record
from autograder.reports import feedback


def configure(config: Any) -> None:
    """Settings of `nbgrader generate_feedback`."""
    config.GenerateFeedback.exporter_class = "autograder.bridge.feedback_exporter.FeedbackExporter"
    config.GenerateFeedback.preprocessors = []  # they would put scores into a notebook that nobody shows


class FeedbackExporter(OfCourse, Exporter):
    """A notebook as the feedback page on it. Nothing in the notebook itself reaches the page."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: ResourcesDict | None = None, **_: Any
    ) -> tuple[str, ResourcesDict]:
        resources = self._init_resources(resources)  # type: ignore[no-untyped-call]
        about, hand_in = resources["nbgrader"], NbgraderTask.of(self, resources)
        found = record_of(hand_in.assignment, hand_in.source, about["db_url"])
        [shown] = decided([found], about["db_url"], hand_in.assignment)
        mine = by_student(about["db_url"], hand_in.assignment.name).get(shown.student, ())
        return feedback.render(shown, hand_in.assignment, about["notebook"], objections=mine), resources


def record_of(assignment: Assignment, source: Source, gradebook: str) -> Record:
    """The record beside the gradebook if it is of this hand-in; else a new one."""
    handed_in = source.path.exists()
    now = hashes(assignment, read(source, assignment)) if handed_in else None
    for kept in _kept(gradebook, assignment.name, source.student):
        if now is None or kept.hashes.submission == now.submission:
            return kept
    if now is None:
        raise FileNotFoundError(
            f"{source.path}: no hand-in, and beside the gradebook no record of {source.student}; grade first"
        )
    return grade_once(assignment, source, now)


def _kept(gradebook: str, assignment: str, student: str) -> Iterator[Record]:
    """The readable records of this hand-in in `records/` beside a gradebook that is a file."""
    url = parsed(gradebook)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    folder = Path(url.database).resolve().parent / "records"
    for path in (folder / assignment / f"{student}.json", folder / f"{student}.json"):
        try:
            found = record.load(path)
        except (FileNotFoundError, RecordError):
            continue
        if (found.assignment, found.student) == (assignment, student):
            yield found
