"""What `--json` prints, as types.

The schema is made from them: `python -m autograder.cli.json_output > docs/output.schema.json`.
A field is never taken away or given another meaning under the same `schema`; new ones may come.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

SCHEMA = 1


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What every verb says first."""

    schema: Annotated[int, Meta(description="The version of this schema.")] = SCHEMA
    assignment: Annotated[str, Meta(description="The name of the assignment's folder.")]


class StudentOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One student in the result."""

    student: Annotated[str, Meta(description="The name of the student's folder.")]
    points: Annotated[float, Meta(description="Earned, with what is proposed, before lateness.")]
    penalty: Annotated[float, Meta(description="What lateness takes off.")]
    final: Annotated[
        float, Meta(description="Points less the penalty; a score only where `needed` is empty.")
    ]
    max_points: Annotated[float, Meta(description="Of the assignment.")]
    proposed: Annotated[float, Meta(description="Among the points, confirmed by nobody yet.")]
    needed: Annotated[str, Meta(description="What a person has yet to do, in words; empty: nothing.")]
    waiting: Annotated[tuple[str, ...], Meta(description="Grade ids that need review.")]
    errors: Annotated[int, Meta(description="Cells that nobody could grade.")]
    problems: Annotated[tuple[str, ...], Meta(description="What was unusual about the hand-in.")]
    isolation: Annotated[str, Meta(description="The level at which the student's code ran.")]


class ChangeOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of one student that is worth something else than before."""

    student: Annotated[str, Meta(description="The name of the student's folder.")]
    grade_id: Annotated[str, Meta(description="The cell.")]
    notebook: Annotated[str, Meta(description="Without .ipynb.")]
    before: Annotated[float | None, Meta(description="Points; null: not known.")]
    after: Annotated[float | None, Meta(description="Points; null: not known.")]
    max_before: Annotated[float, Meta(description="Of the cell, before.")]
    max_after: Annotated[float, Meta(description="Of the cell, now.")]
    gain: Annotated[float | None, Meta(description="Points won, or lost; null where one side is not known.")]
    cause: Annotated[str, Meta(description="What was not the same as before.")]
    why: Annotated[tuple[str, ...], Meta(description="Cases that came to something else.")]


class GradeOutput(Output, frozen=True, kw_only=True):
    """`autograder grade --json`, on stdout."""

    out: Annotated[str, Meta(description="The folder of results.")]
    dry_run: Annotated[bool, Meta(description="Whether nothing was written.")]
    seconds: Annotated[float, Meta(description="Wall clock of grading.")]
    graded_first: Annotated[int, Meta(description="Hand-ins of students who had no record.")]
    graded_again: Annotated[int, Meta(description="Hand-ins of students who had one.")]
    students: Annotated[tuple[StudentOutput, ...], Meta(description="All in the folder of results.")]
    changes: Annotated[tuple[ChangeOutput, ...], Meta(description="What grading again changed.")]
    withdrawn: Annotated[tuple[str, ...], Meta(description="Who withdrew, and is left out.")]
    not_graded: Annotated[tuple[str, ...], Meta(description="What lies in DIR and is nobody's hand-in.")]
    faults: Annotated[
        dict[str, str], Meta(description="Student to what could not be made or entered, by a fault of ours.")
    ]
    fault: Annotated[
        str, Meta(description="A fault of ours that met every hand-in of a small class; mostly empty.")
    ]


class ProgressOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `autograder grade --json` on stderr, every ten seconds, at the end and with `said`."""

    what: Annotated[str, Meta(description="What is being done.")]
    done: Annotated[int, Meta(description="Hand-ins that are done.")]
    total: Annotated[int, Meta(description="Hand-ins in all.")]
    unchanged: Annotated[int, Meta(description="Of the done: not graded again, since nothing changed.")]
    failing: Annotated[int, Meta(description="Of the done: with a check that failed.")]
    errors: Annotated[int, Meta(description="Of the done: with cells that nobody could grade.")]
    rate: Annotated[float, Meta(description="Hand-ins graded a second.")]
    seconds_left: Annotated[float | None, Meta(description="Until all are done; null while nobody can tell.")]
    said: Annotated[str, Meta(description="What has just gone wrong and is gone on from; mostly empty.")]


class CriterionOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion of a rubric, or one check of a manual cell."""

    id: Annotated[str, Meta(description="Unique in its cell.")]
    outcome: Annotated[str, Meta(description="passed, failed, error or skipped")]
    points: Annotated[float, Meta(description="What it is worth.")]
    message: Annotated[str, Meta(description="What was found.")]
    proposed: Annotated[bool | None, Meta(description="Met, by answers decided before; null: unsure.")]


class GroupOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to one question that are alike."""

    group: Annotated[str, Meta(description="What --decide takes.")]
    grade_id: Annotated[str, Meta(description="The question's cell.")]
    students: Annotated[tuple[str, ...], Meta(description="Whose answers these are.")]
    answer: Annotated[str, Meta(description="The first of them, as handed in.")]
    proposed: Annotated[float | None, Meta(description="Points; null: nothing is proposed.")]
    max_points: Annotated[float, Meta(description="Of the cell.")]
    criteria: Annotated[tuple[CriterionOutput, ...], Meta(description="Of the first of them.")]


class ReviewOutput(Output, frozen=True, kw_only=True):
    """`autograder review --json`."""

    groups: Annotated[tuple[GroupOutput, ...], Meta(description="What needs review.")]
    not_graded: Annotated[
        dict[str, int],
        Meta(description="By student, how many cells could not be graded; no group holds them."),
    ]


class CollectOutput(Output, frozen=True, kw_only=True):
    """`autograder collect --json`."""

    kinds: Annotated[tuple[str, ...], Meta(description="What the downloads were.")]
    students: Annotated[int, Meta(description="Who handed in.")]
    hand_ins: Annotated[int, Meta(description="All uploads.")]
    new: Annotated[int, Meta(description="Hand-ins never collected before.")]
    written: Annotated[tuple[str, ...], Meta(description="Students whose counting hand-in is new.")]
    late: Annotated[tuple[str, ...], Meta(description="Students who are late.")]
    missing: Annotated[tuple[str, ...], Meta(description="On the roster, with no hand-in.")]
    unmatched: Annotated[tuple[str, ...], Meta(description="Hand-ins of people not on the roster.")]
    unusual: Annotated[tuple[tuple[str, str], ...], Meta(description="Student (or empty), and what.")]


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


class CountOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Mutants of one function, of one operator, or of all."""

    name: Annotated[str, Meta(description="Which.")]
    judged: Annotated[int, Meta(description="Mutants that were judged.")]
    own: Annotated[int, Meta(description="Noticed by the function's own cell.")]
    pair: Annotated[int, Meta(description="Noticed by the cell that reads what the function keeps.")]
    other: Annotated[int, Meta(description="Noticed by other cells only.")]
    survived: Annotated[int, Meta(description="Noticed by nobody.")]
    explained: Annotated[int, Meta(description="Equal to the solution, with a reason on file.")]
    charged: Annotated[int, Meta(description="That cost cells which have nothing to do with the function.")]
    points: Annotated[float, Meta(description="That these lost.")]
    seen: Annotated[int, Meta(description="Noticed by checks that students see.")]
    looked: Annotated[int, Meta(description="On how many such checks were run.")]


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
    by_function: Annotated[tuple[CountOutput, ...], Meta(description="One for each function.")]
    by_operator: Annotated[tuple[CountOutput, ...], Meta(description="One for each operator.")]
    all: Annotated[CountOutput, Meta(description="Of all.")]
    findings: Annotated[tuple[str, ...], Meta(description="What an author has to look at.")]
    mutants: Annotated[tuple[MutantOutput, ...], Meta(description="Each.")]


class CellOutput(msgspec.Struct, frozen=True, kw_only=True):
    """How fine one cell judges."""

    cell: Annotated[str, Meta(description="Its grade id.")]
    caught: Annotated[float | None, Meta(description="Smallest relative error noticed; null: none.")]
    float64: Annotated[float | None, Meta(description="Largest rounding among right solutions.")]
    float32: Annotated[float | None, Meta(description="The same in single precision.")]
    margin: Annotated[float | None, Meta(description="Caught over rounding.")]


class SensitivityOutput(Output, frozen=True, kw_only=True):
    """`autograder mutants --sensitivity --json`."""

    cells: Annotated[tuple[CellOutput, ...], Meta(description="Every cell that a function owns.")]


PRINTED: tuple[type[msgspec.Struct], ...] = (
    *(GradeOutput, ProgressOutput, ReviewOutput, CollectOutput),
    *(SimilarityOutput, MutantsOutput, SensitivityOutput),
)
T = TypeVar("T")


def made(kind: type[T], source: Any, **more: Any) -> T:
    """One of these types from the fields of `source` and some more."""
    return msgspec.convert({**msgspec.to_builtins(source), **more}, kind)


def show(data: Output) -> None:
    """On stdout, for a program."""
    print(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())


def schema() -> dict[str, Any]:
    """Of all verbs, each a definition by the name of its type."""
    _, parts = msgspec.json.schema_components(PRINTED)
    for part in parts.values():
        part["required"] = list(part["properties"])  # nothing is left out
        if "schema" in part["properties"]:
            part["properties"]["schema"] = {"description": "The version of this schema.", "const": SCHEMA}
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "What --json prints", "$defs": parts}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
