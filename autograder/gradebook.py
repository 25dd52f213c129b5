"""nbgrader's gradebook, one writer, one transaction a submission.

A record becomes rows: a `SubmittedAssignment`, a `SubmittedNotebook` per notebook, a `Grade` per
grade cell and a `Comment` per written answer. What a human entered (manual score, extra credit,
manual comment) is never touched, so grading again is safe at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from nbgrader import api
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from autograder.course import Assignment, GradeCell
from autograder.record import Grade, Record

LOCK_SECONDS = 60  # SQLite waits this long for another writer before it gives up


class GradebookError(Exception):
    """The gradebook cannot be opened or written."""


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path.resolve()}?timeout={LOCK_SECONDS}"


class Gradebook:
    """An open gradebook that holds one assignment's cells. Use it in a `with` block."""

    def __init__(self, url: str, assignment: Assignment, course: str = "default_course") -> None:
        self.url = url
        self.assignment = assignment
        try:
            self._book = api.Gradebook(url, course)
            self._ensure_assignment()
        except SQLAlchemyError as error:
            raise GradebookError(_reason(url, error)) from None

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._book.close()

    @property
    def _db(self) -> Session:
        return self._book.db

    def write(self, record: Record) -> None:
        """Enter one record, or leave the gradebook as it was.

        Raises:
            GradebookError: the database is locked, read-only, full or gone.
        """
        try:
            self._enter(record)
            self._db.commit()
        except SQLAlchemyError as error:
            self._db.rollback()
            raise GradebookError(f"{record.student} is not entered: {_reason(self.url, error)}") from None
        except BaseException:
            self._db.rollback()
            raise

    def write_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self.write(record)

    # the assignment's own rows

    def _ensure_assignment(self) -> None:
        """The assignment, its notebooks and cells as nbgrader's own release step would enter them."""
        name = self.assignment.name
        self._book.update_or_create_assignment(name)
        for notebook in self.assignment.notebooks:
            self._book.update_or_create_notebook(notebook.name, name)
            for cell in notebook.cells:
                self._ensure_cell(cell, name)

    def _ensure_cell(self, cell: GradeCell, name: str) -> None:
        kind = "markdown" if cell.kind == "inline" else "code"
        self._book.update_or_create_grade_cell(
            cell.grade_id, cell.notebook, name, max_score=cell.points, cell_type=kind
        )
        if cell.manual:
            self._book.update_or_create_solution_cell(cell.grade_id, cell.notebook, name)

    # one student's rows

    def _enter(self, record: Record) -> None:
        book = self._book
        student = self._db.get(api.Student, record.student)
        if student is None:
            student = api.Student(id=record.student, course_id=book.course_id)
            self._db.add(student)
        submission = self._submission(record.student)
        for notebook in self._notebooks():
            submitted = self._submitted(submission, notebook)
            graded = {grade.cell_id: grade for grade in submitted.grades}
            commented = {comment.cell_id: comment for comment in submitted.comments}
            for cell in notebook.grade_cells:
                if cell.id not in graded:
                    graded[cell.id] = api.Grade(cell=cell, notebook=submitted)
                if cell.name in record.grades:
                    _set_score(graded[cell.id], record.grades[cell.name])
            for cell in notebook.solution_cells:
                if cell.id not in commented:
                    commented[cell.id] = api.Comment(cell=cell, notebook=submitted)
                if cell.name in record.grades:
                    commented[cell.id].auto_comment = record.grades[cell.name].comment or None

    def _submission(self, student: str) -> api.SubmittedAssignment:
        assignment = self._book.find_assignment(self.assignment.name)
        found = (
            self._db.query(api.SubmittedAssignment)
            .filter_by(assignment_id=assignment.id, student_id=student)
            .one_or_none()
        )
        if found is None:
            found = api.SubmittedAssignment(assignment=assignment, student_id=student)
            self._db.add(found)
            self._db.flush()
        return found

    def _notebooks(self) -> list[api.Notebook]:
        return list(self._book.find_assignment(self.assignment.name).notebooks)

    def _submitted(
        self, submission: api.SubmittedAssignment, notebook: api.Notebook
    ) -> api.SubmittedNotebook:
        for submitted in submission.notebooks:
            if submitted.notebook_id == notebook.id:
                return submitted
        submitted = api.SubmittedNotebook(notebook=notebook, assignment=submission)
        self._db.add(submitted)
        self._db.flush()
        return submitted


def _set_score(row: api.Grade, grade: Grade) -> None:
    """The points of the autograder; a human's score beside them stays and keeps counting."""
    row.auto_score = None if grade.points is None else min(max(grade.points, 0.0), grade.max_points)
    row.needs_manual_grade = grade.state != "graded" and row.manual_score is None


def _reason(url: str, error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    where = url.split("@")[-1].split("?")[0]  # leaves a password out
    text = str(cause).strip().splitlines()[0]
    return f"gradebook {where}: {text}; the records are kept, so mend this and run the same command again"
