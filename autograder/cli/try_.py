"""`autograder try`."""

from __future__ import annotations

import argparse

from autograder.authoring import trial
from autograder.authoring.trial import Tried
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.options import add_isolation, add_models, chosen_level
from autograder.cli.terminal import Terminal
from autograder.course.course import Course, find
from autograder.safe_text import plural


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grader", metavar="GRADER", help="an assignment, a grader's file or a grade id")
    parser.add_argument(
        "hand_in", nargs="?", default="solution", metavar="HAND-IN", help="solution, skeleton, or a path"
    )
    add_models(parser, "the solution's trained models")
    add_isolation(parser)


def run(options: argparse.Namespace) -> int:
    """Run graders and show what each case came to."""
    course = find()
    assignment, wanted = trial.find(course, options.grader)
    submission = trial.hand_in(assignment, options.hand_in, options.models)
    tried, missing = trial.run(assignment, wanted, submission, chosen_level(options))
    for one in tried:
        _show(one, course)
    for line in missing:
        print(f"missing {line}")
    read = sum(one.case.kind == "criterion" and one.case.outcome == "skipped" for one in tried)
    passed, cases = sum(one.case.outcome == "passed" for one in tried), len(tried) - read
    more = f"; {read} more {'needs' if read == 1 else 'need'} review" if read else ""
    ours = options.hand_in in (trial.SOLUTION, trial.SKELETON)
    which = f"the {options.hand_in} of {assignment.name}" if ours else options.hand_in
    print(f"{passed} of {plural(cases, 'case')} passed on {which}{more}")
    return DONE if passed == cases and not missing else ATTENTION


def _show(one: Tried, course: Course) -> None:
    console = Terminal()
    head = f"{one.case.outcome:<8}{one.check.grade_id}: {one.case.id}"
    console.print(f"{head}  ({one.case.kind}, {one.case.seconds:.3f} s)", soft_wrap=True)
    if one.case.outcome == "passed":
        return
    lines = [one.case.message, one.case.hint and f"hint: {one.case.hint}", one.line(course)]
    for text in filter(None, lines):
        console.print(_indented(text), soft_wrap=True)
    if one.case.outcome == "error":
        console.print(_indented(one.trace()), soft_wrap=True)


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.rstrip().splitlines())
