"""`autograder pipeline`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograder.cli.codes import DONE
from autograder.course import assignment as course
from autograder.pipelines import gradescope
from autograder.reports.gradescope import VISIBILITY

KINDS = ("gradescope",)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS, metavar="KIND")
    parser.add_argument("assignment")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write")
    parser.add_argument(
        "--visibility",
        choices=VISIBILITY,
        default="after_due_date",
        metavar="WHEN",
        help="when students see a cell's points and messages on Gradescope",
    )


def run(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    count = gradescope.write(assignment, options.to, options.visibility)
    print(f"{assignment.name}: {options.to}, {count} files; cells are visible: {options.visibility}")
    print("autograder: it holds the hidden graders and the solution; give it to nobody", file=sys.stderr)
    return DONE
