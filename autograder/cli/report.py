"""`autograder report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograder.cli.codes import ATTENTION, DONE
from autograder.course import assignment as course
from autograder.gradebook.graded import Graded
from autograder.runs import publish as reporting


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment")
    parser.add_argument("out", type=Path, metavar="OUT", help="what autograder grade wrote")
    parser.add_argument("--roster", type=Path, metavar="FILE", help="CSV: id, name, …; or Canvas's export")
    parser.add_argument("--gradebook", default="", metavar="URL", help="default OUT/gradebook.db")


def run(options: argparse.Namespace) -> int:
    graded = Graded(course.load(options.assignment), options.out, options.gradebook)
    matched = reporting.matched_with(graded, options.roster or graded.assignment.course.roster)
    needed = reporting.write_pages(graded, matched)
    print(f"{len(graded.students)} students: {options.out / 'report.html'}, {options.out / 'feedback'}")
    if needed:
        print(f"autograder: {len(needed)} need review; report.html says what for", file=sys.stderr)
    for student, what in graded.faults.items():
        print(f"autograder: {student!r}: {what}", file=sys.stderr)
    return ATTENTION if reporting.tell(matched) or needed or graded.faults else DONE
