"""`autograder collect`: its arguments, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.table import Table
from rich.text import Text

from autograder.cli import json_output
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.options import add_grading, aliases, chosen_level
from autograder.cli.terminal import Terminal
from autograder.cli.values import add_assignment, given_path, new_folder
from autograder.course import assignment as course
from autograder.errors import IntakeError
from autograder.intake import Report, facts
from autograder.runs import collect as collecting
from autograder.safe_text import say


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
        soft_wrap=True,
    )
    place = to / ".collected" / report.assignment
    console.print(f"  hand-ins  {to}\n  as they came, and this list  {place}", soft_wrap=True)
    if report.unmatched:
        say("some hand-ins belong to nobody on the roster; see above")


def add(parser: argparse.ArgumentParser) -> None:
    add_assignment(parser)
    parser.add_argument(
        "sources",
        type=given_path,
        nargs="*",
        metavar="FROM",
        help="what the LMS gave out, each a folder or a zip",
    )
    parser.add_argument(
        "--to",
        type=new_folder,
        required=True,
        metavar="DIR",
        help="the folder that gets <student>/<assignment>/…",
    )
    parser.add_argument(
        "--roster",
        type=given_path,
        metavar="FILE",
        help="the class, a CSV: id, name, email, extension_days, …",
    )
    parser.add_argument(
        "--git",
        type=given_path,
        metavar="FILE",
        help="a roster with a column repository: collect from these as well",
    )
    parser.add_argument(
        "--times",
        type=given_path,
        metavar="FILE",
        help="when students handed in, a CSV (id, time), if no download says it",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_grading(
        parser,
        jobs="how many hand-ins are graded at once where the best of several counts; default: one a core",
    )


def run(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    nothing_kept = not facts.kept(options.to, assignment.name).is_dir()  # else the choice is made anew
    if not options.sources and not options.git and nothing_kept:
        raise IntakeError("collect: expected FROM, a download, or --git FILE, got neither; give one")
    report = collecting.collect(
        assignment,
        options.sources,
        options.to,
        options.git or options.roster or assignment.course.roster,
        options.times,
        aliases(options, assignment),
        chosen_level(options),
        options.jobs,
        git=bool(options.git),
    )
    if options.json:
        json_output.show(report)
    else:
        show(report, options.to)
    return ATTENTION if report.unusual or report.unmatched else DONE
