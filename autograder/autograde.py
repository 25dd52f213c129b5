"""`nbgrader autograde`, typed or clicked in formgrader, through our graders.

nbgrader would execute each notebook in a kernel that holds the hidden tests. This preprocessor
stands in the place of its `Execute` and `SaveAutoGrades`: it grades the submission once in the
sandbox, writes what each cell came to below the cell, and enters the record in the gradebook.
`nbgrader_config.py` puts it there.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder import course, grading, intake
from autograder.gradebook import Gradebook
from autograder.record import Grade, Hashes, Record


class GradeSubmission(NbGraderPreprocessor):
    """Grades a submission with the hidden graders and shows the outcome in the notebook's cells."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        about = resources["nbgrader"]
        courses = CourseDirectory(parent=self)
        assignment = course.load(about["assignment"], Path(courses.root))
        folder = courses.format_path(courses.submitted_directory, about["student"], about["assignment"])
        source = intake.Source(about["student"], Path(folder))
        record = grade_once(assignment, source, grading.hashes(assignment, intake.read(source, assignment)))
        with Gradebook(about["db_url"], assignment) as book:
            book.write(record)
        for cell in nb.cells:
            grade = record.grades.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            if cell.cell_type == "code":
                cell.execution_count = None
                cell.outputs = [new_output("stream", name="stdout", text=told(grade))] if grade else []
        return nb, resources


@lru_cache(maxsize=1)
def grade_once(assignment: course.Assignment, source: intake.Source, hashes: Hashes) -> Record:
    """The record of a submission; nbgrader asks once for each of its notebooks, one after the other."""
    return grading.grade_one(assignment, intake.read(source, assignment))


def told(grade: Grade) -> str:
    """A grade cell's outcome in plain text, safe for the student."""
    points = (
        "waits for a human" if grade.points is None else f"{grade.points:g} of {grade.max_points:g} points"
    )
    lines = [f"{grade.grade_id}: {points}", *([grade.comment] if grade.comment else [])]
    for case in grade.cases:
        lines.append(f"  {case.outcome:<7} {case.id}")
        if case.outcome == "failed":
            lines += [f"          {line}" for line in (*case.message.splitlines(), case.hint) if line]
    return "\n".join(lines) + "\n"
