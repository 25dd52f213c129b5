"""`nbgrader autograde`, typed or clicked in formgrader, through our graders.

nbgrader would execute each notebook in a kernel that holds the hidden tests. This preprocessor
stands in the place of its `Execute` and `SaveAutoGrades`: it grades the submission once in the
sandbox, writes what each cell came to below the cell, and enters the record in the gradebook.
`bridge/nbgrader.py` puts it there.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, OverwriteCells, SaveAutoGrades
from traitlets import Unicode

from autograder import intake
from autograder.bridge.cell_text import cell_text
from autograder.course import assignment as course
from autograder.course.course import Course, find
from autograder.gradebook.book import Gradebook
from autograder.judge.digests import graders_digest, hashes
from autograder.judge.task import Task, read
from autograder.records.record import Hashes, Record
from autograder.sandbox.level import probe
from autograder.toml_table import SETTINGS
from autograder.workers import pool


def configure(config: Any, of: Course) -> None:
    """Settings of `nbgrader autograde`."""
    own: list[type] = Autograde.class_traits()["autograde_preprocessors"].default()
    config.Autograde.autograde_preprocessors = [
        GradeSubmission,
        *(step for step in own if step not in (Execute, SaveAutoGrades)),
    ]
    cleaning: list[type] = Autograde.class_traits()["sanitize_preprocessors"].default()
    config.Autograde.sanitize_preprocessors = [
        Overwrite if step is OverwriteCells else step for step in cleaning
    ]
    config.Autograde.exclude_overwriting = {name: [SETTINGS] for name in of.assignments}
    config.GradeSubmission.course = str(of.root)
    config.OverwriteCells.add_missing_cells = True  # a deleted cell would otherwise need review for ever


class Overwrite(OverwriteCells):
    """nbgrader's own stumbles over cells that it has taken the id from: copies, and cells of elsewhere."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if "grade_id" not in cell.metadata.get("nbgrader", {}):
            cell.metadata.pop("nbgrader", None)
        return cell, resources


class GradeSubmission(NbGraderPreprocessor):
    """Grades a submission with the hidden graders and shows the outcome in the notebook's cells."""

    course = Unicode("", help="the course's folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        about = resources["nbgrader"]
        courses = CourseDirectory(parent=self)
        assignment = course.load(about["assignment"], find(Path(self.course or courses.root)))
        folder = courses.format_path(courses.submitted_directory, about["student"], about["assignment"])
        source = intake.Source(about["student"], Path(folder))
        record = grade_once(assignment, source, hashes_now(assignment, source))
        with Gradebook(about["db_url"], assignment) as book:
            book.write(record)
        for cell in nb.cells:
            grade = record.grades.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            if cell.cell_type == "code":
                cell.execution_count = None
                cell.outputs = [new_output("stream", name="stdout", text=cell_text(grade))] if grade else []
        return nb, resources


def hashes_now(assignment: course.Assignment, source: intake.Source) -> Hashes:
    """What a result would depend on: read anew, since formgrader's server runs for days."""
    graders_digest.cache_clear()
    return hashes(assignment, read(source, assignment))


@lru_cache(maxsize=1)
def grade_once(assignment: course.Assignment, source: intake.Source, hashes: Hashes) -> Record:
    """The record of a submission; nbgrader asks once for each of its notebooks, one after the other.

    Graded in a process of its own, which loads the graders as they are now.
    """
    records: list[Record] = []
    plan = pool.Plan(assignment.name, assignment.root, probe())
    pool.run(plan, [Task(source)], 1, lambda _, record: records.append(record) if record else None)
    return records[0]
