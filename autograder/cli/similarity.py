"""`autograder similarity`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from autograder import intake
from autograder.cli.codes import DONE
from autograder.cli.json_output import Output, show
from autograder.cli.progress import Progress
from autograder.cli.values import add_assignment, add_hand_ins, new_folder
from autograder.course import assignment as course
from autograder.files import write_atomically
from autograder.records.store import Store
from autograder.runs import plugins

if TYPE_CHECKING:
    from autograder.similarity.compare import Comparison  # needs what need not be installed


class PairOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Two hand-ins that have passages in common."""

    students: Annotated[tuple[str, str], Meta(description="Whose.")]
    code: Annotated[float, Meta(description="Share of the smaller one's code, 0 to 1.")]
    answers: Annotated[float, Meta(description="Share of the smaller one's answers, 0 to 1.")]


class SimilarityOutput(Output, frozen=True, kw_only=True):
    """`autograder similarity --json`."""

    compared: Annotated[int, Meta(description="Hand-ins.")]
    threshold: Annotated[float, Meta(description="From which share on a pair counts.")]
    pairs_above_threshold: Annotated[int, Meta(description="How many do.")]
    pairs: Annotated[tuple[PairOutput, ...], Meta(description="Those that the page shows, most alike first.")]
    not_compared: Annotated[dict[str, str], Meta(description="Student to why not.")]


def add(parser: argparse.ArgumentParser) -> None:
    add_assignment(parser)
    add_hand_ins(parser)
    parser.add_argument("--out", type=new_folder, required=True, help="where similarity.html goes")
    parser.add_argument("--json", action="store_true", help="print the pairs as JSON")


def run(options: argparse.Namespace) -> int:
    similarity = plugins.load("similarity")
    from autograder.similarity import pairs_page  # needs what the line above looked for

    assignment = course.load(options.assignment)
    Store(options.out).refuse_other(assignment.name)
    sources = intake.find(options.folder, assignment)
    with Progress(f"{assignment.name}, reading", len(sources)) as progress:
        found = similarity.compare(assignment, sources, progress.step)
    path = options.out / "similarity.html"
    write_atomically(path, pairs_page.render(found))
    if options.json:
        show(output(found, similarity.THRESHOLD))
    else:
        pairs = f"{found.above} of {sum(found.histogram)} pairs"
        print(f"{pairs} have at least {similarity.THRESHOLD:.0%} in common; read both sides in {path}")
    return DONE


def output(found: Comparison, threshold: float) -> SimilarityOutput:
    """The listed pairs for a program."""
    return SimilarityOutput(
        assignment=found.assignment.name,
        compared=found.compared,
        threshold=threshold,
        pairs_above_threshold=found.above,
        pairs=tuple(
            PairOutput(
                students=(pair.left.student, pair.right.student),
                code=round(pair.code, 3),
                answers=round(pair.answers, 3),
            )
            for pair in found.pairs
        ),
        not_compared={work.student: work.problem for work in found.works if work.problem},
    )
