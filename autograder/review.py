"""`autograder review`: the answers that wait for a person, alike ones together, and decisions about them.

One decision counts for a whole group, and goes into the gradebook as a person's points, where grading
again never touches it. Answers are grouped only if nothing that a rubric looks at tells them apart.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from autograder.course import Assignment
from autograder.graders.shared.inline import Question
from autograder.graders.shared.language import GLUE
from autograder.graders.shared.phrases import DENIALS, FILLERS, fits
from autograder.graders.shared.text import lexicon, sentences
from autograder.proposal import MARKS
from autograder.record import Grade, Record
from autograder.reporting import Graded
from autograder.terminal import Terminal

if TYPE_CHECKING:
    from autograder.gradebook import Gradebook

ALIKE = 0.6  # cosine of TF-IDF vectors of words and pairs; one word spelled wrongly in twelve leaves 0.7
PROPOSED = "proposed"  # in place of points: what the rubric proposes
PREFIX = "inline_"
SHOWN = 600  # characters of an answer that the list shows
MEANT = lexicon("less least more most up down same with without only both neither all none than before after")
NAMED = 12  # students of a group that the list names


class ReviewError(Exception):
    """A decision that cannot be carried out; nothing of it is entered."""


@dataclass(frozen=True)
class Answer:
    """One student's answer, with what the rubric made of it."""

    student: str
    text: str
    grade: Grade

    @property
    def verdicts(self) -> tuple[tuple[str, str], ...]:
        return tuple((case.id, case.outcome) for case in self.grade.cases)


@dataclass(frozen=True)
class Group:
    """Answers to one question that one decision fits."""

    grade_id: str
    answers: tuple[Answer, ...]

    @property
    def first(self) -> Answer:
        return self.answers[0]

    @cached_property
    def id(self) -> str:
        """Changes with every answer that joins or leaves: a decision counts for what was looked at."""
        told = json.dumps([self.grade_id, *((a.student, a.text) for a in self.answers)])
        return f"{self.grade_id.removeprefix(PREFIX)}:{hashlib.sha256(told.encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Decision:
    """Points for every answer of a group."""

    group: Group
    points: float
    comment: str = ""


# --- groups -------------------------------------------------------------------------------------


def groups(records: Iterable[Record], assignment: Assignment, everyone: bool = False) -> list[Group]:
    """Written answers that wait for a person (or all of them), grouped; by question, large groups first."""
    found: dict[str, list[Answer]] = {cell.grade_id: [] for cell in assignment.grade_cells if cell.manual}
    for record in records:
        for grade_id, answers in found.items():
            grade = record.grades.get(grade_id)
            if grade is None or grade_id not in record.answers:
                continue
            if everyone or grade.state == "needs_review":
                answers.append(Answer(record.student, record.answers[grade_id], grade))
    return [
        group
        for grade_id, answers in found.items()
        for group in sorted(_grouped(grade_id, answers, assignment.question(grade_id)), key=_place)
    ]


def _place(group: Group) -> tuple[int, str]:
    return (-len(group.answers), group.id)


def _grouped(grade_id: str, answers: Sequence[Answer], question: Question | None) -> list[Group]:
    """Each answer joins the first group whose first answer it is like in all that matters."""
    bags = [_bag(answer.text) for answer in answers]
    vectors = _tf_idf(bags)
    by_key: dict[tuple[object, ...], list[list[int]]] = {}
    for at, answer in enumerate(answers):
        key = (answer.verdicts, answer.grade.points, _decisive(bags[at], question))
        rows = by_key.setdefault(key, [])
        home = next((row for row in rows if _cosine(vectors[row[0]], vectors[at]) >= ALIKE), None)
        if home is None:
            rows.append([at])
        else:
            home.append(at)
    return [Group(grade_id, tuple(answers[at] for at in row)) for rows in by_key.values() for row in rows]


def _bag(text: str) -> Counter[str]:
    """The words of an answer and their pairs, without those that carry no meaning of their own."""
    bag: Counter[str] = Counter()
    idle = (GLUE | FILLERS) - DENIALS - MEANT
    for sentence in sentences(text):
        words = [w for w in sentence.words if w[0].isalnum() and w not in idle]
        bag.update(words)
        bag.update(" ".join(pair) for pair in itertools.pairwise(words))
    return bag


def _decisive(bag: Counter[str], question: Question | None) -> frozenset[str]:
    """The words in which no two answers of a group may differ: what the rubric knows, numbers, denials."""
    single = {word for word in bag if " " not in word}
    if question is None:
        return frozenset(single)
    known = question.vocabulary
    return frozenset(
        next((p[0] for p in known if fits(p[0], word)), word)
        for word in single
        if word in DENIALS | MEANT or not word.isalpha() or any(fits(p[0], word) for p in known)
    )


def _tf_idf(bags: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """Unit vectors in which words count the more, the fewer answers use them."""
    spread = Counter(word for bag in bags for word in bag)
    vectors = []
    for bag in bags:
        raw = {w: n * (1 + math.log((1 + len(bags)) / (1 + spread[w]))) for w, n in bag.items()}
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        vectors.append({w: value / length for w, value in raw.items()})
    return vectors


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    if not a and not b:
        return 1.0
    return sum(value * b.get(word, 0.0) for word, value in a.items())


# --- decisions ----------------------------------------------------------------------------------


def decision(text: str, comment: str, waiting: Sequence[Group]) -> Decision:
    """Read `GROUP=POINTS`.

    Raises:
        ReviewError: there is no such group now, or the points do not fit its question.
    """
    name, separator, points = text.rpartition("=")
    if not separator or not name or not points:
        raise ReviewError(f"--decide {text!r}: expected GROUP=POINTS, as in two_layer_net_1:a1b2c3=1.5")
    group = next((g for g in waiting if g.id == name), None)
    if group is None:
        raise ReviewError(
            f"--decide {text!r}: no group {name} waits; it may have changed, so list the groups again"
        )
    return Decision(group, _points(points, group), comment)


def _points(text: str, group: Group) -> float:
    most, proposal = group.first.grade.max_points, group.first.grade.points
    if text == PROPOSED and proposal is not None:
        return proposal
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not 0 <= points <= most:
        raise ReviewError(
            f"{group.id}: expected points from 0 to {most:g} (or the word {PROPOSED}), got {text!r}"
        )
    return points


def ask(
    waiting: Sequence[Group], question: Callable[[str], Question | None], read: Callable[[], str]
) -> Iterable[Decision]:
    """Show group after group and read what to do with it, until all are done or the input ends."""
    console = Terminal()
    for number, group in enumerate(waiting, 1):
        console.rule(f"{number} of {len(waiting)}")
        show(console, group, question(group.grade_id))
        while True:
            console.print(
                "[bold]points[/] (a space, a comment), Enter for the proposal, s to skip, q to quit",
                highlight=False,
            )
            try:
                line = read().strip()
            except EOFError:
                return
            if line == "q":
                return
            if line == "s":
                break
            points, _, comment = line.partition(" ")
            try:
                yield Decision(group, _points(points or PROPOSED, group), comment.strip())
                break
            except ReviewError as error:
                console.print(str(error), style="red", highlight=False, markup=False)


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    decide: tuple[str, ...] = ()  # GROUP=POINTS
    comment: str = ""
    ask: bool = False
    overwrite: bool = False  # look at, and change, what a person has decided too


def review(graded: Graded, wanted: Wanted) -> list[Group]:
    """Carry out what is asked for; the groups that wait after it.

    Raises:
        ReviewError: a decision does not fit; none is entered.
        RecordError, GradebookError: nothing is graded, or the gradebook cannot be used.
    """
    assignment = graded.assignment
    looked_at = groups(graded.records(), assignment, everyone=wanted.overwrite)
    if wanted.comment and not wanted.decide:
        raise ReviewError("--comment: expected --decide with it, got none; say which group it is for")
    decisions: Iterable[Decision] = [decision(text, wanted.comment, looked_at) for text in wanted.decide]
    if wanted.ask:
        decisions = itertools.chain(decisions, ask(looked_at, assignment.question, input))
    elif not wanted.decide:
        return looked_at
    from autograder.gradebook import Gradebook  # nbgrader takes two seconds to import

    with Gradebook(graded.gradebook, assignment) as book:
        for one in decisions:
            _enter(book, one, wanted.overwrite)
    return groups(graded.records(), assignment)


def _enter(book: Gradebook, one: Decision, overwrite: bool) -> None:
    students = [answer.student for answer in one.group.answers]
    entered = book.decide(students, one.group.grade_id, one.points, one.comment, overwrite)
    kept = len(students) - len(entered)
    more = f"; {kept} kept what a person entered before" if kept else ""
    print(
        f"{one.group.id}: {one.points:g} points for {len(entered)} of {len(students)}{more}", file=sys.stderr
    )


# --- what is printed ----------------------------------------------------------------------------


def show_all(waiting: Sequence[Group], question: Callable[[str], Question | None]) -> None:
    """The list that a person decides by."""
    console = Terminal()
    before = ""
    for group in waiting:
        asked = question(group.grade_id)
        if group.grade_id != before:
            before = group.grade_id
            console.rule(f"[bold]{before}[/], {group.first.grade.max_points:g} points", align="left")
            if asked is not None:
                console.print(f"a full answer: {asked.answer}", style="dim", highlight=False, markup=False)
        show(console, group, asked)
    answers = sum(len(group.answers) for group in waiting)
    console.print(f"{answers} answers in {len(waiting)} groups wait for a person", highlight=False)


def show(console: Terminal, group: Group, question: Question | None) -> None:
    grade = group.first.grade
    unsure = sum(case.weight for case in grade.cases if case.outcome == "skipped")
    proposal = "no proposal" if grade.points is None else f"proposed {grade.points:g} of {grade.max_points:g}"
    proposal += f", {unsure:g} to decide" if unsure else ""
    count = f"{len(group.answers)} answer{'s' if len(group.answers) > 1 else ''}"
    console.print(f"\n[bold cyan]{escape(group.id)}[/]  {count}, {proposal}", highlight=False)
    names = ", ".join(answer.student for answer in group.answers[:NAMED])
    more = f" and {len(group.answers) - NAMED} more" if len(group.answers) > NAMED else ""
    console.print(f"  {names}{more}", style="dim", highlight=False, markup=False)
    text = group.first.text.strip()
    shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    console.print("\n".join(f"  │ {line}" for line in shown.splitlines()), highlight=False, markup=False)
    table = Table.grid(padding=(0, 2))
    for case in grade.cases:
        table.add_row(f"  {MARKS.get(case.outcome, '!')}", f"{case.weight:g}", escape(case.message))
    console.print(table)


def as_data(waiting: Sequence[Group]) -> list[dict[str, object]]:
    """The groups for a program."""
    return [
        {
            "group": group.id,
            "grade_id": group.grade_id,
            "students": [answer.student for answer in group.answers],
            "answer": group.first.text,
            "proposed": group.first.grade.points,
            "max_points": group.first.grade.max_points,
            "criteria": [
                {"id": c.id, "outcome": c.outcome, "points": c.weight, "message": c.message}
                for c in group.first.grade.cases
            ],
        }
        for group in waiting
    ]
