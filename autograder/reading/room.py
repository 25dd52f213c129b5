"""What readers see and do: the waiting answers of a class, and what is decided about them.

Knows no server: the pages of `handlers` show what this returns, and pass on what a reader wants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from autograder.answers import labelled
from autograder.answers.labelled import Example
from autograder.course.assignment import Assignment
from autograder.errors import GradebookError, ReviewError
from autograder.gradebook import ledger, readers, tables
from autograder.gradebook.ledger import Applied, Decision, LedgerEntry, State
from autograder.gradebook.readers import Split
from autograder.gradebook.url import patient, reason
from autograder.reading.second import chosen
from autograder.reading.waiting import Classroom, Waiting
from autograder.records.record import ROUNDED
from autograder.reports.feedback import titles

NEW = State("")  # a cell that the gradebook does not hold


@dataclass(frozen=True)
class QuestionRow:
    """One question in the list of all."""

    grade_id: str
    notebook: str
    title: str
    points: float
    answers: int
    open: int
    mine: int  # of those open
    reader: str  # where whole questions are dealt out


@dataclass(frozen=True)
class Pile:
    """One group in the list of a question's, or one reader's part of it."""

    answers: tuple[Waiting, ...]
    open: tuple[Waiting, ...]
    readers: tuple[str, ...]

    @property
    def first(self) -> Waiting:
        return self.answers[0]


@dataclass(frozen=True)
class SentDecision:
    """A decision as a reader sends it."""

    grade_id: str
    versions: Mapping[str, str]  # key of an answer -> what was looked at
    verdicts: Mapping[str, bool]
    points: float | None  # None: what the criteria add up to
    comment: str
    second: bool = False


@dataclass(frozen=True)
class Conflict:
    """An answer that somebody else decided meanwhile, or that is another one now."""

    answer: Waiting
    state: State
    who: str
    at: str
    changed: bool = False  # the answer itself


@dataclass(frozen=True)
class Saved:
    """What became of a decision."""

    outcome: Applied
    points: float
    conflicts: tuple[Conflict, ...] = ()
    note: str = ""  # what else there is to say


class Room:
    def __init__(self, assignment: Assignment, out: Path, url: str) -> None:
        self.assignment, self.url = assignment, url
        self.classroom = Classroom(assignment, out)
        self._proposed: dict[str, tuple[object, object, dict[str, Mapping[str, bool]]]] = {}

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(patient(self.url))

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The class as it is on disk now, and its gradebook.

        Raises:
            GradebookError: the database is locked, read-only or gone.
            RecordError, FolderError: there are no records, or they are of another assignment.
        """
        self.classroom.refresh()
        try:
            with Session(self._engine) as db:
                if not tables.exist(db.connection()):
                    db.rollback()
                    tables.create(self._engine)
                yield db
        except SQLAlchemyError as error:
            raise GradebookError(reason(self.url, error)) from None

    @cached_property
    def titles(self) -> dict[str, str]:
        return {
            grade_id: title
            for notebook in self.assignment.notebooks
            for grade_id, title in titles(notebook).items()
        }

    def name_of(self, grade_id: str) -> str:
        """What readers call a cell: its notebook, and its number or its id."""
        cell = self.assignment.cell(grade_id)
        return f"{cell.notebook}: {self.titles[grade_id]}" if cell else grade_id

    def overview(self, db: Session, reader: str) -> list[QuestionRow]:
        split = readers.load(db, self.assignment.name)
        rows = []
        for grade_id, answers in self.classroom.waiting().items():
            open_ones = self.open(db, grade_id, answers)
            owners = self.owners(split, grade_id)
            grade = answers[0].grade
            rows.append(
                QuestionRow(
                    grade_id,
                    grade.notebook,
                    self.titles.get(grade_id, grade_id),
                    grade.max_points,
                    len(answers),
                    len(open_ones),
                    sum(owners.get(a.key, reader) == reader for a in open_ones),
                    owners.get(answers[0].key, "") if split.how == "question" else "",
                )
            )
        return rows

    def owners(self, split: Split, grade_id: str) -> dict[str, str]:
        """Key of an answer -> who is to read it; empty where everybody reads everything."""
        every = self.classroom.waiting()
        answers = every.get(grade_id, [])
        if split.how == "question":
            left = {g: len(found) for g, found in every.items() if g not in split.questions}
            reader = {**split.dealt(left), **split.questions}.get(grade_id)
            return {a.key: reader for a in answers if reader}
        if split.how == "group":
            groups = self.classroom.alike(grade_id)
            dealt = split.dealt({group[0].key: len(group) for group in groups})
            return {a.key: dealt[g[0].key] for g in groups for a in g if g[0].key in dealt}
        if split.how == "share":
            dealt = split.dealt(Counter(a.key for found in every.values() for a in found))
            return {a.key: dealt[a.key] for a in answers if a.key in dealt}
        return {}

    def piles(self, db: Session, grade_id: str, reader: str = "") -> list[Pile]:
        """The groups of a question; with a reader, what is theirs of each."""
        owners = self.owners(readers.load(db, self.assignment.name), grade_id)
        left = {a.key for a in self.open(db, grade_id, self.classroom.waiting().get(grade_id, []))}
        found = []
        for group in self.classroom.alike(grade_id):
            answers = [a for a in group if not reader or owners.get(a.key, reader) == reader]
            if answers:
                open_ones = tuple(a for a in answers if a.key in left)
                who = sorted({owners[a.key] for a in answers if a.key in owners})
                found.append(Pile(tuple(answers), open_ones, tuple(who)))
        return found

    def open(self, db: Session, grade_id: str, answers: Sequence[Waiting]) -> list[Waiting]:
        """Those of the answers that nobody has decided, or that are others than the ones decided."""
        states = ledger.states(db, self.assignment.name, grade_id)
        standing = self.standing(db, grade_id)
        return [
            a
            for a in answers
            if not (state := states.get(a.student, NEW)).decided
            or outdated(a, state, standing.get(a.student))
        ]

    def standing(self, db: Session, grade_id: str) -> dict[str, LedgerEntry]:
        """student -> the decision that stands."""
        found = ledger.standing(ledger.lines(db, self.assignment.name, grade_id))
        return {student: line for (student, _), line in found.items()}

    def decide(self, db: Session, wanted: SentDecision, who: str) -> Saved:
        """Enter a decision for all its answers, or for none of them.

        Raises:
            ReviewError: the points do not fit, or an answer is not there.
        """
        answers = {key: self.classroom.answer(wanted.grade_id, key) for key in wanted.versions}
        there = [answer for answer in answers.values() if answer is not None]
        if len(there) < len(answers) or not there:
            raise ReviewError("an answer is not there any more; the class was graded again, so load the page")
        points = points_of(wanted, there[0])
        seen = {a.student: wanted.versions[a.key].partition(".") for a in there}
        changed = [a for a in there if seen[a.student][0] != a.version]
        states = ledger.states(db, self.assignment.name, wanted.grade_id, [a.student for a in there])
        if changed:
            found = [Conflict(a, states.get(a.student, NEW), "", "", changed=True) for a in changed]
            return Saved(Applied(), points, tuple(found))
        decision = Decision(
            wanted.grade_id,
            points,
            wanted.comment.strip(),
            wanted.verdicts,
            who,
            "second" if wanted.second else "room",
            {a.student: a.read for a in there},
        )
        versions = {student: of for student, (_, _, of) in seen.items()}
        outcome = ledger.enter(db, self.assignment.name, decision, versions)
        if outcome.conflicts:
            db.rollback()
            return Saved(outcome, points, self._conflicts(db, wanted.grade_id, there, outcome))
        db.commit()
        return Saved(outcome, points, note=self._remember(wanted, there))

    def _remember(self, wanted: SentDecision, answers: Sequence[Waiting]) -> str:
        """Keep a decision as an example for answers like these; why not, where that cannot be. Points that
        were typed in say nothing of the criteria."""
        question = self.assignment.question(wanted.grade_id)
        known = {c.id for c in question.criteria} if question is not None else set()
        if wanted.second or wanted.points is not None or not known or set(wanted.verdicts) != known:
            return ""
        met = frozenset(c for c, is_met in wanted.verdicts.items() if is_met)
        texts = dict.fromkeys(answer.text for answer in answers)
        try:
            labelled.add(self.assignment.labelled, [Example(wanted.grade_id, text, met) for text in texts])
        except OSError as error:
            return f"not kept as an example: {error}"
        return ""

    def examples(self) -> tuple[list[Example], list[str]]:
        """The examples of the course, and what is wrong with lines that are none. A file that cannot be read
        costs the proposals, not the page."""
        try:
            return labelled.read(self.assignment.labelled)
        except OSError as error:
            return [], [f"{self.assignment.labelled.name}: {error.strerror or error}"]

    def proposal(self, grade_id: str, key: str) -> Mapping[str, bool]:
        """What answers of other terms propose for a group, by criterion. Read once for all its question's
        groups, until there are more examples."""
        groups, question = self.classroom.alike(grade_id), self.assignment.question(grade_id)
        if question is None:
            return {}
        stamp = labelled.stamp(self.assignment.labelled)
        kept = self._proposed.get(grade_id)
        if kept is None or kept[0] is not groups or kept[1] != stamp:
            examples, _ = self.examples()
            found = labelled.propose(question, examples, [group[0].text for group in groups])
            by_key = {a.key: met for g, met in zip(groups, found, strict=True) for a in g}
            kept = self._proposed[grade_id] = (groups, stamp, by_key)
        return kept[2].get(key, {})

    def _conflicts(
        self, db: Session, grade_id: str, answers: Sequence[Waiting], outcome: Applied
    ) -> tuple[Conflict, ...]:
        standing = self.standing(db, grade_id)
        by_student = {a.student: a for a in answers}
        found = []
        for state in outcome.conflicts:
            line = standing.get(state.student)
            ours = line is not None and line.version == state.version
            who, at = (line.who, line.at) if line is not None and ours else ("somebody in formgrader", "")
            found.append(Conflict(by_student[state.student], state, who, at))
        return tuple(found)

    def undo(self, db: Session, who: str) -> tuple[str, str, Applied]:
        """Take back the last decision of this reader: its question, an answer of it, what became of it.

        Raises:
            ReviewError: there is none, or it is undone already.
        """
        batch = ledger.last_batch(db, self.assignment.name, who)
        if not batch:
            raise ReviewError("there is nothing of yours to undo")
        first = ledger.lines(db, self.assignment.name, batch=batch)[0]
        outcome = ledger.undo(db, self.assignment.name, who, batch)
        if outcome.conflicts:
            db.rollback()
        else:
            db.commit()
        answer = self.classroom.answer_of(first.student, first.grade_id)
        return first.grade_id, answer.key if answer else "", outcome

    def second(self, db: Session, reader: str) -> list[tuple[Waiting, LedgerEntry]]:
        """The sample that this reader reads a second time: decided by others, and by nobody twice so far."""
        name = self.assignment.name
        every = ledger.lines(db, name)
        first = ledger.standing(every)
        again = {(line.student, line.grade_id) for line in every if line.how == "second"}
        return [
            (answer, first[answer.student, grade_id])
            for grade_id, answers in self.classroom.waiting().items()
            for answer in answers
            if chosen(name, grade_id, answer.key)
            and (answer.student, grade_id) in first
            and first[answer.student, grade_id].who != reader
            and (answer.student, grade_id) not in again
        ]

    def pairs(self, db: Session) -> list[tuple[LedgerEntry, LedgerEntry]]:
        """(first decision, second reading) of each answer that was read twice."""
        every = ledger.lines(db, self.assignment.name)
        first = ledger.standing(every)
        second = {(line.student, line.grade_id): line for line in every if line.how == "second"}
        return [(first[at], line) for at, line in second.items() if at in first]


def outdated(answer: Waiting, state: State, line: LedgerEntry | None) -> bool:
    """Whether the points that stand there were given to another answer, before the class was graded again."""
    if line is None or not line.read or state.manual != line.points:
        return False
    return line.read != answer.read


def points_of(wanted: SentDecision, answer: Waiting) -> float:
    """What a decision is worth.

    Raises:
        ReviewError: a criterion is unknown, or the points do not fit the question.
    """
    known = answer.grade.criteria
    if unknown := sorted(set(wanted.verdicts) - set(known)):
        raise ReviewError(f"no criterion {unknown[0]!r}; the rubric was changed, so load the page")
    points = wanted.points
    if points is None:
        if not known:
            raise ReviewError(f"{wanted.grade_id}: expected points, got none")
        points = round(sum(known[c] for c, met in wanted.verdicts.items() if met), 2)
    most = answer.grade.max_points
    if not 0 <= points <= most + ROUNDED:  # no NaN either
        raise ReviewError(f"{wanted.grade_id}: expected points from 0 to {most:g}, got {points:g}")
    return min(points, most)
