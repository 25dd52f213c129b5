"""Is a hand-in, or a part of it, what was given out? Or of another assignment? Students hear it as such."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from autograder.course.assignment import Assignment
from autograder.intake.given import Given, given, plain
from autograder.intake.handed_in import Submission
from autograder.intake.notebook_files import is_as_given, parsed

DEFINED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
LACKING = 3  # definitions at least, and half of the file: a student deletes one, not these
NAMED = 3
SAVED = "if you worked on it, it was not saved, or another copy was packed"


def unworked(submission: Submission, assignment: Assignment) -> list[str]:
    """What of a hand-in is as it was given out, in a sentence for each part."""
    known, package, notebooks = given(assignment), submission.package, submission.notebooks
    library = bool(package) and all(known.is_module(p, data) for p, data in package.items())
    same = [name for name, data in notebooks.items() if _is_given(name, data, known)]
    if library and len(same) == len(notebooks):
        return [
            f"this is {assignment.name} as it was given out: nothing is written, answered or run; {SAVED}"
        ]
    parts = [assignment.package] if library else []
    parts += [f"{name}.ipynb" for name in same]
    return [f"{part} is as it was given out; {SAVED}" for part in parts]


def of_another(package: Mapping[str, bytes], assignment: Assignment) -> Iterator[str]:
    """A sentence for each file of the library that lacks much of what was given out in it."""
    for path, text in given(assignment).package.items():
        wanted = DEFINED.findall(text)
        if path in package:
            there = set(DEFINED.findall(plain(package[path])))
            lost = [name for name in wanted if name not in there]
            if len(lost) >= max(LACKING, len(wanted) / 2):
                some = ", ".join(lost[:NAMED])
                yield (
                    f"{path} lacks {len(lost)} of the {len(wanted)} functions and classes that were given "
                    f"out in it ({some}, ...); is it from another assignment?"
                )


def _is_given(name: str, data: bytes, known: Given) -> bool:
    """Whether a notebook has the text it was given out with, and nothing of a run."""
    return is_as_given(name, data, known) and not any(cell.ran for cell in parsed(name, data))
