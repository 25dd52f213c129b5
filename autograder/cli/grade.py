"""`autograder grade`: its arguments, and what it prints."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta
from rich.table import Table
from rich.text import Text

from autograder import intake
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.json_output import Output, made, show
from autograder.cli.options import add_grading, aliases, chosen_level
from autograder.cli.progress import Progress
from autograder.cli.terminal import Terminal
from autograder.cli.values import add_assignment, add_hand_ins, address, gradebook, new_folder
from autograder.course import assignment as course
from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.course.matched import match
from autograder.records import changes as regrade
from autograder.records.changes import Change
from autograder.reports.score import UNREAD
from autograder.runs import grade as grading
from autograder.runs.grade import GradedLine, Result
from autograder.runs.request import Request
from autograder.safe_text import shown

SHOWN = 40  # changes; all of them are in changes.csv
SHOWN_WHY = 3  # reasons of one change


class StudentOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One student in the result."""

    student: Annotated[str, Meta(description="The name of the student's folder.")]
    points: Annotated[float, Meta(description="Earned, with what is proposed, before lateness.")]
    penalty: Annotated[float, Meta(description="What lateness takes off.")]
    final: Annotated[
        float, Meta(description="Points less the penalty; a score only where `needed` is empty.")
    ]
    max_points: Annotated[float, Meta(description="Of the assignment.")]
    proposed: Annotated[float, Meta(description="Among the points, confirmed by nobody yet.")]
    needed: Annotated[str, Meta(description="What a person has yet to do, in words; empty: nothing.")]
    waiting: Annotated[tuple[str, ...], Meta(description="Grade ids that need review.")]
    errors: Annotated[int, Meta(description="Cells that nobody could grade.")]
    problems: Annotated[tuple[str, ...], Meta(description="What was unusual about the hand-in.")]
    isolation: Annotated[str, Meta(description="The level at which the student's code ran.")]


class ChangeOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of one student that is worth something else than before."""

    student: Annotated[str, Meta(description="The name of the student's folder.")]
    grade_id: Annotated[str, Meta(description="The cell.")]
    notebook: Annotated[str, Meta(description="Without .ipynb.")]
    before: Annotated[float | None, Meta(description="Points; null: not known.")]
    after: Annotated[float | None, Meta(description="Points; null: not known.")]
    max_before: Annotated[float, Meta(description="Of the cell, before.")]
    max_after: Annotated[float, Meta(description="Of the cell, now.")]
    gain: Annotated[float | None, Meta(description="Points won, or lost; null where one side is not known.")]
    cause: Annotated[str, Meta(description="What was not the same as before.")]
    why: Annotated[tuple[str, ...], Meta(description="Cases that came to something else.")]


class GradeOutput(Output, frozen=True, kw_only=True):
    """`autograder grade --json`, on stdout."""

    out: Annotated[str, Meta(description="The folder of results.")]
    dry_run: Annotated[bool, Meta(description="Whether nothing was written.")]
    seconds: Annotated[float, Meta(description="Wall clock of grading.")]
    graded_first: Annotated[int, Meta(description="Hand-ins of students who had no record.")]
    graded_again: Annotated[int, Meta(description="Hand-ins of students who had one.")]
    students: Annotated[tuple[StudentOutput, ...], Meta(description="All in the folder of results.")]
    changes: Annotated[tuple[ChangeOutput, ...], Meta(description="What grading again changed.")]
    withdrawn: Annotated[tuple[str, ...], Meta(description="Who withdrew, and is left out.")]
    not_graded: Annotated[tuple[str, ...], Meta(description="What lies in DIR and is nobody's hand-in.")]
    faults: Annotated[
        dict[str, str], Meta(description="Student to what could not be made or entered, by a fault of ours.")
    ]
    fault: Annotated[
        str, Meta(description="A fault of ours that met every hand-in of a small class; mostly empty.")
    ]


def quiet(changes: list[Change], graded_again: int) -> None:
    """Nothing: the changes come with the rest of the JSON."""


def changes(changes: list[Change], graded_again: int) -> None:
    """Who gains and who loses, before anything is published."""
    if not graded_again:
        return
    console = Terminal()
    console.print(regrade.summary(changes, graded_again))
    if not changes:
        return
    table = Table(title="What changes", title_justify="left", header_style="bold")
    for name in ("student", "cell"):
        table.add_column(name, no_wrap=True)
    for name in ("before", "after", "gain"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for change in sorted(changes, key=lambda c: (c.gain or 0.0, c.student))[:SHOWN]:
        before, after = _points(change.before, change.max_before), _points(change.after, change.max_after)
        gain = "" if change.gain is None else f"{change.gain:+g}"
        table.add_row(change.student, change.grade_id, before, after, gain, _why(change))
    console.print(table)
    if len(changes) > SHOWN:
        console.print(f"and {len(changes) - SHOWN} more")


def _points(points: float | None, of: float) -> str:
    return f"{'?' if points is None else f'{points:g}'}/{of:g}"


def _why(change: Change) -> str:
    more = [f"and {len(change.why) - SHOWN_WHY} more"] if len(change.why) > SHOWN_WHY else []
    return "; ".join(
        [f"{change.cause}: " + (change.why[0] if change.why else ""), *change.why[1:SHOWN_WHY], *more]
    )


def output(result: Result, request: Request) -> GradeOutput:
    """The result for a program."""
    return GradeOutput(
        assignment=request.assignment.name,
        out=str(request.out),
        dry_run=request.dry_run,
        seconds=round(result.seconds, 2),
        graded_first=result.graded_first,
        graded_again=result.graded_again,
        students=tuple(_student(line) for line in result.lines),
        changes=tuple(made(ChangeOutput, change, gain=change.gain) for change in result.changes),
        withdrawn=tuple(result.left_out),
        not_graded=request.unclaimed,
        faults=result.faults,
        fault=result.fault,
    )


def _student(line: GradedLine) -> StudentOutput:
    return made(StudentOutput, line, final=line.points, points=round(line.points + line.penalty, 2))


def table(result: Result, request: Request, names: Mapping[str, str]) -> None:
    """One line a student, what lies beside the hand-ins, and where everything lies."""
    from autograder.gradebook.url import place  # by now, grading has imported it

    console = Terminal()
    console.print(_students(result, request.assignment, names))
    unusual = [(line.student, problem) for line in result.lines for problem in line.problems]
    if unusual:
        console.print("What was unusual", style="bold")
    for student, problem in unusual:
        console.print(f"  {student}  {' '.join(problem.splitlines())}", soft_wrap=True)
    graded = f"{result.graded_first + result.graded_again} of {len(result.lines)} submissions graded"
    console.print(f"{graded} in {result.seconds:.1f} s, isolation {request.level.name}")
    if any(line.proposed for line in result.lines):
        console.print("Points hold what is proposed and nobody has confirmed yet, as in the gradebook.")
    if result.left_out:
        console.print(f"left out, having withdrawn: {', '.join(result.left_out)}")
    for what in request.unclaimed:
        console.print(f"not graded: {what}", soft_wrap=True)
    for student, what in result.faults.items():
        said = shown(f"{student}: {what}; the rest of the class is done")
        console.print(f"not made: {said}", soft_wrap=True)
    if result.fault:
        console.print(shown(result.fault), soft_wrap=True, style="bold")
    if request.dry_run:
        console.print("A dry run: nothing is written.")
        return
    for label, path in (
        ("records", request.out / "records"),
        ("feedback", request.out / "feedback"),
        ("report", request.out / "report.html"),
        ("grades", request.out / "grades.csv"),
        ("changes", request.out / "changes.csv"),
        ("gradebook", place(request.url)),
    ):
        console.print(f"  {label:<10}{path}", soft_wrap=True)


def _students(result: Result, assignment: Assignment, names: Mapping[str, str]) -> Table:
    title = f"{assignment.title} ({assignment.name})"
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("student")
    if names:
        table.add_column("name", overflow="fold")
    late, proposed = any(li.penalty for li in result.lines), any(li.proposed for li in result.lines)
    optional = [name for name, there in (("late", late), ("proposed", proposed)) if there]
    for name in ("points", *optional, "of"):
        table.add_column(name, justify="right")
    table.add_column("needs review")
    for line in result.lines:
        points = "–" if line.needed == UNREAD else f"{line.points:g}"
        more = [*([_some(-line.penalty)] if late else []), *([_some(line.proposed)] if proposed else [])]
        who: list[str | Text] = [line.student, *([Text(names.get(line.student, ""))] if names else [])]
        table.add_row(*who, points, *more, f"{line.max_points:g}", line.needed)
    return table


def _some(points: float) -> str:
    return f"{points:g}" if points else ""


def add(parser: argparse.ArgumentParser) -> None:
    add_assignment(parser)
    add_hand_ins(parser)
    parser.add_argument(
        "--out",
        type=new_folder,
        required=True,
        help="where this assignment's records, feedback and gradebook go",
    )
    for option, help in (
        ("--student", "grade only this one; the rest of the class keeps its results (may be repeated)"),
        ("--withdrawn", "leave this one out from now on, until --student names them (may be repeated)"),
    ):
        parser.add_argument(option, action="append", default=[], metavar="ID", help=help)
    parser.add_argument(
        "--gradebook", type=gradebook, metavar="URL", help="SQLAlchemy URL; default OUT/gradebook.db"
    )
    parser.add_argument(
        "--scheduler",
        type=address,
        metavar="ADDRESS",
        help="grade on this Dask cluster instead of here",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change; write nothing")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, and progress as well")
    parser.add_argument(
        "--formgrader", action="store_true", help="also write the notebooks that formgrader opens"
    )
    add_grading(parser)


def run(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    grading.refuse_overlap(options.folder, options.out)
    loose = intake.beside(options.folder, assignment.name) if options.folder.is_dir() else []
    people = roster.read(assignment.course.roster) if assignment.course.roster else None
    sources = intake.find(options.folder, assignment, aliases(options, assignment))
    matched = match((source.student for source in sources), people)
    request = Request(
        unclaimed=tuple(loose),
        assignment=assignment,
        sources=sources,
        level=chosen_level(options),
        out=options.out,
        gradebook=options.gradebook or "",
        jobs=options.jobs,
        scheduler=options.scheduler or "",
        dry_run=options.dry_run,
        progress=partial(Progress, as_json=options.json),
        formgrader=options.formgrader,
        students=tuple(options.student),
        withdrawn=tuple(options.withdrawn),
        roster=people,
    )
    result = grading.grade(request, quiet if options.json else changes)
    if options.json:
        show(output(result, request))
    else:
        table(result, request, {student: matched.called(student) for student in matched.found})
    from autograder.runs import publish as reporting  # by now, grading has imported it

    unknown = reporting.say_matched(matched if people else None)
    return (
        ATTENTION if loose or unknown or result.faults or any(line.needed for line in result.lines) else DONE
    )
