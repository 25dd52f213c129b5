"""`autograder init`."""

from __future__ import annotations

import argparse
import shlex

from autograder.authoring import new as authoring
from autograder.cli.codes import DONE
from autograder.cli.values import new_folder
from autograder.release import build


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=new_folder, metavar="DIR", help="the folder of the new course")
    parser.add_argument(
        "--title",
        default="A course",
        metavar="TEXT",
        help="the course's name as students read it; default: %(default)s",
    )
    parser.add_argument(
        "--package",
        default="course_lib",
        metavar="NAME",
        help="the library that students complete; default: %(default)s",
    )
    parser.add_argument(
        "--assignment",
        default="first",
        metavar="NAME",
        help="the name of the first assignment; default: %(default)s",
    )


def run(options: argparse.Namespace) -> int:
    made = authoring.init(options.folder, options.title, options.package, options.assignment)
    print(build.build(options.assignment, made.root))
    print(
        f"{options.folder} is a course; next: cd {shlex.quote(str(options.folder))}, then autograder verify"
    )
    return DONE
