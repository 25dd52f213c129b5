"""nbgrader's gradebook, one writer, one transaction a submission.

A record becomes rows: a `SubmittedAssignment`, a `SubmittedNotebook` per notebook, a `Grade` per
grade cell and a `Comment` per written answer. What a person entered (manual score, extra credit,
manual comment) is never touched, so grading again is safe at any time. A person who confirms proposed
points in formgrader enters none: the cell no longer waits, which holds as long as the proposal is the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from autograder.answers import proposal
from autograder.course.assignment import Assignment
from autograder.course.policy import utc
from autograder.errors import GradebookError, note
from autograder.files import to_disk
from autograder.gradebook import lateness as penalties
from autograder.gradebook import ledger, objections, tables
from autograder.gradebook.ledger import Decision
from autograder.gradebook.nbgrader_tables import (
    EnteredAssignment,
    api,
    refuse_torn,
    rows_of,
    schema_version,
)
from autograder.gradebook.objections import Typed
from autograder.gradebook.url import DRIVER, patient, place, reason
from autograder.records.record import Grade, Record

CHUNK = 200  # students looked up at once
GRADE_COLUMNS = (api.Grade.auto_score, api.Grade.manual_score, api.Grade.needs_manual_grade)
INDEXED = (("grade", "notebook_id"), ("comment", "notebook_id"), ("submitted_notebook", "assignment_id"))
COMMENT_COLUMNS = (api.Comment.auto_comment,)


@dataclass
class StudentRows:
    """One student's rows: grade cell -> values."""

    grades: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    comments: dict[str, tuple[Any, ...]] = field(default_factory=dict)


class Gradebook:
    """An open gradebook that holds one assignment's cells. Use it in a `with` block.

    Whatever writes raises GradebookError where the database is locked, read-only, full or gone.
    """

    def __init__(self, url: str, assignment: Assignment, course: str = "default_course") -> None:
        self.url = url
        self.assignment = assignment
        try:
            where = patient(url)
            refuse_torn(url)
            _create(where)
            self._book = api.Gradebook(where, course)
            tables.create(self._book.engine)
            with self._one_transaction():
                _create_indexes(self._db.connection())
                self._ensure_assignment()
        except SQLAlchemyError as error:
            raise GradebookError(reason(url, error)) from None
        except ModuleNotFoundError as error:  # the driver of a server's database is an optional extra
            raise GradebookError(f"gradebook {place(url)}: there is no {error.name} here; {DRIVER}") from None

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._book.close()

    @property
    def _db(self) -> Session:
        db: Session = self._book.db
        return db

    def write(self, record: Record) -> None:
        """Enter one record, or leave the gradebook as it was."""
        with self._whole_or_not(f"{record.student} is not entered"):
            self._enter(record)

    def catch_up(self, records: Iterable[Record], faults: dict[str, str] | None = None) -> int:
        """Enter the records that are not in the gradebook yet as they are now; how many those were.

        A chunk of students is looked up in one query, so that a run in which nothing changed is quick. With
        `faults`, a record that cannot be entered is noted there and stops no other."""
        written = 0
        remaining = iter(records)
        while chunk := list(islice(remaining, CHUNK)):
            there = self._entered([record.student for record in chunk])
            late = penalties.behind(self._db, chunk, self.assignment)
            self._db.rollback()
            for record in chunk:
                try:
                    behind = there[record.student] != self._wanted(record, there[record.student])
                    if behind or record.student in late:
                        self.write(record)
                        written += 1
                except Exception as error:
                    if faults is None or isinstance(error.__cause__ or error.__context__, OperationalError):
                        raise
                    note(faults, record.student, "not in the gradebook", error)
        return written

    def name(self, people: Mapping[str, tuple[str, str, str]]) -> None:
        """Enter students' last names, first names and addresses, where they are known and have changed."""
        with self._whole_or_not("names are not entered"):
            for row in self._db.query(api.Student):
                last, first, email = people.get(row.id, ("", "", ""))
                for field, value in (("last_name", last), ("first_name", first), ("email", email)):
                    if value and getattr(row, field) != value:
                        setattr(row, field, value)

    def decide(
        self,
        students: Iterable[str],
        grade_id: str,
        points: float,
        comment: str = "",
        overwrite: bool = False,
        who: str = "",
        read: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Enter a person's points for one cell of several students, all or none; the students entered.

        Where a person entered points before, these stay, with their comment, unless `overwrite` is set.
        `read` has the digests of the answers that were read, by student.

        Raises:
            GradebookError: a student is not there.
        """
        decision = Decision(grade_id, points, comment or None, who=who, how="terminal", read=read or {})
        versions = dict.fromkeys(students)
        with self._whole_or_not():
            outcome = ledger.enter(self._db, self.assignment.name, decision, versions, overwrite)
        return list(outcome.entered)

    def note_typed(self, earlier: Mapping[str, Mapping[str, str]]) -> None:
        """Write down for which answers points were typed in formgrader, before others take their place."""
        with self._whole_or_not():
            ledger.note_typed(self._db, self.assignment.name, earlier)

    def object(self, typed: Iterable[Typed], students: list[str], grade_ids: list[str]) -> int:
        """Put objections on the list, all or none; how many are new.

        Raises:
            ReviewError: a student or a cell is not there.
        """
        with self._whole_or_not():
            return objections.add(self._db, self.assignment.name, typed, students, grade_ids)

    @contextmanager
    def _whole_or_not(self, otherwise: str = "nothing is entered") -> Iterator[None]:
        """Commit all of it. Raises GradebookError, with `otherwise`, where the database does not let us."""
        try:
            yield
            self._db.commit()
        except SQLAlchemyError as error:
            self._db.rollback()
            raise GradebookError(f"{otherwise}: {reason(self.url, error)}") from None
        except BaseException:
            self._db.rollback()
            raise

    def _entered(self, students: list[str]) -> dict[str, StudentRows]:
        """student -> what the gradebook says of them."""
        found: dict[str, StudentRows] = {student: StudentRows() for student in students}
        try:
            grades = rows_of(self._db, api.Grade, GRADE_COLUMNS, self.assignment.name, students)
            for student, name, *row in grades:
                found[student].grades[name] = tuple(row)
            comments = rows_of(self._db, api.Comment, COMMENT_COLUMNS, self.assignment.name, students)
            for student, name, *row in comments:
                found[student].comments[name] = tuple(row)
        except SQLAlchemyError as error:
            raise GradebookError(reason(self.url, error)) from None
        finally:
            self._db.rollback()  # ends the reading transaction, which would hold others up
        return found

    def _wanted(self, record: Record, there: StudentRows) -> StudentRows:
        """What the gradebook should say; a person's entries are taken as they are there."""
        wanted = StudentRows(dict(there.grades), dict(there.comments))
        for cell in self.assignment.grade_cells:
            if grade := record.grades.get(cell.grade_id):
                auto, manual, waits = there.grades.get(cell.grade_id, (None, None, True))
                (comment,) = there.comments.get(cell.grade_id, (None,))
                score, waits = _autograded(grade, auto, manual, waits, comment)
                wanted.grades[cell.grade_id] = (score, manual, waits)
                if cell.manual:
                    wanted.comments[cell.grade_id] = (proposal.words(grade) or None,)
        return wanted

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """nbgrader commits after every row, which waits for the disk four times; in here, once at the end."""
        vars(self._book.db)["commit"] = self._book.db.flush
        try:
            yield
        finally:
            del vars(self._book.db)["commit"]
        self._db.commit()

    def _ensure_assignment(self) -> None:
        """The assignment, its notebooks and cells as nbgrader's own release step would enter them."""
        name = self.assignment.name
        due = self.assignment.late.due
        self._book.update_or_create_assignment(name, **({"duedate": utc(due)} if due else {}))
        for notebook in self.assignment.notebooks:
            self._book.update_or_create_notebook(notebook.name, name)
            for cell in notebook.cells:
                where = (cell.grade_id, cell.notebook, name)
                kind = "code" if cell.kind == "code" else "markdown"
                values = {"max_score": cell.points, "cell_type": kind}
                if cell.kind == "task":
                    self._book.update_or_create_task_cell(*where, **values)
                    continue
                self._book.update_or_create_grade_cell(*where, **values)
                if cell.manual:
                    self._book.update_or_create_solution_cell(*where)

    def _enter(self, record: Record) -> None:
        if self._db.get(api.Student, record.student) is None:
            self._add(api.Student(id=record.student))
        submission = self._one(
            api.SubmittedAssignment, assignment_id=self._known.id, student_id=record.student
        )
        submitted = self._submitted(submission)
        old = [row.id for row in submitted.values() if row.id is not None]
        grades, comments = self._rows(api.Grade, old), self._rows(api.Comment, old)
        self._db.flush()  # gives new ones their ids
        for notebook in self._known.notebooks:
            where = submitted[notebook.id].id
            by_name = {name: comments.get((where, cell)) for cell, name in notebook.read}
            for cell, name in notebook.scored:
                row = grades.get((where, cell)) or self._add(api.Grade(cell_id=cell, notebook_id=where))
                if name in record.grades:
                    comment = by_name.get(name)
                    now = (row.auto_score, row.manual_score, row.needs_manual_grade)
                    said = comment.auto_comment if comment else None
                    row.auto_score, row.needs_manual_grade = _autograded(record.grades[name], *now, said)
            for cell, name in notebook.read:
                row = by_name[name] or self._add(api.Comment(cell_id=cell, notebook_id=where))
                if name in record.grades:
                    row.auto_comment = proposal.words(record.grades[name]) or None
        penalties.enter(self._db, submission, record, self.assignment)

    @cached_property
    def _known(self) -> EnteredAssignment:
        return EnteredAssignment.of(self._book.find_assignment(self.assignment.name))

    def _submitted(self, submission: api.SubmittedAssignment) -> dict[str, api.SubmittedNotebook]:
        """Its notebooks, by the id of what they are of; those that are not there yet are made."""
        rows = self._db.query(api.SubmittedNotebook).filter_by(assignment_id=submission.id)
        found = {row.notebook_id: row for row in rows}
        for notebook in self._known.notebooks:
            if notebook.id not in found:
                new = api.SubmittedNotebook(assignment_id=submission.id, notebook_id=notebook.id)
                found[notebook.id] = self._add(new)
        return found

    def _rows(self, kind: type[Any], notebooks: list[str]) -> dict[tuple[str, str], Any]:
        """By submitted notebook and cell."""
        if not notebooks:
            return {}
        rows = self._db.query(kind).filter(kind.notebook_id.in_(notebooks))
        return {(row.notebook_id, row.cell_id): row for row in rows}

    def _one(self, kind: type[Any], **keys: str) -> Any:
        """The row with these keys, made if it is not there yet."""
        row = self._db.query(kind).filter_by(**keys).one_or_none()
        if row is None:
            row = self._add(kind(**keys))
            self._db.flush()  # gives it its id
        return row

    def _add(self, row: Any) -> Any:
        self._db.add(row)
        return row


def _autograded(
    grade: Grade, auto: float | None, manual: float | None, waits: bool | None, comment: str | None
) -> tuple[float | None, bool]:
    """The autograder's points, and whether a person must look, given what the row holds: at a proposal,
    unless someone entered points beside it or confirmed just this one."""
    score = None if grade.points is None else min(max(grade.points, 0.0), grade.max_points)
    same = score is not None and auto == score and (comment or "") == proposal.words(grade)
    confirmed = same and waits is False
    return score, grade.state != "graded" and manual is None and not confirmed


def _create(url: URL) -> None:
    """A new gradebook appears whole or not at all: one killed half way would lack its version for ever."""
    if url.get_backend_name() != "sqlite":
        _create_in(url)
        return
    path = Path(url.database or "")
    # The last is said in words when it is opened.
    if not url.database or path.exists() or not path.parent.is_dir():
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gradebook-") as folder:
        half = Path(folder) / "gradebook.db"
        _create_in(URL.create("sqlite", database=str(half)))
        to_disk(half)
        half.replace(path)


def _create_in(url: URL) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as transaction:
            if engine.dialect.name == "sqlite":  # a half-made file, which is put to disk as a whole
                transaction.exec_driver_sql("PRAGMA synchronous = OFF")
            _create_tables(transaction)
            _create_indexes(transaction)
    finally:
        engine.dispose()


def _create_indexes(transaction: Connection) -> None:
    """nbgrader has no index for "the grades of this notebook": each look-up reads the whole table, and
    entering a class takes time that grows with its square."""
    if transaction.dialect.name in ("sqlite", "postgresql"):
        for table, column in INDEXED:
            name = f"autograder_{table}_{column}"
            transaction.execute(text(f'CREATE INDEX IF NOT EXISTS {name} ON "{table}" ({column})'))


def _create_tables(transaction: Connection) -> None:
    """nbgrader's tables and their version, where they are missing, all in one transaction."""
    api.Base.metadata.create_all(bind=transaction)
    transaction.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
    if transaction.execute(text("SELECT version_num FROM alembic_version")).first() is None:
        row = {"version": schema_version()}
        transaction.execute(text("INSERT INTO alembic_version (version_num) VALUES (:version)"), row)
