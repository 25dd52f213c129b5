"""`autograder verify`."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.cli.codes import DONE
from autograder.course import assignment as course
from autograder.release import verify


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="take trained models from here; do not run the notebooks"
    )


def run(options: argparse.Namespace) -> int:
    for name in options.assignments or course.names():
        result = verify.verify(name, models=options.models)
        print(f"{name}: {result}")
    return DONE
