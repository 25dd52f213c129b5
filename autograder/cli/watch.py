"""`autograder watch`: its arguments, and its signals."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.options import add_grading, aliases, chosen_level
from autograder.cli.values import given_path, new_folder
from autograder.course import assignment as course
from autograder.errors import CourseError, IntakeError
from autograder.runs import grade as grading
from autograder.runs import watch as watching
from autograder.safe_text import say


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assignment",
        nargs="?",
        metavar="ASSIGNMENT",
        help="its name, which may be left out where the course has only one",
    )
    parser.add_argument(
        "folder", type=given_path, metavar="DIR", help="the folder into which hand-ins are dropped"
    )
    parser.add_argument(
        "--out",
        type=new_folder,
        required=True,
        help="where hand-ins are kept, with records, pages and health",
    )
    parser.add_argument("--once", action="store_true", help="end when all that lies there is graded")
    add_grading(parser)


def run(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment or _only_one())
    if not options.folder.is_dir():
        raise IntakeError(f"{options.folder}: no such folder; give the one into which hand-ins are dropped")
    grading.refuse_overlap(options.folder, options.out)
    request = watching.WatchRequest(
        assignment,
        options.folder,
        options.out,
        chosen_level(options),
        options.jobs,
        aliases(options, assignment),
        options.once,
    )
    watch = watching.FolderWatch(request)

    def stop(number: int, _: object) -> None:
        """The first signal drains, the second ends at once."""
        signal.signal(number, signal.SIG_DFL)
        say("finishing what runs; the same signal again ends at once")
        watch.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        watch.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if watch.changed:
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  our own command again
    return ATTENTION if options.once and (watch.health.failed or watch.health.refused) else DONE


def _only_one() -> str:
    names = course.names()
    if len(names) != 1:
        raise CourseError(f"watch: expected the name of an assignment, one of {', '.join(names)}, got none")
    return names[0]
