"""`autograder review`: the answers that need review, alike ones together, and decisions about them.

One decision counts for a whole group, and goes into the gradebook as a person's points, where grading
again never touches it. Answers are grouped only if nothing that a rubric looks at tells them apart.
"""

from __future__ import annotations

import getpass
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.answers.groups import Group, groups
from autograder.errors import ReviewError
from autograder.gradebook import objections
from autograder.gradebook.graded import Graded

if TYPE_CHECKING:
    from autograder.gradebook.book import Gradebook

PROPOSED = "proposed"  # in place of points: what the rubric proposes


@dataclass(frozen=True)
class Decision:
    """Points for every answer of a group."""

    group: Group
    points: float
    comment: str = ""


Ask = Callable[[list[Group]], Iterable[Decision]]  # a person, asked for decisions group by group


def decision(text: str, comment: str, waiting: Sequence[Group]) -> Decision:
    """Read `GROUP=POINTS`.

    Raises:
        ReviewError: there is no such group now, or the points do not fit its question.
    """
    name, separator, points = text.rpartition("=")
    if not separator or not name or not points:
        raise ReviewError(f"--decide {text!r}: expected GROUP=POINTS, as in question_1:a1b2c3=1.5")
    group = next((g for g in waiting if g.id == name), None)
    if group is None:
        raise ReviewError(
            f"--decide {text!r}: no group {name} waits; it may have changed, so list the groups again"
        )
    return Decision(group, points_of(points, group), comment)


def points_of(text: str, group: Group) -> float:
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


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    decide: tuple[str, ...] = ()  # GROUP=POINTS
    comment: str = ""
    overwrite: bool = False  # look at, and change, what a person has decided too


def review(graded: Graded, wanted: Wanted, ask: Ask | None = None) -> list[Group]:
    """Carry out what is wanted, and what `ask` brings in; the groups that wait after it.

    Raises:
        ReviewError: a decision does not fit; none is entered.
        RecordError, GradebookError: nothing is graded, or the gradebook cannot be used.
    """
    assignment = graded.assignment
    looked_at = groups(graded.records(), assignment.written, everyone=wanted.overwrite)
    if wanted.comment and not wanted.decide:
        raise ReviewError("--comment: expected --decide with it, got none; say which group it is for")
    decisions: Iterable[Decision] = [decision(text, wanted.comment, looked_at) for text in wanted.decide]
    if ask is not None:
        decisions = itertools.chain(decisions, ask(looked_at))
    elif not wanted.decide:
        return looked_at
    from autograder.gradebook.book import Gradebook  # nbgrader takes two seconds to import

    with Gradebook(graded.gradebook, assignment) as book:
        for one in decisions:
            _enter(book, one, wanted.overwrite)
    return groups(graded.records(), assignment.written)


def take_objections(graded: Graded, file: Path) -> tuple[int, int]:
    """Put the objections of a CSV on the list; (how many are new, how many there are in it).

    Raises:
        ReviewError: the file cannot be read, or names a student or a cell that is not there.
        GradebookError: the gradebook cannot be used.
    """
    try:
        typed = objections.from_csv(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{file}: expected a CSV in UTF-8, got: {error}") from None
    from autograder.gradebook.book import Gradebook

    cells = [cell.grade_id for cell in graded.assignment.grade_cells]
    with Gradebook(graded.gradebook, graded.assignment) as book:
        return book.object(typed, graded.students, cells), len(typed)


def _enter(book: Gradebook, one: Decision, overwrite: bool) -> None:
    students = [answer.student for answer in one.group.answers]
    who = getpass.getuser()
    entered = book.decide(students, one.group.grade_id, one.points, one.comment, overwrite, who)
    kept = len(students) - len(entered)
    more = f"; {kept} kept what a person entered before" if kept else ""
    print(
        f"{one.group.id}: {one.points:g} points for {len(entered)} of {len(students)}{more}", file=sys.stderr
    )
