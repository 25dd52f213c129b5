"""What the cells of code of a notebook say, where an answer is missing: in comments, quoted texts, output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.course.assignment import Assignment
from autograder.intake import notes
from autograder.intake.notebook_files import HandedInCell

MAX_CELLS = 40  # that say something
MAX_SAID = 2_000_000  # characters of code and output in which words are looked for, in one notebook
MAX_BESIDE = 40_000  # characters of what is found beside programs, which are held against rubrics
MORE = "(there is more than a program looks at)"


@dataclass(frozen=True)
class Said:
    """Words that were not given out, by the number of their cell."""

    alone: Mapping[int, str]  # in cells that do little else
    beside: Mapping[int, str]  # beside a program of the student's own, as honest work has them

    assignment: Assignment

    def to(self, question: str) -> dict[int, str]:
        """What may answer a question."""
        speaking = {n: t for n, t in self.beside.items() if notes.speaks_to(question, t, self.assignment)}
        return dict(sorted({**self.alone, **speaking}.items()))


def said(cells: Iterable[HandedInCell], given_text: Iterable[str | None], assignment: Assignment) -> Said:
    """`given_text` is for each cell what stood there in the release; None for a new cell."""
    alone: dict[int, str] = {}
    beside: dict[int, str] = {}
    left, to_read = MAX_SAID, MAX_BESIDE
    for cell, given in zip(cells, given_text, strict=True):
        left -= len(cell.text) + len(cell.printed)
        text, works = _words_in(cell, given, assignment)
        to_read -= len(text) if works else 0
        if min(left, to_read) < 0 or len(alone) + len(beside) == MAX_CELLS:
            alone[cell.number] = MORE
            break
        if text:
            (beside if works else alone)[cell.number] = text
    return Said(alone, beside, assignment)


def _words_in(cell: HandedInCell, given: str | None, assignment: Assignment) -> tuple[str, bool]:
    """What a cell or its output says; whether it is a program of the student's own besides."""
    unchanged = given is not None and cell.text.split() == given.split()
    text = notes.in_code(cell.text, assignment, given is not None)
    text = text or notes.in_output(cell.printed, assignment, unchanged)
    code = notes.bare(cell.text) if text else ""
    changed = given is None or code != notes.bare(given)
    return text, len(code) > notes.SHORT and changed
