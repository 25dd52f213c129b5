"""`autograder collect`: the class's hand-ins from an LMS's download to where they are graded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from autograder import course, pool, roster
from autograder.course import Assignment
from autograder.grading import Task
from autograder.intake import Collector, Report, Source
from autograder.record import Record
from autograder.sandbox.level import Level
from autograder.terminal import Terminal


def collect(
    assignment: Assignment,
    sources: Sequence[Path],
    to: Path,
    roster_file: Path | None,
    times_file: Path | None,
    aliases: tuple[str, ...],
    level: Level,
    jobs: int,
) -> Report:
    """Collect, grading first where the rule is "best" and a student handed in more than once."""

    def points(several: Sequence[Source]) -> list[float]:
        earned: dict[Path, float] = {}

        def done(task: Task, graded: Record | None) -> None:
            earned[task.source.path] = graded.points if graded is not None else 0.0

        plan = pool.Plan(assignment.name, assignment.root, level)
        pool.run(plan, [Task(source) for source in several], jobs, done)
        return [earned[source.path] for source in several]

    collector = Collector(
        assignment,
        to,
        roster.read(roster_file) if roster_file else None,
        aliases,
        roster.read_times(times_file) if times_file else {},
        others=set(course.names(assignment.root)) - {assignment.name},
        points=points if assignment.intake.counts == "best" else None,
    )
    return collector.collect(sources)


def show(report: Report, to: Path) -> None:
    """What an instructor should know, for a person to read."""
    console = Terminal()
    rows = [
        *((student, what) for student, what in report.unusual),
        *(("", f"not matched: {what}") for what in report.unmatched),
        *((student, "nothing handed in") for student in report.missing),
    ]
    if rows:
        table = Table(title="Unusual", title_justify="left", header_style="bold")
        table.add_column("student")
        table.add_column("what", overflow="fold")
        for student, what in rows:
            table.add_row(Text(student), Text(what))
        console.print(table)
    console.print(
        f"{report.assignment}: {report.students} students, {report.hand_ins} hand-ins, {report.new} new; "
        f"{len(report.written)} written, {len(report.late)} late, {len(report.missing)} missing, "
        f"{len(report.unmatched)} not matched",
        highlight=False,
        soft_wrap=True,
    )
    place = to / ".collected" / report.assignment
    console.print(
        f"  hand-ins  {to}\n  as they came, and this list  {place}", highlight=False, soft_wrap=True
    )
    if report.unmatched:
        print("autograder: some hand-ins belong to nobody on the roster; see above", file=sys.stderr)
