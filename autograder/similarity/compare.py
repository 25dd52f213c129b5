"""Which passages do two hand-ins of a class share?

What everybody was given is taken away first: line by line in each function, then every run of tokens
that occurs anywhere in the release. What is left is compared by runs of K tokens (winnowing with a
window of 1, by copydetect), in which names and strings do not count, so that renaming and reordering
hide nothing. A run that few hand-ins have says more than one that all have, and weighs more.

Nothing is executed, nothing is sent anywhere, no points change. What a shared passage means is for a
person to say.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from copydetect import CodeFingerprint
from pygments.lexers import PythonLexer
from pygments.token import Token

from autograder import bounded, intake
from autograder.bounded import Exceeded
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, IntakeError
from autograder.files import dotted
from autograder.intake import Source, Submission
from autograder.intake.notebook_files import parsed

K = {"code": 25, "answers": 30}  # characters of a run: 25 of code are a line or so, 30 of prose five words
THRESHOLD = 0.5  # work done apart stayed below 0.1, renamed copies were near 1 (docs/similarity.md)
ENOUGH = 150  # runs, each in two hand-ins only: with less of one's own than this no share comes near 1
LEAST = 0.1  # pairs below it are not listed
LISTED = 100  # pairs, at most
MAX_TEXT = 200_000  # characters of one file; the reference's longest has 40,000
BLOCK = 4096  # runs multiplied at a time: bounds the memory for any size of class

_STARTS = re.compile(r"(?P<indent>[ \t]*)(?:async[ \t]+)?(?P<kind>def|class)[ \t]+(?P<name>\w+)")
_TRAILING_COMMA = re.compile(r",(?=\s*[)\]}])")  # formatters add and remove them
_NAMELESS = (Token.Name, Token.Name.Variable, Token.Name.Attribute)
Kind = str  # "code" | "answers"
Line = tuple[int, str]  # its number in the file, its text
GAP: Line = (0, "\0")  # stands where given lines lie between a student's own


@dataclass(frozen=True)
class Unit:
    """A function, a class without its methods, the rest of a module, or a notebook cell, as handed in."""

    place: str  # "lib/shapes.py", "areas.ipynb"
    name: str  # "area", "Cube.volume", "cell 46"; "" for a module's other lines
    kind: Kind
    lines: tuple[Line, ...]
    keys: tuple[str, ...] = ()  # what tells the given unit that it was before

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.lines)


@dataclass(frozen=True)
class Piece:
    """What a student wrote of one unit."""

    unit: Unit
    lines: tuple[Line, ...]
    runs: np.ndarray  # int64, each once; the places they have in the text would take 50 times the memory

    def prints(self) -> CodeFingerprint:
        """The runs with their places."""
        return _prints(self.unit.kind, self.lines, lambda run: run in self._known)

    @cached_property
    def _known(self) -> set[int]:
        return set(self.runs.tolist())


@dataclass(frozen=True)
class OwnCode:
    """One student's own part of a hand-in."""

    student: str
    pieces: tuple[Piece, ...] = ()
    problem: str = ""

    def runs(self, kind: Kind) -> set[int]:
        return set().union(*(p.runs.tolist() for p in self.pieces if p.unit.kind == kind))


@dataclass(frozen=True)
class Pair:
    """Two hand-ins and how much of the shorter one the other has too, 0 to 1."""

    left: OwnCode
    right: OwnCode
    code: float
    answers: float

    @property
    def share(self) -> float:
        return max(self.code, self.answers)


@dataclass(frozen=True)
class Comparison:
    """A class, its pairs with the most in common, and how alike all of them are."""

    assignment: Assignment
    works: tuple[OwnCode, ...]
    pairs: tuple[Pair, ...]  # the most alike first
    above: int  # pairs at or above THRESHOLD
    histogram: tuple[int, ...]  # pairs by tenths of the share

    @property
    def compared(self) -> int:
        return sum(not w.problem for w in self.works)


def compare(
    assignment: Assignment, sources: Sequence[Source], step: Callable[[], None] = lambda: None
) -> Comparison:
    """Compare every hand-in with every other.

    Raises:
        CourseError: there is no release to take away from the hand-ins.
        IntakeError: there are not two hand-ins to compare.
    """
    if len(sources) < 2:
        raise IntakeError(
            f"expected two hand-ins or more to compare, got {len(sources)}; give the folder of the class"
        )
    skeleton = GivenCode(assignment)
    works = []
    found = bounded.each(lambda source: skeleton.own_work(intake.read(source, assignment)), sources)
    for source, work in zip(sources, found, strict=True):
        if isinstance(work, Exception):
            why = f"the hand-in {work}" if isinstance(work, Exceeded) else f"{type(work).__name__}: {work}"
            work = OwnCode(source.student, problem=f"{why}; look at it by hand")
        works.append(work)
        step()
    whole = [work for work in works if not work.problem]
    left, right = np.triu_indices(len(whole), 1)
    code, answers = (_shares([work.runs(kind) for work in whole])[left, right] for kind in K)
    share = np.maximum(code, answers)
    pairs = [
        Pair(whole[left[n]], whole[right[n]], float(code[n]), float(answers[n]))
        for n in np.lexsort((-code, -share))[:LISTED]
        if share[n] >= LEAST
    ]
    histogram = np.bincount(np.minimum((share * 10).astype(int), 9), minlength=10)
    above = int(np.sum(share >= THRESHOLD))
    return Comparison(assignment, tuple(works), tuple(pairs), above, tuple(map(int, histogram)))


def _shares(runs: Sequence[set[int]]) -> np.ndarray:
    """The weighted share of the smaller set that the other has too, for every two sets."""
    total = len(runs)
    holders = Counter(run for own in runs for run in own)
    weight = {run: 1.0 + math.log(total / count) for run, count in holders.items()}
    own = np.array([sum(weight[run] for run in mine) for mine in runs])
    number = {run: n for n, run in enumerate(run for run, count in holders.items() if count > 1)}
    weights = np.array([weight[run] for run in number], dtype=np.float32)
    rows = [np.array(sorted(number[run] for run in mine if run in number), dtype=np.int64) for mine in runs]
    shared = np.zeros((total, total))
    for start in range(0, len(number), BLOCK):
        has = np.zeros((total, min(BLOCK, len(number) - start)), dtype=np.float32)
        for row, columns in enumerate(rows):
            inside = columns[np.searchsorted(columns, start) : np.searchsorted(columns, start + BLOCK)]
            has[row, inside - start] = 1.0
        shared += (has * weights[start : start + BLOCK]) @ has.T
    least = ENOUGH * (1.0 + math.log(max(total, 2) / 2))
    share = shared / np.maximum(np.minimum.outer(own, own), least)
    # Rounded, so that pairs that tie keep their order from run to run.
    rounded: np.ndarray = np.minimum(share.round(4), 1.0)
    return rounded


class GivenCode:
    """What everybody was given: the released files, by unit, and all runs of tokens in them."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        folder = assignment.release_folder
        if not folder.is_dir():
            raise CourseError(
                f"release/{assignment.name}: expected what students were given, which is taken away from "
                f"their work, found no such folder; run: autograder release {assignment.name}"
            )
        units = list(_units(intake.read(Source("", folder), assignment), assignment))
        self.forms: dict[tuple[str, str], set[str]] = {}
        self.texts: set[str] = set()
        self.runs: dict[Kind, set[int]] = {kind: set() for kind in K}
        for unit in units:
            forms = _forms(unit)
            raw = {text.strip() for _, text in unit.lines}
            for key in unit.keys:
                self.forms.setdefault((unit.place, key), set()).update(raw.union(forms))
            self.texts.add(unit.text)
            # Without docstrings, as a student's own lines are.
            lines = [line for line, form in zip(unit.lines, forms, strict=True) if form]
            self.runs[unit.kind].update(map(int, _prints(unit.kind, lines).hashes))

    def own_work(self, submission: Submission) -> OwnCode:
        """What of a hand-in is the student's."""
        if submission.unreadable:
            return OwnCode(submission.student, problem=submission.unreadable)
        pieces = tuple(self._own(_units(submission, self.assignment)))
        problem = "" if pieces else "holds nothing beyond what was given"
        return OwnCode(submission.student, pieces, problem)

    def _own(self, units: Iterable[Unit]) -> Iterator[Piece]:
        for unit in units:
            if unit.text in self.texts or self._is_given(unit):
                continue
            given = set().union(*(self.forms.get((unit.place, key), set()) for key in unit.keys))
            lines: list[Line] = []
            for line, form in zip(unit.lines, _forms(unit), strict=True):
                if form in given or line[1].strip() in given:
                    lines += [GAP] if form and lines and lines[-1] != GAP else []
                elif form or line[1].lstrip().startswith("#"):
                    lines.append(line)
            runs = [int(run) for run in _prints(unit.kind, lines).hashes if run not in self.runs[unit.kind]]
            if runs:
                yield Piece(unit, tuple(lines), np.array(runs, dtype=np.int64))

    def _is_given(self, unit: Unit) -> bool:
        """Whether this was handed out solved; what a student changed there is not compared."""
        name = f"{dotted(unit.place)}.{unit.name}."
        known = unit.place.endswith(".py") and (unit.place, unit.name) in self.forms
        return known and not any(name.startswith(f"{todo}.") for todo in self.assignment.todo)


def _prints(
    kind: Kind, lines: Iterable[Line], own: Callable[[int], bool] = lambda run: True
) -> CodeFingerprint:
    """Every run of K characters; those of code with names, strings, comments and spaces out of the way.

    Runs across a gap and those that are not `own` are dropped here: copydetect's own way to drop what was
    given (`boilerplate=`) also drops what repeats.
    """
    # What is changed keeps its length, so that places stay places in the text.
    text = "\n".join(line for _, line in lines)
    if kind == "code":
        text = _TRAILING_COMMA.sub(" ", text)
    else:
        text = "".join(" " if c.isspace() else c.lower() if len(c.lower()) == 1 else c for c in text)
    source = io.StringIO(text, newline="")
    prints = CodeFingerprint(kind, K[kind], 1, filter=kind == "code", language="python", fp=source)
    code = prints.filtered_code
    prints.hash_idx = {
        run: places
        for run, places in prints.hash_idx.items()
        if own(int(run)) and GAP[1] not in code[places[0] : places[0] + prints.k]
    }
    prints.hashes = set(prints.hash_idx)
    return prints


def _units(submission: Submission, assignment: Assignment) -> Iterator[Unit]:
    for path, data in sorted(submission.package.items()):
        yield from _functions(path, _plain(data.decode("utf-8", errors="replace")))
    for notebook in assignment.notebooks:
        if notebook.name in submission.notebooks:
            yield from _cells(f"{notebook.name}.ipynb", submission.notebooks[notebook.name])


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(GAP[1], " ")[:MAX_TEXT]


def _functions(path: str, text: str) -> Iterator[Unit]:
    """A module's functions and methods, by their `def` lines: a file that does not compile has them too."""
    units: dict[str, list[Line]] = {}
    name, owner, depth = "", "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = _STARTS.match(line)
        indent = len(start["indent"]) if start else 0
        if start and not indent:
            name = start["name"]
            owner, depth = (name if start["kind"] == "class" else ""), 0
        elif start and owner and indent <= (depth or indent):
            name, depth = f"{owner}.{start['name']}", indent
        units.setdefault(name, []).append((number, line))
    for name, lines in units.items():
        yield Unit(path, name, "code", tuple(lines), (name,))


def _cells(place: str, data: bytes) -> Iterator[Unit]:
    """A notebook's cells. One that is not a notebook has none; `grade` says so to the student."""
    with suppress(IntakeError):
        for cell in parsed(place, data):
            kind = {"code": "code", "markdown": "answers"}.get(cell.kind)
            if kind:
                lines = tuple(enumerate(_plain(cell.text).split("\n"), 1))
                keys = tuple(filter(None, (cell.id, cell.label)))
                yield Unit(place, cell.label or f"cell {cell.number}", kind, lines, keys)


def _forms(unit: Unit) -> list[str]:
    """Each line as it is compared with given lines: of code, without names, comments and docstrings."""
    if unit.kind != "code":
        return [text.strip() for _, text in unit.lines]
    forms = [""]
    for token, value in _lexer().get_tokens(unit.text + "\n"):
        if token in Token.Literal.String.Doc or token in Token.Comment or token in Token.Text:
            word = ""
        else:
            word = "V" if token in _NAMELESS else value.strip()
        first, *others = value.split("\n")
        forms[-1] += word if first or not others else ""
        forms += ["" for _ in others]
    return forms[: len(unit.lines)]


@cache
def _lexer() -> PythonLexer:
    return PythonLexer(stripnl=False, ensurenl=False)
