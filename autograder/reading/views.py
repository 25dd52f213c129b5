"""What the pages show, made ready for their templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from autograder.answers.question import Question
from autograder.answers.verdict import OFF_TOPIC, READS
from autograder.errors import RecordError
from autograder.gradebook import ledger
from autograder.gradebook.ledger import LedgerEntry, State
from autograder.gradebook.readers import Split
from autograder.notebook import Cell, mark_scheme_of, question_text
from autograder.reading import shown
from autograder.reading.room import NEW, Pile, Room, Saved, outdated
from autograder.reading.waiting import Waiting, key_of
from autograder.records.objection import Objection
from autograder.records.record import CaseResult, Record, criterion_of, load
from autograder.reports import markdown

ALIKE_SHOWN = 12  # other answers of a group that are shown in full
FIRST_WORDS = 110  # characters of an answer in a list
LOOKED_AT = 400  # characters, with all marks, that these are taken from
LEVELS = (1.0, 0.75, 0.5, 0.25, 0.0)  # shares of the points, where there are no criteria
OUTCOMES = {"passed": "met", "failed": "unmet"}


@dataclass(frozen=True)
class QuestionView:
    """A question with what it asks, and what a full answer says."""

    grade_id: str
    name: str
    points: float
    asked: Markup
    answer: Markup
    full: Mapping[str, str]  # criterion -> what a full answer says
    titles: Mapping[str, str]  # criterion -> its title


@dataclass(frozen=True)
class CriterionView:
    id: str
    title: str
    points: float
    full: str
    found: str  # what the rubric found in the answer
    state: str  # met | unmet | open
    before: str  # what people decided about answers like it, in other terms


@dataclass(frozen=True)
class AnswerView:
    key: str
    number: int  # in its group, from 1
    html: Markup
    name: str  # the student's, if names are shown
    version: str
    decided: bool
    outdated: bool  # decided, but for another answer
    points: float | None
    who: str
    at: str
    comment: str
    first_words: str


@dataclass(frozen=True)
class Standpoint:
    """Where a reader is."""

    root: str
    grade_id: str
    key: str
    reader: str
    everyone: bool = False  # not only what is this reader's
    second: bool = False

    def url(self, key: str) -> str:
        more = "?all=1" if self.everyone else ""
        return f"{self.root}/q/{self.grade_id}/{key}{more}" if key else f"{self.root}/q/{self.grade_id}{more}"


@dataclass(frozen=True)
class AnswerPageView:
    question: QuestionView
    shown: AnswerView
    others: tuple[AnswerView, ...]
    more: int  # others that are not shown in full
    group: Mapping[str, str]  # open answers of the group: key -> version
    criteria: tuple[CriterionView, ...]
    levels: tuple[tuple[float, str], ...]
    doubt: str  # why a person looks, if it is not only the rubric
    points: float | None  # typed in, where they are not what the criteria add up to
    size: int
    left: int  # open answers of the question
    total: int
    next_one: str  # address of the next open answer
    next_group: str
    second: bool


def question(room: Room, grade_id: str) -> QuestionView:
    cell = room.assignment.cell(grade_id)
    rubric: Question | None = room.assignment.question(grade_id)
    home = next((n for n in room.assignment.notebooks if cell is not None and n.name == cell.notebook), None)
    place = Cell(grade_id, cell.points, home.path) if cell and home else None
    scheme = mark_scheme_of(place) if place and cell and cell.kind == "task" else ""
    criteria = rubric.criteria if rubric else ()
    return QuestionView(
        grade_id,
        room.name_of(grade_id),
        cell.points if cell else 0.0,
        markdown.html(question_text(place) if place else ""),
        markdown.html(rubric.answer if rubric else scheme),
        {c.id: c.full for c in criteria},
        {c.id: c.title for c in criteria},
    )


def answer_page(room: Room, db: Session, at: Standpoint) -> AnswerPageView:
    piles = room.piles(db, at.grade_id, "" if at.everyone or at.second else at.reader)
    pile = next((p for p in piles if any(a.key == at.key for a in p.answers)), None)
    if pile is None:  # somebody else's, opened by its address
        piles = room.piles(db, at.grade_id)
        pile = next(p for p in piles if any(a.key == at.key for a in p.answers))
    answers = pile.answers
    here = next(a for a in answers if a.key == at.key)
    states = ledger.states(db, room.assignment.name, at.grade_id, [a.student for a in answers])
    standing = {} if at.second else room.standing(db, at.grade_id)
    every = {
        a.key: _answer(room, a, number, states.get(a.student, NEW), standing.get(a.student), at)
        for number, a in enumerate(answers, 1)
        if a is here or (not at.second and number <= ALIKE_SHOWN + 1)
    }
    others = tuple(view for key, view in every.items() if key != at.key)
    group = {at.key: every[at.key].version} if at.second else _group(here, pile, states)
    one, whole = _next(piles, pile, at)
    asked = question(room, at.grade_id)
    state, line = states.get(here.student, NEW), standing.get(here.student)
    before = {} if at.second else room.proposal(at.grade_id, at.key)
    criteria = tuple(_criteria(here, asked, line, at.second, before))
    return AnswerPageView(
        question=asked,
        shown=every[at.key],
        others=others,
        more=0 if at.second else len(answers) - 1 - len(others),
        group=group,
        criteria=criteria,
        levels=() if criteria else tuple(_levels(here.grade.max_points)),
        doubt=_why(here) or ("" if at.second else _off_topic(here, asked)),
        points=None if at.second else _typed(state, criteria),
        size=1 if at.second else len(answers),
        left=sum(len(p.open) for p in piles),
        total=sum(len(p.answers) for p in piles),
        next_one=f"{at.root}/second/next" if at.second else one,
        next_group=f"{at.root}/second/next" if at.second else whole,
        second=at.second,
    )


def _why(waiting: Waiting) -> str:
    """Why a person looks at this one, where that is not only its rubric."""
    grade = waiting.grade
    if grade.state == "error":
        what = "; ".join(case.message for case in grade.cases if case.outcome == "error" and case.message)
        return f"This could not be graded. {what or grade.comment}".strip()
    return grade.doubt


def _off_topic(waiting: Waiting, asked: QuestionView) -> str:
    """The hint that each criterion has where an answer seems off topic, once."""
    cases = [case for case in waiting.grade.cases if case.kind == "criterion" and case.outcome == "skipped"]
    said = {_found(case, asked.titles.get(criterion_of(case), "")) for case in cases}
    return OFF_TOPIC[:1].upper() + OFF_TOPIC[1:] if OFF_TOPIC in said else ""


def _group(here: Waiting, pile: Pile, states: Mapping[str, State]) -> dict[str, str]:
    """What "apply to the group" decides: all that is open, and the answer that is looked at."""
    chosen = [here, *(a for a in pile.open if a is not here)]
    return {a.key: f"{a.version}.{states.get(a.student, NEW).version}" for a in chosen}


def _next(piles: Sequence[Pile], pile: Pile, at: Standpoint) -> tuple[str, str]:
    """The next open answer, and the next group that has one; the list of groups once all is read."""
    inside = [a.key for a in pile.open if a.key != at.key]
    order = {a.key: number for number, a in enumerate(pile.answers)}
    after = [key for key in inside if order[key] > order[at.key]]
    here = next(number for number, other in enumerate(piles) if other is pile)
    others = [p for p in [*piles[here + 1 :], *piles[:here]] if p.open]
    whole = others[0].open[0].key if others else ""
    return at.url((after or inside or [whole])[0]), at.url(whole)


def _answer(
    room: Room, waiting: Waiting, number: int, state: State, line: LedgerEntry | None, at: Standpoint
) -> AnswerView:
    ours = line is not None and line.points == state.manual
    return AnswerView(
        key=waiting.key,
        number=number,
        html=shown.answer(waiting, room.assignment, room.classroom.out),
        name=waiting.student,
        version=f"{waiting.version}.{state.version}",
        decided=state.decided and not at.second,
        outdated=outdated(waiting, state, line) and not at.second,
        points=state.points,
        who=(line.who if line and ours else "formgrader") if state.decided else "",
        at=when(line.at) if line and ours else "",
        comment="" if at.second else state.comment,
        first_words=first_words(waiting.text),
    )


def first_words(text: str) -> str:
    plain = " ".join(markdown.plain(text[:LOOKED_AT]).split())
    return plain if len(plain) <= FIRST_WORDS else plain[: FIRST_WORDS - 1] + "…"


def when(at: str) -> str:
    return at.replace("T", " ")[:16]


def _criteria(
    waiting: Waiting, asked: QuestionView, line: LedgerEntry | None, second: bool, before: Mapping[str, bool]
) -> list[CriterionView]:
    return [
        CriterionView(
            id=(name := criterion_of(case)),
            title=asked.titles.get(name, name.replace("_", " ")),
            points=case.weight,
            full=asked.full.get(name, ""),
            found="" if second or (found := _found(case, asked.titles.get(name, ""))) == OFF_TOPIC else found,
            state="open" if second else _state(case, name, line),
            before={True: "met", False: "not met", None: ""}[before.get(name)],
        )
        for case in waiting.grade.cases
        if case.kind == "criterion"
    ]


def _found(case: CaseResult, title: str) -> str:
    """What the rubric found; empty where that is only that a person reads it."""
    said = case.message.removeprefix(f"{title}: ")
    return "" if case.outcome == "skipped" and said == READS else said


def _state(case: CaseResult, name: str, line: LedgerEntry | None) -> str:
    if line is not None and name in line.verdicts:
        return "met" if line.verdicts[name] else "unmet"
    return OUTCOMES.get(case.outcome, "open")


def _levels(most: float) -> list[tuple[float, str]]:
    words = ("all of it", "three quarters", "half", "a quarter", "nothing")
    return [(round(most * share, 2), word) for share, word in zip(LEVELS, words, strict=True)]


def _typed(state: State, criteria: Sequence[CriterionView]) -> float | None:
    added = round(sum(c.points for c in criteria if c.state == "met"), 2)
    return state.manual if state.manual is not None and (state.manual != added or not criteria) else None


def conflicts(saved: Saved, names: bool) -> dict[str, Any]:
    """Both decisions, for the reader to choose."""
    return {
        "yours": saved.points,
        "conflicts": [
            {
                "key": c.answer.key,
                "name": c.answer.student if names else "",
                "points": c.state.points,
                "comment": c.state.comment,
                "who": c.who,
                "at": when(c.at),
                "version": f"{c.answer.version}.{c.state.version}",
                "changed": c.changed,
            }
            for c in saved.conflicts
        ],
    }


@dataclass(frozen=True)
class Action:
    """Lines that one click made."""

    line: LedgerEntry
    name: str
    answers: int
    undone: bool


def actions(room: Room, lines: Sequence[LedgerEntry]) -> list[Action]:
    """What was done, newest first."""
    undone = {line.undoes for line in lines if line.undoes}
    batches: dict[str, list[LedgerEntry]] = {}
    for line in lines:
        batches.setdefault(line.batch, []).append(line)
    return [
        Action(each[0], room.name_of(each[0].grade_id), len(each), batch in undone)
        for batch, each in reversed(batches.items())
    ]


def twice(room: Room, pairs: Sequence[tuple[LedgerEntry, LedgerEntry]], names: bool) -> list[dict[str, Any]]:
    """Answers that were read twice, those that differ most first."""
    rows = []
    for first, second in pairs:
        answer = room.classroom.answer_of(first.student, first.grade_id)
        key = answer.key if answer else ""
        apart = abs((first.points or 0.0) - (second.points or 0.0))
        name = first.student if names else key[:4]
        rows.append(
            {"first": first, "second": second, "apart": round(apart, 2), "key": key, "name": name}
            | {"question": room.name_of(first.grade_id)}
        )
    return sorted(rows, key=lambda row: (-float(row["apart"]), str(row["key"])))


def shares(room: Room, db: Session, split: Split) -> dict[str, tuple[int, int]]:
    """Reader -> (answers that are theirs, of these open)."""
    found: dict[str, tuple[int, int]] = dict.fromkeys(split.readers, (0, 0))
    for grade_id, answers in room.classroom.waiting().items():
        owners = room.owners(split, grade_id)
        open_ones = {a.key for a in room.open(db, grade_id, answers)}
        for answer in answers:
            if owner := owners.get(answer.key):
                total, left = found.get(owner, (0, 0))
                found[owner] = (total + 1, left + (answer.key in open_ones))
    return found


def _record_of(room: Room, student: str) -> Record | None:
    """A student's record, if there is one that can be read."""
    if student not in room.classroom.students:
        return None
    try:
        return load(room.classroom.out / "records" / f"{student}.json")
    except (RecordError, OSError):
        return None


def objection(room: Room, db: Session, one: Objection, names: bool) -> dict[str, Any]:
    """An objection with the answer and the record that it is about."""
    record = _record_of(room, one.student)
    grade = record.grades.get(one.grade_id) if record and one.grade_id else None
    text = record.answers.get(one.grade_id, "") if record else ""
    state = ledger.states(db, room.assignment.name, one.grade_id, [one.student]).get(one.student, NEW)
    waiting = room.classroom.answer_of(one.student, one.grade_id)
    return {
        "objection": one,
        "name": one.student if names else f"Student {key_of(room.assignment.name, one.student)[:4]}",
        "question": room.name_of(one.grade_id) if one.grade_id else "the whole assignment",
        "answer": markdown.html(text) if text else "",
        "cases": [c for c in grade.cases if c.outcome != "passed"] if grade else [],
        "points": state.points if one.grade_id else None,
        "most": grade.max_points if grade else 0.0,
        "key": waiting.key if waiting else "",
        "at": when(one.at),
    }
