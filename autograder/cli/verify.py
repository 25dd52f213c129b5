"""`autograder verify`."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.values import new_folder, whole
from autograder.course import assignment as course
from autograder.files import write_atomically
from autograder.mutants import proof
from autograder.safe_text import say

MUTANTS = 20  # a few seconds; `autograder mutants` judges all


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="take trained models from here; do not run the notebooks"
    )
    parser.add_argument(
        "--mutants",
        type=whole(0),
        default=MUTANTS,
        metavar="N",
        help=f"judge so many mutants; default {MUTANTS}",
    )
    parser.add_argument(
        "--out",
        type=new_folder,
        default=Path("mutants"),
        metavar="DIR",
        help="where verify.html goes; default mutants",
    )


def run(options: argparse.Namespace) -> int:
    proofs = []
    for name in options.assignments or course.names():
        found = proof.prove(course.load(name), options.models, options.mutants, options.out / name)
        proofs.append(found)
        write_atomically(options.out / "verify.html", proof.page(proofs))
        print(f"{name}: {found.verified or 'does not hold together'}")
        print(found)
        for finding in found.findings:
            say(finding)
        if found.failure is not None:
            raise found.failure
    print(f"all of it in one page: {options.out / 'verify.html'}")
    return ATTENTION if any(found.findings for found in proofs) else DONE
