"""`autograder export`."""

from __future__ import annotations

import argparse

from autograder.cli import report
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.values import given_path, written
from autograder.course import assignment as course
from autograder.gradebook.graded import Graded
from autograder.runs import publish as reporting

FOLDERS = ("gradescope", "mail")  # formats that write one


def add(parser: argparse.ArgumentParser) -> None:
    report.common(parser)
    parser.add_argument(
        "--format",
        required=True,
        choices=reporting.FORMATS,
        metavar="FORMAT",
        help="what is to read the grades: %(choices)s",
    )
    parser.add_argument(
        "--to",
        type=given_path,
        required=True,
        metavar="PATH",
        help="the file to write; for gradescope and mail, the folder",
    )
    parser.add_argument(
        "--download",
        type=given_path,
        metavar="FROM",
        help="for moodle-feedback and canvas-comments: the download that the LMS gave out",
    )
    parser.add_argument(
        "--final",
        action="store_true",
        help="count what is proposed, and 0 for what is not known, in place of leaving cells blank",
    )


def run(options: argparse.Namespace) -> int:
    written("--to", options.to, folder=options.format in FOLDERS)
    graded = Graded(course.load(options.assignment), options.out, options.gradebook)
    usual = graded.assignment.course.roster if options.format != "canvas" else None  # Canvas's own file
    roster = options.roster or usual
    exported = reporting.export(graded, options.format, roster, options.to, options.final, options.download)
    print(f"{exported.students} students, {options.format}: {options.to}")
    needed = reporting.say_needed(exported, options.final)
    return ATTENTION if reporting.say_matched(exported.matched) or needed else DONE
