"""`autograder release`."""

from __future__ import annotations

import argparse

from autograder.cli.codes import DONE
from autograder.course import assignment as course
from autograder.release import build


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help="which to build; default: all of the course"
    )


def run(options: argparse.Namespace) -> int:
    for name in options.assignments or course.names():
        result = build.build(name)
        print(f"{name}: {result}")
    return DONE
