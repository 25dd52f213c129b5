"""The page of pairs of hand-ins: the passages they share, side by side.

Student text is escaped, as everywhere; the page runs no script and loads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from copydetect import compare_files

from autograder.reports import pages
from autograder.similarity import compare as similarity
from autograder.similarity.compare import GAP, Comparison, Pair, Piece

SHOWN = 40  # pairs side by side
PASSAGES = 15  # of a pair
LINES, WIDTH = 80, 300  # of one side of a passage, of a line

Part = tuple[str, bool]  # a stretch of text, and whether the other side has it too


@dataclass(frozen=True)
class NumberedLine:
    """One line; the number is None where lines that were given lie between."""

    number: int | None
    parts: tuple[Part, ...]

    @property
    def marked(self) -> bool:
        return any(mark for _, mark in self.parts)


@dataclass(frozen=True)
class Side:
    """A student's half of a passage."""

    place: str
    name: str
    rows: tuple[NumberedLine, ...]

    @property
    def marked(self) -> int:
        return sum(row.marked for row in self.rows)

    @property
    def shown(self) -> tuple[NumberedLine, ...]:
        return self.rows[:LINES]


@dataclass(frozen=True)
class Shown:
    """A pair as the page shows it."""

    pair: Pair
    passages: tuple[tuple[Side, Side], ...]  # a unit of each hand-in, with what they share marked

    @property
    def lines(self) -> int:
        return sum(left.marked for left, _ in self.passages)


def shown(pair: Pair) -> Shown:
    """The pair with its passages: each piece of the left with the one of the right that shares most of it."""
    found: list[tuple[bool, int, tuple[Side, Side]]] = []
    for piece in pair.left.pieces:
        others = [other for other in pair.right.pieces if other.unit.kind == piece.unit.kind]
        best = max(others, key=lambda other: _common(piece, other), default=None)
        if best is not None and _common(piece, best):
            size, _, (here, there) = compare_files(piece.prints(), best.prints())
            sides = _side(piece, here), _side(best, there)
            found.append((piece.unit.kind != "code", -int(size), sides))
    found.sort(key=lambda entry: entry[:2])
    return Shown(pair, tuple(sides for _, _, sides in found))


def _common(piece: Piece, other: Piece) -> int:
    return np.intersect1d(piece.runs, other.runs, assume_unique=True).size


def _side(piece: Piece, stretches: np.ndarray) -> Side:
    """The piece line by line, each line cut where a shared stretch begins or ends, less the indentation that
    all lines have."""
    rows: list[NumberedLine] = []
    at = 0
    written = [text for line in piece.lines if (text := line[1]).strip() and line != GAP]
    indent = min(len(text) - len(text.lstrip()) for text in written)
    for line in piece.lines:
        number, text = line
        inside = [(max(int(a) - at, 0), min(int(b) - at, len(text))) for a, b in stretches.T]
        cut = _cut(text, indent, sorted((a, b) for a, b in inside if a < b))
        rows.append(NumberedLine(None, ()) if line == GAP else NumberedLine(number, cut))
        at += len(text) + 1
    while rows and rows[-1].number is None:
        rows.pop()
    return Side(piece.unit.place, piece.unit.name, tuple(rows))


def _cut(text: str, indent: int, marks: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
    """The line in parts, of WIDTH characters at most; spaces at the ends of a mark stay out of it."""
    parts: list[Part] = []
    done = indent
    for begin, end in marks:
        begin = end - len(text[max(begin, done) : end].lstrip())
        end = begin + len(text[begin:end].rstrip())
        if begin < end:
            parts += [(text[done:begin], False), (text[begin:end], True)]
            done = end
    parts.append((text[done:], False))
    left = WIDTH
    clipped: list[Part] = []
    for stretch, marked in parts:
        clipped.append((stretch[:left], marked))
        left = max(0, left - len(stretch))
    return tuple(part for part in clipped if part[0])


def render(found: Comparison) -> str:
    """The page: which pairs have most in common, and what."""
    return pages.page(
        "similarity.html",
        found=found,
        title=found.assignment.title,
        open=[shown(pair) for pair in found.pairs[:SHOWN]],
        caps={"pairs": SHOWN, "passages": PASSAGES, "listed": similarity.LISTED},
        threshold=similarity.THRESHOLD,
        least=similarity.LEAST,
        problems=[work for work in found.works if work.problem],
        total=sum(found.histogram),
        most=max(found.histogram) or 1,
    )
