"""`autograder verify`."""

from __future__ import annotations

import argparse

from autograder.cli.codes import ATTENTION, DONE, USAGE
from autograder.cli.options import add_models, add_mutants_folder, from_here, mutants_folder
from autograder.cli.values import whole
from autograder.course import assignment as course
from autograder.course.course import find
from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.mutants import proof
from autograder.safe_text import say

MUTANTS = 20  # a few seconds; `autograder mutants` judges all


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help="which to look at; default: all of the course"
    )
    add_models(parser, "take trained models from here; do not run the notebooks")
    parser.add_argument(
        "--mutants",
        type=whole(0),
        default=MUTANTS,
        metavar="N",
        help=f"judge so many mutants; default {MUTANTS}",
    )
    add_mutants_folder(parser, "verify.html goes", "mutants")


def run(options: argparse.Namespace) -> int:
    """One assignment that fails keeps no other from being looked at."""
    course_ = find()
    out = mutants_folder(options, course_)
    proofs, failed = [], False
    said = set[str]()  # the package is the same in all
    for name in options.assignments or course_.assignments:
        try:
            assignment = course.load(name, course_)
        except CourseError as error:
            say(str(error))
            failed = True
            continue
        found = proof.prove(assignment, options.models, options.mutants, out / name)
        proofs.append(found)
        failed = failed or found.failed
        write_atomically(out / "verify.html", proof.page(proofs))
        print(f"{name}: {found.verified or 'does not hold together'}")
        print(found)
        for finding in found.findings:
            if finding not in said:
                say(finding)
        said.update(found.findings)
    if proofs:
        print(f"all of it in one page: {from_here(out / 'verify.html')}")
    return USAGE if failed else ATTENTION if any(found.findings for found in proofs) else DONE
