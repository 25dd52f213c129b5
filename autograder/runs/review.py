"""`autograder review`: the answers that need review, alike ones together, and decisions about them.

One decision counts for a whole group, and goes into the gradebook as a person's points, where grading
again never touches it. Answers are grouped only if they say the same in nearly the same words. A decision is
kept as an example beside the rubric, and proposes what answers like it may get.
"""

from __future__ import annotations

import getpass
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.answers import labelled
from autograder.answers.groups import Group, digest, groups
from autograder.answers.labelled import Example
from autograder.course.assignment import Assignment
from autograder.errors import ReviewError
from autograder.files import text_of, why_unread
from autograder.gradebook import objections
from autograder.gradebook.graded import Graded
from autograder.records.record import ROUNDED, Record

if TYPE_CHECKING:
    from autograder.gradebook.book import Gradebook

PROPOSED = "proposed"  # in place of points: what is proposed


@dataclass(frozen=True)
class GroupDecision:
    """Points for every answer of a group."""

    group: Group
    points: float
    comment: str = ""
    met: frozenset[str] | None = None  # the criteria behind the points, where they are known


Ask = Callable[[list[Group]], Iterable[GroupDecision]]  # a person, asked for decisions group by group


def decision(text: str, comment: str, waiting: Sequence[Group]) -> GroupDecision:
    """Read `GROUP=POINTS`, or the criteria met in place of points: `GROUP=choice+relu`. Raises ReviewError:
    there is no such group now, or the points do not fit its question."""
    name, separator, points = text.rpartition("=")
    if not separator or not name or not points:
        raise ReviewError(f"--decide {text!r}: expected GROUP=POINTS, as in question_1:a1b2c3=1.5")
    group = next((g for g in waiting if g.id == name), None)
    if group is None:
        raise ReviewError(
            f"--decide {text!r}: no group {name} needs review; it may have changed, so list the groups again"
        )
    return decided(points, group, comment)


def decided(text: str, group: Group, comment: str = "") -> GroupDecision:
    """Points for a group: a number, criteria joined by "+", or the word "proposed". Raises ReviewError: it is
    none of these, or more than the question gives."""
    grade = group.first.grade
    shares, met = grade.criteria, frozenset(text.split("+"))
    if text == PROPOSED and grade.points is not None:
        return GroupDecision(group, grade.points, comment)
    if text == PROPOSED and shares and set(group.proposal) == set(shares):
        met = frozenset(name for name, is_met in group.proposal.items() if is_met)
    if met <= set(shares):
        return GroupDecision(group, round(sum(shares[name] for name in met), 2), comment, met)
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not 0 <= points <= grade.max_points:
        words = f"criteria joined by + ({', '.join(shares)}), or the word {PROPOSED} where all is proposed"
        raise ReviewError(
            f"{group.id}: expected points from 0 to {grade.max_points:g}, {words}, got {text!r}"
        )
    return GroupDecision(group, points, comment, _behind(points, shares))


def _behind(points: float, shares: dict[str, float]) -> frozenset[str] | None:
    """The criteria that come to these points, if only one set of them does."""
    sets = itertools.chain.from_iterable(itertools.combinations(shares, n) for n in range(len(shares) + 1))
    found = [frozenset(names) for names in sets if abs(sum(shares[n] for n in names) - points) < ROUNDED]
    return found[0] if len(found) == 1 and shares else None


def review(
    graded: Graded,
    decide: Sequence[str],
    comment: str,
    overwrite: bool,
    ask: Ask | None,
    failed: dict[str, int],
) -> list[Group]:
    """Carry out the decisions in `decide` (GROUP=POINTS) and those that `ask` brings in; the groups that wait
    after it. With `overwrite` also what a person has decided is looked at and changed. `failed` gets the
    cells that could not be graded, which no group holds: student -> how many.

    Raises:
        ReviewError: a decision does not fit; none is entered.
        RecordError, GradebookError: nothing is graded, or the gradebook cannot be used.
    """
    assignment = graded.assignment
    records = _noted(graded.records(), failed)
    looked_at = _proposed(assignment, groups(records, assignment.written, overwrite))
    if comment and not decide:
        raise ReviewError("--comment: expected --decide with it, got none; say which group it is for")
    decisions: Iterable[GroupDecision] = [decision(text, comment, looked_at) for text in decide]
    if ask is not None:
        decisions = itertools.chain(decisions, ask(looked_at))
    elif not decide:
        return looked_at
    from autograder.gradebook.book import Gradebook  # nbgrader takes two seconds to import

    with Gradebook(graded.gradebook, assignment) as book:
        for one in decisions:
            _enter(book, one, overwrite)
            _remember(assignment, one)
    return _proposed(assignment, groups(graded.records(), assignment.written))


def _noted(records: Iterable[Record], failed: dict[str, int]) -> Iterator[Record]:
    """The records, with what each has of cells that could not be graded."""
    for record in records:
        cells = sum(grade.state == "error" for grade in record.grades.values())
        if cells:
            failed[record.student] = cells
        yield record


def _proposed(assignment: Assignment, waiting: Sequence[Group]) -> list[Group]:
    """The groups with what answers decided before propose for them, question by question."""
    try:
        examples, damaged = labelled.read(assignment.labelled)
    except OSError as error:
        raise ReviewError(f"{assignment.labelled}: {error}") from None
    for line in damaged:
        print(line, file=sys.stderr)
    found: list[Group] = []
    for grade_id, own in itertools.groupby(waiting, key=lambda group: group.grade_id):
        question, each = assignment.question(grade_id), list(own)
        if question is not None:
            more = labelled.propose(question, examples, [group.first.text for group in each])
            each = [replace(group, proposal=met) for group, met in zip(each, more, strict=True)]
        found += each
    return found


def _remember(assignment: Assignment, one: GroupDecision) -> None:
    """Keep a decision as an example for answers like these; where that cannot be, say so and go on."""
    question = assignment.question(one.group.grade_id)
    if question is None or one.met is None:
        return
    texts = dict.fromkeys(answer.text for answer in one.group.answers)
    try:
        labelled.add(assignment.labelled, [Example(question.grade_id, text, one.met) for text in texts])
    except OSError as error:
        print(f"{assignment.labelled}: not kept as an example: {error}", file=sys.stderr)


def take_objections(graded: Graded, file: Path) -> tuple[int, int]:
    """Put the objections of a CSV on the list; (how many are new, how many there are in it).

    Raises:
        ReviewError: the file cannot be read, or names a student or a cell that is not there.
        GradebookError: the gradebook cannot be used.
    """
    try:
        typed = objections.from_csv(text_of(file, encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{file}: expected a CSV in UTF-8, got: {why_unread(error)}") from None
    from autograder.gradebook.book import Gradebook

    cells = [cell.grade_id for cell in graded.assignment.grade_cells]
    with Gradebook(graded.gradebook, graded.assignment) as book:
        return book.object(typed, graded.students, cells), len(typed)


def _enter(book: Gradebook, one: GroupDecision, overwrite: bool) -> None:
    students = [answer.student for answer in one.group.answers]
    who = getpass.getuser()
    read = {answer.student: digest(answer.text) for answer in one.group.answers}
    entered = book.decide(students, one.group.grade_id, one.points, one.comment, overwrite, who, read)
    kept = len(students) - len(entered)
    more = f"; {kept} kept what a person entered before" if kept else ""
    print(
        f"{one.group.id}: {one.points:g} points for {len(entered)} of {len(students)}{more}", file=sys.stderr
    )
