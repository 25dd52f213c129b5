"""What `autograder review` prints, and what it asks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from rich.table import Table
from rich.text import Text

from autograder.answers.groups import Group
from autograder.answers.proposal import MARKS
from autograder.answers.question import Question
from autograder.cli import json_output
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.json_output import Output, made
from autograder.cli.terminal import Terminal
from autograder.cli.values import add_assignment, folder, given_path, gradebook
from autograder.course import assignment as course
from autograder.course.matched import Matched
from autograder.errors import ReviewError
from autograder.gradebook.graded import Graded
from autograder.gradebook.url import sqlite_url
from autograder.records.record import criterion_of
from autograder.reports import markdown
from autograder.runs import review
from autograder.runs.publish import matched_with
from autograder.runs.review import PROPOSED, GroupDecision, decided
from autograder.safe_text import listed, plural, printable

SHOWN = 600  # characters of an answer that the list shows
BAR = "  │ "  # before each line of an answer
NAMED = 12  # students of a group that the list names


class CriterionOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion of a rubric, or one check of a manual cell."""

    id: Annotated[str, Meta(description="Unique in its cell.")]
    outcome: Annotated[str, Meta(description="passed, failed, error or skipped")]
    points: Annotated[float, Meta(description="What it is worth.")]
    message: Annotated[str, Meta(description="What was found.")]
    proposed: Annotated[bool | None, Meta(description="Met, by answers decided before; null: unsure.")]


class GroupOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to one question that are alike."""

    group: Annotated[str, Meta(description="What --decide takes.")]
    grade_id: Annotated[str, Meta(description="The question's cell.")]
    students: Annotated[tuple[str, ...], Meta(description="Whose answers these are.")]
    answer: Annotated[str, Meta(description="The first of them, as handed in.")]
    proposed: Annotated[float | None, Meta(description="Points; null: nothing is proposed.")]
    max_points: Annotated[float, Meta(description="Of the cell.")]
    criteria: Annotated[tuple[CriterionOutput, ...], Meta(description="Of the first of them.")]


class ReviewOutput(Output, frozen=True, kw_only=True):
    """`autograder review --json`."""

    groups: Annotated[tuple[GroupOutput, ...], Meta(description="What needs review.")]
    not_graded: Annotated[
        dict[str, int],
        Meta(description="By student, how many cells could not be graded; no group holds them."),
    ]


def ask(
    waiting: Sequence[Group],
    question: Callable[[str], Question | None],
    read: Callable[[], str],
    called: Callable[[str], str] = str,
) -> Iterable[GroupDecision]:
    """Show group after group and read what to do with it, until all are done or the input ends."""
    console = Terminal()
    for number, group in enumerate(waiting, 1):
        console.rule(f"{number} of {len(waiting)}")
        show(console, group, question(group.grade_id), called)
        while True:
            console.print(
                "points or criteria met, as in 1.5 or a+b (a space, a comment), Enter for the proposal, "
                "s to skip, q to quit",
                style="bold",
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
                yield decided(points or PROPOSED, group, comment.strip())
                break
            except ReviewError as error:
                console.print(str(error), style="red")


def show_all(
    waiting: Sequence[Group], question: Callable[[str], Question | None], called: Callable[[str], str] = str
) -> None:
    """The list that a person decides by."""
    console = Terminal()
    before = ""
    for group in waiting:
        asked = question(group.grade_id)
        if group.grade_id != before:
            before = group.grade_id
            title = Text(f"{before}, {group.first.grade.max_points:g} points", style="bold")
            console.rule(title, align="left")
            if asked is not None:
                console.print(f"a full answer: {asked.answer}", style="dim")
        show(console, group, asked, called)
    answers = sum(len(group.answers) for group in waiting)
    verb = "needs" if answers == 1 else "need"
    console.print(f"{plural(answers, 'answer')} in {plural(len(waiting), 'group')} {verb} review")


def show_not_graded(cells: Mapping[str, int], out: Path) -> None:
    """What the list leaves out: cells that no answer stands behind, since grading them went wrong."""
    if not cells:
        return
    count = sum(cells.values())
    Terminal().print(
        f"{plural(count, 'cell')} could not be graded, and {'is' if count == 1 else 'are'} not in this list: "
        f"of {listed(map(printable, cells), NAMED)}. {out / 'report.html'} says why; "
        "grade again, or enter points with --browser.",
    )


def show(
    console: Terminal, group: Group, question: Question | None, called: Callable[[str], str] = str
) -> None:
    grade = group.first.grade
    proposal = f"{grade.max_points:g} points"
    if grade.points is not None:
        proposal = f"proposed {grade.points:g} of {grade.max_points:g}"
    count = plural(len(group.answers), "answer")
    console.print()
    console.print(Text(group.id, style="bold cyan"), f" {count}, {proposal}")
    names = listed((called(answer.student) for answer in group.answers), NAMED)
    console.print(f"  {names}", style="dim")
    text = markdown.plain(group.first.text.strip())
    shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    for line in shown.splitlines():  # wrapped here: a terminal would go on without the bar
        for row in Text(printable(line)).wrap(console, max(1, console.width - len(BAR))) or [""]:
            console.print(Text(BAR), row, sep="")
    if checks := [case.outcome for case in grade.cases if case.kind != "criterion"]:
        console.print(f"  {checks.count('passed')} of {len(checks)} checks passed")
    else:
        console.print(_criteria(group, question))


def _criteria(group: Group, question: Question | None) -> Table:
    """Each criterion with its points, what is proposed, and what a full answer says."""
    full = {c.id: c.full for c in question.criteria} if question else {}
    table = Table.grid(padding=(0, 2))
    cases = [case for case in group.first.grade.cases if case.kind == "criterion"]
    for case in cases:
        name = criterion_of(case)
        mark = MARKS.get(case.outcome, "!")
        if name in group.proposal:
            mark = "likely" if group.proposal[name] else "unlikely"
        table.add_row(f"  {mark}", f"{case.weight:g}", name, full.get(name, case.message))
    return table


def output(assignment: str, waiting: Sequence[Group], failed: Mapping[str, int]) -> ReviewOutput:
    """The groups for a program."""
    return ReviewOutput(assignment=assignment, groups=tuple(map(_group, waiting)), not_graded=dict(failed))


def _group(group: Group) -> GroupOutput:
    grade = group.first.grade
    return GroupOutput(
        group=group.id,
        grade_id=group.grade_id,
        students=tuple(answer.student for answer in group.answers),
        answer=group.first.text,
        proposed=grade.points,
        max_points=grade.max_points,
        criteria=tuple(
            made(CriterionOutput, case, points=case.weight, proposed=group.proposal.get(criterion_of(case)))
            for case in grade.cases
        ),
    )


def add(parser: argparse.ArgumentParser) -> None:
    add_assignment(parser)
    parser.add_argument("--out", type=folder, required=True, help="where `grade` wrote the results")
    parser.add_argument(
        "--gradebook", type=gradebook, metavar="URL", help="SQLAlchemy URL; default OUT/gradebook.db"
    )
    parser.add_argument(
        "--decide",
        action="append",
        default=[],
        metavar="GROUP=POINTS",
        help="decide about a group of the list, by points or by =CRITERION+CRITERION (may be repeated)",
    )
    parser.add_argument(
        "--comment",
        default="",
        metavar="TEXT",
        help="what the students of the decided groups read beside their points",
    )
    parser.add_argument("--ask", action="store_true", help="go through the groups one by one")
    parser.add_argument(
        "--browser", action="store_true", help="read them in the browser, with Jupyter's server"
    )
    parser.add_argument(
        "--jupyter",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option for Jupyter's server, with --browser (may be repeated)",
    )
    parser.add_argument(
        "--objections",
        type=given_path,
        metavar="FILE",
        help="put a CSV (student, grade_id, text) on the list",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="change as well what a person has decided before"
    )
    parser.add_argument("--json", action="store_true", help="print the groups as JSON")


def _called(graded: Graded) -> Callable[[str], str]:
    """A student's id, and the name where the course's roster has it."""
    matched = matched_with(graded, graded.assignment.course.roster) or Matched()

    def called(student: str) -> str:
        name = matched.called(student)
        return f"{student} ({name})" if name else student

    return called


def run(options: argparse.Namespace) -> int:
    url = options.gradebook or sqlite_url(options.out / "gradebook.db")
    graded = Graded(course.load(options.assignment), options.out, url)
    if options.browser:
        from autograder.runs import reading_room  # Jupyter takes seconds to import

        reading_room.serve(graded, options.jupyter)
    if options.objections:
        new, all_of_them = review.take_objections(graded, options.objections)
        print(f"{new} new on the list, of {all_of_them}; reply with --browser")
        return ATTENTION if new else DONE
    question = graded.assignment.question
    called = _called(graded)
    asked = partial(ask, question=question, read=input, called=called) if options.ask else None
    failed: dict[str, int] = {}
    remaining = review.review(graded, options.decide, options.comment, options.overwrite, asked, failed)
    if options.json:
        json_output.show(output(options.assignment, remaining, failed))
    else:
        show_all(remaining, graded.assignment.question, called)
        show_not_graded(failed, options.out)
    return ATTENTION if remaining or failed else DONE
