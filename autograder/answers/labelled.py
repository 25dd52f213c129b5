"""Answers that a person has decided, kept as examples: what they say of the answers of next term.

`<assignment>.answers.jsonl` beside the rubric holds one answer a line, with the criteria that it meets and
without a name. New answers are compared with all of them (kernel ridge regression on the cosines of their
words): where those that are alike agree, that is proposed; it never grades anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np

from autograder.answers.groups import bag, tf_idf
from autograder.answers.question import Question
from autograder.answers.text import sentences
from autograder.files import whole

FEWEST = 8  # examples of a question from which they say anything
MOST = 800  # the newest of a question; the time to compare grows with the square
RIDGE = 0.1  # how much a single example is distrusted
SURE = 0.75  # from which a criterion is proposed as met, and 1 - SURE down to which as not met
WANTED = 'expected {"question": ..., "answer": ..., "met": [...]}'


@dataclass(frozen=True)
class Example:
    """One answer with what a person made of it."""

    question: str
    answer: str
    met: frozenset[str]


def read(path: Path) -> tuple[list[Example], list[str]]:
    """The examples of a file, oldest first, and what is said of lines that are none; nothing where there is
    no file. A line that was damaged costs that line alone: people go on reading.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.exists():
        return [], []
    found: dict[tuple[str, str], Example] = {}
    damaged = []
    for number, line in enumerate(whole(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            example = msgspec.convert(json.loads(line), Example)
        except (ValueError, RecursionError):
            damaged.append(
                f"{path.name} line {number} is skipped: {WANTED}, got {_start(line)}; correct or delete it"
            )
            continue
        found.pop((example.question, example.answer), None)  # decided again: the last one counts
        found[example.question, example.answer] = example
    return list(found.values()), damaged


def stamp(path: Path) -> tuple[int, int] | None:
    """Another one whenever the file was written."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _start(line: bytes) -> str:
    return repr(line[:80].decode(errors="replace"))


def add(path: Path, examples: Iterable[Example]) -> None:
    """Append examples to a file."""
    rows = [{**asdict(example), "met": sorted(example.met)} for example in examples]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    if not lines:
        return
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            # A line that was cut off costs itself alone.
            lines = lines if file.read(1) == b"\n" else ["\n", *lines]
        # A sign that is half a character becomes the JSON that stands for it.
        file.write("".join(lines).encode("utf-8", "backslashreplace"))


def propose(
    question: Question, examples: Sequence[Example], answers: Sequence[str]
) -> list[Mapping[str, bool]]:
    """For each answer, the criteria that examples like it agree on: met or not."""
    own = [e for e in examples if e.question == question.grade_id][-MOST:]
    if len(own) < FEWEST or not answers:
        return [{} for _ in answers]
    labels = np.array([[c.id in e.met for c in question.criteria] for e in own], dtype=float)
    alike = _cosines([e.answer for e in own] + list(answers), question)
    known, new = alike[: len(own), : len(own)], alike[len(own) :, : len(own)]
    mean = labels.mean(axis=0)
    scores = mean + new @ np.linalg.solve(known + RIDGE * np.eye(len(own)), labels - mean)
    return [
        {
            c.id: bool(s >= SURE)
            for c, s in zip(question.criteria, row, strict=True)
            if not 1 - SURE < s < SURE
        }
        for row in scores
    ]


def _cosines(texts: Sequence[str], question: Question) -> np.ndarray:
    vectors = tf_idf([bag(sentences(text)) for text in texts])
    places = {word: at for at, word in enumerate(dict.fromkeys(w for v in vectors for w in v))}
    matrix = np.zeros((len(texts), len(places)), dtype=np.float32)
    for row, vector in zip(matrix, vectors, strict=True):
        row[[places[word] for word in vector]] = list(vector.values())
    return (matrix @ matrix.T).astype(float)
