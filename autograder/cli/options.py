"""Options that several verbs take, and what they mean."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder import inherited
from autograder.cli.values import folder, new_folder, whole
from autograder.course.assignment import Assignment
from autograder.course.course import Course
from autograder.errors import CourseError
from autograder.safe_text import say
from autograder.sandbox import level
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.level import Level


def isolation(text: str) -> str:
    """The name of a level, whether or not this machine offers it."""
    if not set(text.split("+")) <= set(level.NAMED):
        raise argparse.ArgumentTypeError(f"expected a level such as {'+'.join(level.NAMED)}, got {text!r}")
    return text


def add_isolation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--isolation",
        type=isolation,
        metavar="LEVEL",
        help="use this isolation level instead of the best one",
    )
    parser.add_argument(
        "--unsafe-no-sandbox", action="store_true", help="run student code with no isolation at all"
    )


def add_grading(
    parser: argparse.ArgumentParser, jobs: str = "how many hand-ins are graded at once; default: one a core"
) -> None:
    """What verbs take that grade hand-ins."""
    parser.add_argument("--jobs", type=whole(1), default=inherited.cores(), metavar="N", help=jobs)
    parser.add_argument(
        "--alias",
        action="append",
        default=[],
        metavar="NAME",
        help="another name for the package, by which hand-ins of an older form of the assignment call it "
        "(may be repeated)",
    )
    add_isolation(parser)


def chosen_level(options: argparse.Namespace) -> Level:
    inherited.refuse_low_limits()
    if options.unsafe_no_sandbox:
        say("no isolation: student code can read and change anything here")
        return level.unsafe()
    if options.isolation:
        try:
            return level.by_name(options.isolation)
        except ValueError as error:
            raise SandboxError(str(error)) from None
    return level.probe()


def aliases(options: argparse.Namespace, assignment: Assignment) -> tuple[str, ...]:
    """Names given by --alias in place of those of assignment.toml."""
    for name in options.alias:
        if not name.isidentifier() or name == assignment.package:
            raise CourseError(
                f"--alias: expected the name of a package other than {assignment.package}, got {name!r}"
            )
    return tuple(dict.fromkeys(options.alias)) or assignment.intake.package_aliases


def add_models(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--models", type=folder, metavar="DIR", help=help)


def add_mutants_folder(parser: argparse.ArgumentParser, what: str, default: str) -> None:
    parser.add_argument(
        "--out",
        type=new_folder,
        metavar="DIR",
        help=f"where {what}; default {default} in the course's folder",
    )


def mutants_folder(options: argparse.Namespace, course: Course, *below: str) -> Path:
    """Where verdicts and pages go: in the course's folder, from wherever the verb is started.

    Raises:
        CourseError: they would lie among what the course is made of.
    """
    default = course.root / "mutants"
    if options.out is None:
        return default.joinpath(*below)
    out: Path = options.out
    if course.hides(out) and not out.resolve().is_relative_to(default.resolve()):
        raise CourseError(
            f"--out: expected a folder apart from what the course is made of, got {out}; leave it out, or "
            "name another"
        )
    return out


def from_here(path: Path) -> str:
    """As a person types it where they are."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
