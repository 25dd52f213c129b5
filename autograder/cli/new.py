"""`autograder new`."""

from __future__ import annotations

import argparse

from autograder.authoring import new as authoring
from autograder.cli.codes import DONE
from autograder.course.course import find
from autograder.release import build


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assignment", metavar="NAME", help="the new assignment's name, of letters, digits and _"
    )


def run(options: argparse.Namespace) -> int:
    course = find()
    for path in authoring.new(course, options.assignment):
        print(f"  {path}")
    print(build.build(options.assignment, course.root))
    print(f"next: autograder verify {options.assignment}")
    return DONE
