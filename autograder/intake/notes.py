"""Words of a student's own where no answer is looked for: comments and quoted texts in code, printed output,
the answer to another question.

Honest work has all three everywhere. So they are asked for only where an answer is missing, and what stands
beside work of another kind counts only if it speaks to the question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from autograder.answers.question import Question
from autograder.answers.text import sentences
from autograder.answers.words import stem
from autograder.course.assignment import Assignment
from autograder.intake.given import given, plain, spaced
from autograder.intake.notebook_files import HandedInCell

LEAST = 3  # words in a comment or a quoted text of a longer program
LEAST_PRINTED = 6  # in a line that a cell printed which is as it was given out
ENOUGH = 5  # words of a question's own; full answers have 4 to 19, those to other questions 4 at most
SHORT = 60  # characters of code beside a quoted text, in a cell that does no more than say it
MAX_NAME = 4  # words of an option's name; longer ones are the option's own text
MAX_CELLS = 40  # that say something
MAX_SAID = 2_000_000  # characters of code and output in which words are looked for, in one notebook
MAX_BESIDE = 40_000  # characters of what is found beside programs, which are held against rubrics
MORE = "(there is more than a program looks at)"
# Comments and texts in quotes; each part ends where the text does, so that one pass finds all.
PART = re.compile(
    r"'''(.*?)(?:'''|\Z)"
    r'|"""(.*?)(?:"""|\Z)'
    r"|'((?:[^'\\\n]|\\.)*)'?"
    r'|"((?:[^"\\\n]|\\.)*)"?'
    r"|\#([^\n]*)",
    re.DOTALL,
)
WORD = re.compile(r"[^\W\d_]{2,}")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]{4,}")  # written without spaces
HOLE = re.compile(r"\{[^{}]{0,200}\}|%[-+.\d]{0,8}[a-z]|\\[nt]")  # of a format
NUMBER = re.compile(r"\d[-+.,\deE]*")  # lines of output that differ in numbers are one
NUMBERED = re.compile(r"(?i)\b(?:questions?|answers?|inline(?:[ _]questions?)?|q)[ _#]{0,2}\d")
LISTED = re.compile(r"(?:^|\s)[(]?([1-9])[:.)]\s")
MEANT_AS_ANSWER = re.compile(r"(?i)\b(?:inline|questions?|answers?|q[ _]?\d{1,2})\b")


def words(text: str) -> int:
    """How many words of some language stand in a text."""
    return len(WORD.findall(text)) + LEAST_PRINTED * len(UNSPACED.findall(text))


def parts(code: str) -> Iterator[str]:
    """The comments and quoted texts of a program, line by line."""
    for found in PART.finditer(code):
        for line in found[found.lastindex or 0].splitlines():
            if line.strip():
                yield line.strip()


def bare(code: str) -> str:
    """A program without its comments, quoted texts and spaces."""
    return "".join(PART.sub("", code).split())


def in_code(code: str, assignment: Assignment, is_given: bool) -> str:
    """What somebody says in a cell of code that was not given out in any."""
    known = known_parts(assignment)
    own = [line for line in parts(code) if spaced(line) not in known]
    least = 1 if not is_given and len(bare(code)) <= SHORT else LEAST
    return "\n".join(line for line in own if (words(line) >= least if least > 1 else re.search(r"\w", line)))


def in_output(printed: str, assignment: Assignment, is_given: bool) -> str:
    """The lines of a cell's output that are words, and not those of the programs that were given out."""
    least = LEAST_PRINTED if is_given else LEAST
    once = {NUMBER.sub("#", line): line for line in reversed(printed.splitlines())}
    lines = [line for line in reversed(once.values()) if words(line) >= least]
    segments = printed_parts(assignment) if lines else ()
    return "\n".join(line for line in lines if not any(part in line for part in segments))


def speaks_to(grade_id: str, text: str, assignment: Assignment) -> bool:
    """Whether words beside other work may answer a question: they say so, or use the words of its rubric."""
    return bool(MEANT_AS_ANSWER.search(text)) or uses_words_of(grade_id, text, assignment)


def answers_two(grade_id: str, other: str, text: str, assignment: Assignment) -> bool:
    """Whether the answer to `other` may answer this question too: it is numbered as several answers are,
    names one of this one's options, or uses the words of its rubric."""
    asked, wanted = assignment.question(other), assignment.question(grade_id)
    listed = not (asked and asked.options) and {"1", "2"} <= set(LISTED.findall(text))
    chosen = asked is not None and wanted is not None and names_option(wanted, asked, text)
    return listed or chosen or bool(NUMBERED.search(text)) or uses_words_of(grade_id, text, assignment)


def names_option(wanted: Question, asked: Question, text: str) -> bool:
    """Whether the answer to `asked` calls an option of another question by a name that `asked` does not use.
    docs/decisions/0088 has figures."""
    own = {word for sentence in sentences(asked.asked) for word in sentence.words}
    called = {name for _, names in (wanted.options.names if wanted.options else ()) for name in names}
    telling = {name for name in called if len(name) <= MAX_NAME and not own.issuperset(name)}
    spoken = [word for sentence in sentences(text) for word in sentence.words]
    runs = {tuple(spoken[at : at + n]) for at in range(len(spoken)) for n in range(1, MAX_NAME + 1)}
    return not telling.isdisjoint(runs)


def uses_words_of(grade_id: str, text: str, assignment: Assignment) -> bool:
    """Whether many words of a text are those of one question, and of no other of the assignment."""
    own = own_words(assignment).get(grade_id, frozenset())
    return len({stem(word) for word in WORD.findall(text.lower())} & own) >= ENOUGH


@lru_cache(maxsize=8)
def own_words(assignment: Assignment) -> dict[str, frozenset[str]]:
    """By question the stems of its rubric's vocabulary that no other question has."""
    stems = {q.grade_id: {stem(word) for word in q.vocabulary} for q in assignment.questions}
    count = Counter(word for words in stems.values() for word in words)
    return {grade_id: frozenset(w for w in words if count[w] == 1) for grade_id, words in stems.items()}


def in_package(package: Mapping[str, bytes], assignment: Assignment) -> Iterator[str]:
    """The files of the package in which something that was not given is called an answer or a question, or
    in which nothing else stands."""
    known = known_parts(assignment)
    for path, data in package.items():
        own = [line for line in parts(plain(data)) if line not in known and spaced(line) not in known]
        meant = any(MEANT_AS_ANSWER.search(line) and words(line) >= LEAST for line in own)
        alone = sum(map(words, own)) >= LEAST and len(bare(plain(data))) <= SHORT
        if meant or alone:  # a file that does no more than say something
            yield f"the comments of {path}"


@lru_cache(maxsize=8)
def known_parts(assignment: Assignment) -> frozenset[str]:
    """What stands in comments and quoted texts of all that was given out."""
    return frozenset(spaced(line) for text in _programs(assignment) for line in parts(text))


@lru_cache(maxsize=8)
def printed_parts(assignment: Assignment) -> tuple[str, ...]:
    """What the programs that were given out may print: their quoted texts, without what is filled in."""
    pieces = {piece.strip() for line in known_parts(assignment) for piece in HOLE.split(line)}
    return tuple(sorted(piece for piece in pieces if words(piece) >= 2))


def _programs(assignment: Assignment) -> Iterable[str]:
    yield from given(assignment).package.values()
    for cells in given(assignment).notebooks.values():
        yield from (cell.text for cell in cells if cell.kind == "code")


@dataclass(frozen=True)
class Said:
    """Words that were not given out, by the number of their cell."""

    alone: Mapping[int, str]  # in cells that do little else
    beside: Mapping[int, str]  # beside a program of the student's own, as honest work has them

    assignment: Assignment

    def to(self, question: str) -> dict[int, str]:
        """What may answer a question."""
        speaking = {n: t for n, t in self.beside.items() if speaks_to(question, t, self.assignment)}
        return dict(sorted({**self.alone, **speaking}.items()))


def said(cells: Iterable[HandedInCell], given_text: Iterable[str | None], assignment: Assignment) -> Said:
    """`given_text` is for each cell what stood there in the release; None for a new cell."""
    alone: dict[int, str] = {}
    beside: dict[int, str] = {}
    left, to_read = MAX_SAID, MAX_BESIDE
    for cell, before in zip(cells, given_text, strict=True):
        left -= len(cell.text) + len(cell.printed)
        text, works = _words_in(cell, before, assignment)
        to_read -= len(text) if works else 0
        if min(left, to_read) < 0 or len(alone) + len(beside) == MAX_CELLS:
            alone[cell.number] = MORE
            break
        if text:
            (beside if works else alone)[cell.number] = text
    return Said(alone, beside, assignment)


def _words_in(cell: HandedInCell, before: str | None, assignment: Assignment) -> tuple[str, bool]:
    """What a cell or its output says; whether it is a program of the student's own besides."""
    unchanged = before is not None and cell.text.split() == before.split()
    text = in_code(cell.text, assignment, before is not None)
    text = text or in_output(cell.printed, assignment, unchanged)
    code = bare(cell.text) if text else ""
    changed = before is None or code != bare(before)
    return text, len(code) > SHORT and changed
