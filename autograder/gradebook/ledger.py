"""Who decided what and when: a table beside nbgrader's own in the gradebook's database.

A decision enters points in nbgrader's rows and lines in this table, in one transaction. Each cell has a
version, a digest of what people see of it; a decision names the versions that it was taken on, and is
refused where somebody else was quicker. Lines are added and never changed: an undo is a line as well.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from autograder.errors import GradebookError, ReviewError
from autograder.gradebook.nbgrader_tables import api
from autograder.gradebook.tables import LINES

How = Literal["room", "terminal", "second", "undo", "formgrader"]
CHUNK = 500  # students named in one query


@dataclass(frozen=True)
class State:
    """A cell of one student as people see it in the gradebook."""

    student: str
    auto: float | None = None
    manual: float | None = None
    extra: float | None = None
    waits: bool = True
    comment: str = ""

    @property
    def version(self) -> str:
        seen = json.dumps([self.auto, self.manual, self.extra, self.waits, self.comment])
        return hashlib.sha256(seen.encode()).hexdigest()[:12]

    @property
    def decided(self) -> bool:
        return self.manual is not None or not self.waits

    @property
    def points(self) -> float | None:
        return self.manual if self.manual is not None else self.auto


@dataclass(frozen=True)
class LedgerEntry:
    """One entry of the table."""

    id: int
    batch: str
    at: str
    who: str
    how: How
    student: str
    grade_id: str
    points: float | None
    verdicts: Mapping[str, bool]
    comment: str | None
    version: str
    undoes: str
    before: Mapping[str, Any]

    @property
    def read(self) -> str:
        """Digest of the answer that was decided; empty where that is not known."""
        return str(self.before.get("read", ""))


@dataclass(frozen=True)
class Decision:
    """What a person decided about a cell of one or more students."""

    grade_id: str
    points: float
    comment: str | None = None  # for the students; None leaves what is there
    verdicts: Mapping[str, bool] = field(default_factory=dict)  # criterion -> met
    who: str = ""
    how: How = "room"
    read: Mapping[str, str] = field(default_factory=dict)  # student -> digest of the answer decided


@dataclass(frozen=True)
class Applied:
    """What became of a decision: it was entered, or somebody else was quicker, and nothing was."""

    batch: str = ""
    entered: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # students with points of a person's, left as they were
    conflicts: tuple[State, ...] = ()


def states(
    db: Session, assignment: str, grade_id: str, students: Sequence[str] | None = None
) -> dict[str, State]:
    """The cell as it stands, by student; of all of them, or of these."""
    return {row.student: row.state for row in _rows(db, assignment, grade_id, students)}


def lines(
    db: Session,
    assignment: str,
    grade_id: str = "",
    students: Sequence[str] = (),
    batch: str = "",
    newest: int = 0,
) -> list[LedgerEntry]:
    """Lines of the table, oldest first; only the `newest` of them if that is given."""
    wanted = sa.select(LINES).where(LINES.c.assignment == assignment)
    for column, value in ((LINES.c.grade_id, grade_id), (LINES.c.batch, batch)):
        if value:
            wanted = wanted.where(column == value)
    if students:
        wanted = wanted.where(LINES.c.student.in_(students))
    if newest:
        wanted = wanted.order_by(LINES.c.id.desc()).limit(newest)
        return [_line(row) for row in db.execute(wanted)][::-1]
    return [_line(row) for row in db.execute(wanted.order_by(LINES.c.id))]


def standing(found: Iterable[LedgerEntry]) -> dict[tuple[str, str], LedgerEntry]:
    """(student, grade id) -> the line that stands there: what was undone, and second readings, do not."""
    every = [line for line in found if line.how != "second"]
    undone = {line.undoes for line in every if line.undoes}
    return {
        (line.student, line.grade_id): line
        for line in every
        if line.how != "undo" and line.batch not in undone
    }


def _line(row: Any) -> LedgerEntry:
    values = dict(row._mapping)
    values.pop("assignment")
    return LedgerEntry(
        **{**values, "verdicts": json.loads(values["verdicts"]), "before": json.loads(values["before"])}
    )


@dataclass(frozen=True)
class _LedgerRow:
    student: str
    grade: str  # id of nbgrader's row
    notebook: str  # id of the submitted notebook
    cell: str  # where a comment belongs
    note: str | None  # id of nbgrader's comment
    state: State


def _rows(db: Session, assignment: str, grade_id: str, students: Sequence[str] | None) -> list[_LedgerRow]:
    parts: list[Sequence[str] | None] = [students]
    if students is not None:
        parts = [students[at : at + CHUNK] for at in range(0, len(students), CHUNK)]
    return [row for part in parts for row in _chunk(db, assignment, grade_id, part)]


def _chunk(db: Session, assignment: str, grade_id: str, students: Sequence[str] | None) -> list[_LedgerRow]:
    grade, note = api.Grade.__table__, api.Comment.__table__
    owner, notebook = api.SubmittedAssignment.__table__, api.SubmittedNotebook.__table__
    cell, whole = api.BaseCell.__table__, api.Assignment.__table__
    # nbgrader keeps a cell's comment with the cell of the same name that is a solution.
    written = cell.alias()
    named = sa.and_(
        written.c.name == cell.c.name,
        written.c.notebook_id == cell.c.notebook_id,
        written.c.type.in_(("SolutionCell", "TaskCell")),
    )
    at = sa.func.coalesce(written.c.id, cell.c.id)
    same = sa.and_(note.c.cell_id == at, note.c.notebook_id == grade.c.notebook_id)
    wanted = (
        sa.select(
            *(owner.c.student_id, grade.c.id, grade.c.notebook_id, at, note.c.id),
            *(grade.c.auto_score, grade.c.manual_score, grade.c.extra_credit, grade.c.needs_manual_grade),
            note.c.manual_comment,
        )
        .select_from(grade)
        .join(cell, grade.c.cell_id == cell.c.id)
        .join(notebook, grade.c.notebook_id == notebook.c.id)
        .join(owner, notebook.c.assignment_id == owner.c.id)
        .join(whole, owner.c.assignment_id == whole.c.id)
        .outerjoin(written, named)
        .outerjoin(note, same)
        .where(whole.c.name == assignment, cell.c.name == grade_id)
    )
    if students is not None:
        wanted = wanted.where(owner.c.student_id.in_(students))
    found = []
    for student, row, of, home, comment, auto, manual, extra, waits, text in db.execute(wanted):
        state = State(student, auto, manual, extra, bool(waits), text or "")
        found.append(_LedgerRow(student, row, of, home, comment, state))
    return found


def enter(
    db: Session,
    assignment: str,
    decision: Decision,
    versions: Mapping[str, str | None],
    overwrite: bool = True,
) -> Applied:
    """Enter a decision for these students, all or none; the caller commits.

    `versions` has for each student the version that was looked at; None does not ask. Without `overwrite`
    points that a person entered before stay.

    Raises:
        GradebookError: a student has no such cell in the gradebook.
    """
    rows = _locked(db, assignment, decision.grade_id, list(versions))
    if missing := [student for student in versions if student not in rows]:
        raise GradebookError(
            f"{decision.grade_id}: {missing[0]!r} has no such cell; run autograder grade first"
        )
    if decision.how == "second":
        return _note(db, assignment, decision, [rows[s] for s in versions], "")
    quicker = [rows[s].state for s, seen in versions.items() if seen not in (None, rows[s].state.version)]
    conflicts = tuple(state for state in quicker if not _same(state, decision))
    if conflicts:
        return Applied(conflicts=conflicts)
    chosen = [rows[s] for s in versions if overwrite or rows[s].state.manual is None]
    for row in chosen:
        _set(db, row, decision.points, False, decision.comment)
    done = _note(db, assignment, decision, chosen, "")
    kept = tuple(s for s in versions if s not in done.entered)
    return Applied(done.batch, done.entered, kept)


def note_typed(db: Session, assignment: str, earlier: Mapping[str, Mapping[str, str]]) -> int:
    """Lines for points that were typed in formgrader, which writes none, for answers that are others now; the
    caller commits. `earlier` has the digests of the answers that stood there: grade id -> student -> digest.
    """
    count = 0
    for grade_id, read in earlier.items():
        rows = _locked(db, assignment, grade_id, list(read))
        known = standing(lines(db, assignment, grade_id))
        typed = [row for student, row in rows.items() if _is_typed(row.state, known.get((student, grade_id)))]
        for row in typed:
            points, comment = row.state.manual or 0.0, row.state.comment
            line = Decision(grade_id, points, comment, {}, "formgrader", "formgrader", read)
            _note(db, assignment, line, [row], "")
        count += len(typed)
    return count


def _is_typed(state: State, line: LedgerEntry | None) -> bool:
    """Whether points stand there that no line knows of."""
    return state.manual is not None and (line is None or line.points != state.manual)


def undo(db: Session, assignment: str, who: str, batch: str) -> Applied:
    """Bring back what was there before one's own decision; the caller commits.

    Raises:
        ReviewError: there is no such decision of this person's, or it is undone already.
        GradebookError: a student has no such cell any more.
    """
    mine = [line for line in lines(db, assignment, batch=batch) if line.who == who]
    undone = db.execute(sa.select(LINES.c.id).where(LINES.c.undoes == batch)).first()
    if not mine or undone or mine[0].how in ("undo", "second"):
        raise ReviewError("there is nothing of yours to undo there; it may be undone already")
    rows = _locked(db, assignment, mine[0].grade_id, [line.student for line in mine])
    if gone := [line.student for line in mine if line.student not in rows]:
        raise GradebookError(f"{mine[0].grade_id}: {gone[0]!r} is not in the gradebook any more")
    changed = [rows[line.student].state for line in mine if rows[line.student].state.version != line.version]
    if changed:
        return Applied(conflicts=tuple(changed))
    for line in mine:
        old = line.before
        _set(db, rows[line.student], old["manual"], old["waits"], old["comment"])
    last = Decision(mine[0].grade_id, 0.0, who=who, how="undo")
    return _note(db, assignment, last, [rows[line.student] for line in mine], batch)


def last_batch(db: Session, assignment: str, who: str) -> str:
    """The newest decision of a person's that can be undone; empty if there is none."""
    undone = sa.select(LINES.c.undoes).where(LINES.c.undoes != "")
    wanted = (
        sa.select(LINES.c.batch)
        .where(LINES.c.assignment == assignment, LINES.c.who == who)
        .where(LINES.c.how.in_(("room", "terminal")), LINES.c.batch.not_in(undone))
        .order_by(LINES.c.id.desc())
    )
    found = db.execute(wanted).first()
    return str(found[0]) if found else ""


def _same(state: State, decision: Decision) -> bool:
    """Whether somebody else came to the very same."""
    same_words = decision.comment is None or decision.comment == state.comment
    return state.manual == decision.points and same_words


def _locked(db: Session, assignment: str, grade_id: str, students: list[str]) -> dict[str, _LedgerRow]:
    """The students' rows, which nobody else changes until this transaction ends.

    The update changes nothing. It makes this transaction the database's writer (SQLite) or the rows' holder
    (PostgreSQL), so that what is read after it is the newest there is.
    """
    found = _rows(db, assignment, grade_id, students)
    table = api.Grade.__table__
    ids = [row.grade for row in found]
    for at in range(0, len(ids), CHUNK):
        db.execute(
            sa.update(table)
            .where(table.c.id.in_(ids[at : at + CHUNK]))
            .values(extra_credit=table.c.extra_credit)
        )
    return {row.student: row for row in _rows(db, assignment, grade_id, students)}


def _set(db: Session, row: _LedgerRow, manual: float | None, waits: bool, comment: str | None) -> None:
    grade, note = api.Grade.__table__, api.Comment.__table__
    values = {"manual_score": manual, "needs_manual_grade": waits}
    db.execute(sa.update(grade).where(grade.c.id == row.grade).values(values))
    if comment is None or comment == row.state.comment:
        return
    text = comment or None
    if row.note:
        db.execute(sa.update(note).where(note.c.id == row.note).values(manual_comment=text))
    else:
        new = {"id": uuid.uuid4().hex, "notebook_id": row.notebook, "cell_id": row.cell}
        db.execute(sa.insert(note).values(**new, manual_comment=text))


def _note(
    db: Session, assignment: str, decision: Decision, rows: Sequence[_LedgerRow], undoes: str
) -> Applied:
    """The lines of one action."""
    batch = uuid.uuid4().hex
    if not rows:
        return Applied()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    after = states(db, assignment, decision.grade_id, [row.student for row in rows])
    shared = {
        "batch": batch,
        "at": now,
        "who": decision.who,
        "how": decision.how,
        "assignment": assignment,
        "grade_id": decision.grade_id,
        "verdicts": json.dumps(dict(decision.verdicts)),
        "undoes": undoes,
    }
    added = []
    for row in rows:
        old, new = row.state, after[row.student]
        before = {"manual": old.manual, "waits": old.waits, "comment": old.comment}
        before |= {"read": decision.read[row.student]} if row.student in decision.read else {}
        points = new.points if decision.how == "undo" else decision.points
        comment = new.comment if decision.how == "undo" else decision.comment
        own = {"student": row.student, "points": points, "comment": comment}
        added.append({**shared, **own, "before": json.dumps(before), "version": new.version})
    db.execute(sa.insert(LINES), added)
    return Applied(batch, tuple(row.student for row in rows))
