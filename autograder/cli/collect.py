"""What `autograder collect` prints."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.table import Table
from rich.text import Text

from autograder.cli.terminal import Terminal
from autograder.intake import Report


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
