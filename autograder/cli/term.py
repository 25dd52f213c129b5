"""`autograder term`."""

from __future__ import annotations

import argparse

from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.values import given_path, new_folder
from autograder.course import course
from autograder.runs import term as terms
from autograder.runs.publish import SHOWN
from autograder.safe_text import plural, say


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "results",
        type=given_path,
        metavar="DIR",
        help="the results, a folder that holds <assignment>/ as grade wrote it",
    )
    parser.add_argument(
        "--roster",
        type=given_path,
        metavar="FILE",
        help="the class, a CSV (id, name, …) or what an LMS exports",
    )
    parser.add_argument(
        "--to",
        type=new_folder,
        required=True,
        metavar="DIR",
        help="the folder that gets the CSV and the pages",
    )
    parser.add_argument("--final", action="store_true", help="count what is proposed, and 0 for the unknown")


def run(options: argparse.Namespace) -> int:
    here = course.find()
    done = terms.write(here, options.results, options.roster or here.roster, options.to, options.final)
    waiting = [one for one in done.standings if one.needed]
    print(f"{plural(len(done.standings), 'student')}: {options.to / 'term.html'}, {options.to / 'term.csv'}")
    for name in done.not_graded:
        say(f"{name}: not graded yet, does not count so far")
    for one in waiting[:SHOWN]:
        say(f"{one.student!r}: {one.needed}; left blank")
    if len(waiting) > SHOWN:
        say(f"and {len(waiting) - SHOWN} more")
    for student, what in done.faults.items():
        say(f"{student!r}: {what}")
    return ATTENTION if waiting or done.faults else DONE
