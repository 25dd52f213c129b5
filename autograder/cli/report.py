"""`autograder report`."""

from __future__ import annotations

import argparse

from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.values import add_assignment, folder, given_path, gradebook
from autograder.course import assignment as course
from autograder.course.matched import Matched
from autograder.gradebook.graded import Graded
from autograder.reports.score import needed
from autograder.runs import publish as reporting
from autograder.runs.student_pages import pages_by_now
from autograder.safe_text import plural, say


def add(parser: argparse.ArgumentParser) -> None:
    common(parser)
    parser.add_argument(
        "--git",
        type=given_path,
        metavar="FILE",
        help="a roster with repositories: push final pages to the branch feedback/… of each",
    )


def common(parser: argparse.ArgumentParser) -> None:
    """What `export` takes as well."""
    add_assignment(parser)
    parser.add_argument("out", type=folder, metavar="OUT", help="what autograder grade wrote")
    parser.add_argument(
        "--roster",
        type=given_path,
        metavar="FILE",
        help="the class, a CSV (id, name, …) or the gradebook that Canvas exports",
    )
    parser.add_argument(
        "--gradebook",
        type=gradebook,
        default="",
        metavar="URL",
        help="where the gradebook is, an SQLAlchemy URL; default OUT/gradebook.db",
    )


def run(options: argparse.Namespace) -> int:
    graded = Graded(course.load(options.assignment), options.out, options.gradebook)
    matched = reporting.matched_with(graded, options.git or options.roster or graded.assignment.course.roster)
    shown = reporting.write_pages(graded, matched)
    waiting = {student: what for student, one in shown.items() if (what := needed(one))}
    who = plural(len(graded.students), "student")
    print(f"{who}: {options.out / 'report.html'}, {options.out / 'feedback'}")
    if waiting:
        say(f"{plural(len(waiting), 'hand-in', 'need')} review; report.html says what for")
    for student, what in graded.faults.items():
        say(f"{student!r}: {what}")
    if options.git and matched:
        _push(graded, matched, {**waiting, **graded.faults})
    return ATTENTION if reporting.say_matched(matched) or waiting or graded.faults else DONE


def _push(graded: Graded, matched: Matched, waiting: dict[str, str]) -> None:
    from autograder.runs import feedback_branch  # most reports push nothing, and need no git

    assignment = graded.assignment
    people = [*matched.found.values(), *matched.missing]
    early = pages_by_now(graded.records(), assignment, people)
    pushed, problems = feedback_branch.push(graded.out, assignment.name, matched, waiting, early)
    shows = "" if early is None else f"; before the due date: {assignment.course.watch.before_due}"
    print(f"{plural(pushed, 'new page')} in the branch feedback/{assignment.name}{shows}")
    for student, what in problems.items():
        say(f"{student!r}: {what}")
    graded.faults.update(problems)
