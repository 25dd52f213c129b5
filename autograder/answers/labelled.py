"""Answers that a person has decided, kept as examples: what they say of the answers of next term.

`<assignment>.answers.jsonl` beside the rubric holds one answer a line, with the criteria that it meets and
without a name. New answers are compared with all of them (kernel ridge regression on the cosines of their
words): where those that are alike agree, that is proposed; it never grades anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.answers.groups import bag, tf_idf
from autograder.answers.question import Question
from autograder.errors import RubricError

ENDING = ".answers.jsonl"
FEWEST = 8  # examples of a question from which they say anything
MOST = 800  # the newest of a question; the time to compare grows with the square
RIDGE = 0.1  # how much a single example is distrusted
SURE = 0.75  # from which a criterion is proposed as met, and 1 - SURE down to which as not met


@dataclass(frozen=True)
class Example:
    """One answer with what a person made of it."""

    question: str
    answer: str
    met: frozenset[str]


def beside(rubrics: Path, assignment: str) -> Path:
    return rubrics / f"{assignment}{ENDING}"


def read(path: Path) -> list[Example]:
    """The examples of a file, oldest first; none where there is no file.

    Raises:
        RubricError: a line is not an example.
    """
    if not path.is_file():
        return []
    found: dict[tuple[str, str], Example] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            example = _example(f"{path.name} line {number}", line)
            found.pop((example.question, example.answer), None)  # decided again: the last one counts
            found[example.question, example.answer] = example
    return list(found.values())


def _example(where: str, line: str) -> Example:
    try:
        raw = json.loads(line)
        question, answer, met = raw["question"], raw["answer"], raw["met"]
        if not isinstance(question, str) or not isinstance(answer, str):
            raise TypeError
        return Example(question, answer, frozenset(map(str, [*met])))
    except (ValueError, KeyError, TypeError) as error:
        raise RubricError(
            f'{where}: expected {{"question": ..., "answer": ..., "met": [...]}}, got {line[:80]!r}; '
            "correct or delete the line"
        ) from error


def add(path: Path, examples: Iterable[Example]) -> None:
    """Append examples to a file."""
    lines = [
        json.dumps({"question": e.question, "answer": e.answer, "met": sorted(e.met)}, ensure_ascii=False)
        + "\n"
        for e in examples
    ]
    if lines:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(lines)


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
    vectors = tf_idf([bag(text, question) for text in texts])
    places = {word: at for at, word in enumerate(dict.fromkeys(w for v in vectors for w in v))}
    matrix = np.zeros((len(texts), len(places)), dtype=np.float32)
    for row, vector in zip(matrix, vectors, strict=True):
        row[[places[word] for word in vector]] = list(vector.values())
    return (matrix @ matrix.T).astype(float)
