"""`autograder mutants`."""

from __future__ import annotations

import argparse
from typing import Annotated

import msgspec
from msgspec import Meta

from autograder import inherited
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.json_output import Output, made, show
from autograder.cli.options import (
    add_isolation,
    add_mutants_folder,
    chosen_level,
    from_here,
    mutants_folder,
)
from autograder.cli.progress import Progress
from autograder.cli.values import add_assignment, whole
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.files import write_atomically
from autograder.mutants import campaign, result_tables, sensitivity
from autograder.mutants.bench import MutantVerdict
from autograder.mutants.campaign import CampaignResult, Choice
from autograder.mutants.result_tables import MutantCount
from autograder.mutants.sensitivity import Sensitivity
from autograder.safe_text import say

PAGE = "mutants.html"


class MutantOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One small mistake, and who noticed it."""

    id: Annotated[str, Meta(description="The same for the same mistake in the same code.")]
    function: Annotated[str, Meta(description="In which.")]
    operator: Annotated[str, Meta(description="What was done.")]
    path: Annotated[str, Meta(description="The file.")]
    line: Annotated[int, Meta(description="In the solved file.")]
    diff: Annotated[tuple[str, ...], Meta(description="What was done, as a diff.")]
    own: Annotated[tuple[str, ...], Meta(description="The function's own cells.")]
    pair: Annotated[tuple[str, ...], Meta(description="Cells that read what the function keeps.")]
    lost: Annotated[dict[str, float], Meta(description="Cell to points.")]
    first: Annotated[str, Meta(description="The first case that noticed it.")]
    error: Annotated[str, Meta(description="Of ours: it was not judged.")]
    visible: Annotated[bool | None, Meta(description="Noticed by a visible check; null: not looked at.")]
    seconds: Annotated[float, Meta(description="Wall clock.")]
    state: Annotated[str, Meta(description="own, pair or other: who noticed; survived: nobody; error.")]
    reason: Annotated[str, Meta(description="Why it is equal to the solution, from the course's file.")]
    charged: Annotated[float, Meta(description="Points lost by cells that have nothing to do with it.")]


class MutantsOutput(Output, frozen=True, kw_only=True):
    """`autograder mutants --json`."""

    made: Annotated[int, Meta(description="Mutants there are; a sample judges fewer.")]
    by_function: Annotated[tuple[MutantCount, ...], Meta(description="One for each function.")]
    by_operator: Annotated[tuple[MutantCount, ...], Meta(description="One for each operator.")]
    all: Annotated[MutantCount, Meta(description="Of all.")]
    findings: Annotated[tuple[str, ...], Meta(description="What an author has to look at.")]
    mutants: Annotated[tuple[MutantOutput, ...], Meta(description="Each.")]


class SensitivityOutput(Output, frozen=True, kw_only=True):
    """`autograder mutants --sensitivity --json`."""

    cells: Annotated[tuple[Sensitivity, ...], Meta(description="Every cell that a function owns.")]


def add(parser: argparse.ArgumentParser) -> None:
    add_assignment(parser)
    add_mutants_folder(parser, "verdicts and page go", "mutants/ASSIGNMENT")
    parser.add_argument(
        "--sample", type=whole(1), metavar="N", help="judge so many, drawn with the seed; default all"
    )
    parser.add_argument(
        "--seed",
        type=whole(),
        default=0,
        metavar="N",
        help="which sample is drawn, the same for the same number; default 0",
    )
    parser.add_argument(
        "--function",
        action="append",
        default=[],
        metavar="NAME",
        help="only mutants of this function (may be repeated)",
    )
    parser.add_argument(
        "--operator",
        action="append",
        default=[],
        metavar="NAME",
        help="only mutants that this operator makes (may be repeated)",
    )
    parser.add_argument("--hidden-only", action="store_true", help="do not run the checks that students see")
    parser.add_argument(
        "--jobs",
        type=whole(1),
        default=inherited.cores(),
        metavar="N",
        help="how many mutants are judged at once; default: one a core",
    )
    parser.add_argument("--json", action="store_true", help="print tables and mutants as JSON")
    parser.add_argument(
        "--sensitivity",
        action="store_true",
        help="no mutants: the smallest error each cell notices, and rounding",
    )
    add_isolation(parser)


def run(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    if options.sensitivity:
        return _sensitivity(assignment, options)
    out = mutants_folder(options, assignment.course, assignment.name)
    choice = Choice(
        options.sample,
        options.seed,
        tuple(options.function),
        tuple(options.operator),
        not options.hidden_only,
        options.jobs,
        chosen_level(options),
    )
    with Progress(f"{assignment.name}, mutants", 0) as progress:

        def step(verdict: MutantVerdict, known: bool) -> None:
            progress.step(
                failing=verdict.state == "survived", error=verdict.state == "error", unchanged=known
            )

        found = campaign.run(assignment, choice, out, progress.expect, step)
    write_atomically(out / PAGE, result_tables.page(found))
    if options.json:
        show(_output(found))
    else:
        print(result_tables.text(found))
        print(f"every mutant that its own cell does not notice: {from_here(out / PAGE)}")
    for finding in found.findings:
        say(finding)
    return ATTENTION if found.findings else DONE


def _output(found: CampaignResult) -> MutantsOutput:
    """All of it for a program, with every verdict."""
    return MutantsOutput(
        assignment=found.assignment.name,
        made=len(found.made),
        by_function=tuple(result_tables.by_function(found)),
        by_operator=tuple(result_tables.by_operator(found)),
        all=result_tables.whole(found),
        findings=tuple(found.findings),
        mutants=tuple(
            made(MutantOutput, v, state=v.state, reason=found.reason(v), charged=v.charged)
            for v in found.judged
        ),
    )


def _sensitivity(assignment: Assignment, options: argparse.Namespace) -> int:
    """A tolerance lies between rounding and the smallest error that is noticed: a table of both."""
    found = sensitivity.of(assignment, chosen_level(options))
    if options.json:
        show(SensitivityOutput(assignment=assignment.name, cells=tuple(found)))
    else:
        print(sensitivity.table(found))
    near = [one for one in found if one.margin is None or one.margin < sensitivity.MARGIN]
    for one in near:
        what = (
            "no error is noticed" if one.margin is None else "rounding is near to the smallest error noticed"
        )
        say(f"{assignment.name}: {one.cell}: {what}; look at its tolerances")
    return ATTENTION if near else DONE
