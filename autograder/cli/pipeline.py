"""`autograder pipeline`."""

from __future__ import annotations

import argparse

from autograder.cli.codes import DONE
from autograder.cli.values import add_assignment, given_path, written
from autograder.course import assignment as course
from autograder.pipelines import github, gradescope_zip
from autograder.reports.gradescope import VISIBILITY
from autograder.safe_text import say

KINDS = ("gradescope", "github")
NO_DUE = (
    "assignment.toml has no due date, so every hour full pages are given back, which tell students what "
    "hidden checks compare; with one, they show until then what [watch] before_due allows"
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help="where students hand in: %(choices)s")
    add_assignment(parser)
    parser.add_argument(
        "--to",
        type=given_path,
        required=True,
        metavar="PATH",
        help="for gradescope the zip to write, for github the folder of the instructors' repository",
    )
    parser.add_argument(
        "--visibility",
        choices=VISIBILITY,
        default="after_due_date",
        metavar="WHEN",
        help="when Gradescope shows a cell's points and messages: %(choices)s; default %(default)s",
    )


def run(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    written("--to", options.to, folder=options.kind == "github")
    if options.kind == "github":
        print(f"{assignment.name}: {github.write(assignment, options.to)}; it says which secrets it needs")
        if assignment.late.due is None:
            say(NO_DUE)
        return DONE
    count = gradescope_zip.write(assignment, options.to, options.visibility)
    print(f"{assignment.name}: {options.to}, {count} files; cells are visible: {options.visibility}")
    say("it holds the hidden graders and the solution; give it to nobody")
    return DONE
