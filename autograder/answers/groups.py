"""Answers that one decision fits, together: alike in all that a rubric looks at."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

from autograder import bounded
from autograder.answers.question import Question
from autograder.answers.text import Sentence, sentences
from autograder.answers.words import FUZZY_FROM, GLUE, MEANT, lexicon, same, stem
from autograder.records.record import Grade, Record

ALIKE = 0.6  # cosine of TF-IDF vectors of words and pairs: the same words in nearly the same order
PREFIX = "inline_"
SIGNS = lexicon("< > <= >= -")  # they turn what is said round, as "not" does
BOUNDS = bounded.Bounds(seconds=120)  # for a class's answers to one question


@dataclass(frozen=True)
class ReadAnswer:
    """One student's answer, with what the rubric made of it."""

    student: str
    text: str
    grade: Grade

    @property
    def verdicts(self) -> tuple[tuple[str, str], ...]:
        return tuple((case.id, case.outcome) for case in self.grade.cases)


A = TypeVar("A", bound=ReadAnswer)


@dataclass(frozen=True)
class Group:
    """Answers to one question that one decision fits."""

    grade_id: str
    answers: tuple[ReadAnswer, ...]
    # Criterion -> met, from answers decided before.
    proposal: Mapping[str, bool] = field(default_factory=dict)

    @property
    def first(self) -> ReadAnswer:
        return self.answers[0]

    @cached_property
    def id(self) -> str:
        """Changes with every answer that joins or leaves: a decision counts for what was looked at."""
        members = json.dumps([self.grade_id, *((a.student, a.text) for a in self.answers)])
        return f"{self.grade_id.removeprefix(PREFIX)}:{hashlib.sha256(members.encode()).hexdigest()[:6]}"


def digest(answer: str) -> str:
    """Of an answer, for knowing whether it is the one that was decided."""
    return hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def groups(
    records: Iterable[Record], questions: Mapping[str, Question | None], everyone: bool = False
) -> list[Group]:
    """Whatever needs review (or that and every written answer), grouped; by cell, large groups first.

    `questions` has every written question by its grade id, with its rubric if there is one. A cell of code
    is shown with why a person is asked.
    """
    found: dict[str, list[ReadAnswer]] = {grade_id: [] for grade_id in questions}
    for record in records:
        for grade_id, grade in record.grades.items():
            written = grade_id in questions and grade_id in record.answers
            if grade.state == "needs_review" or (everyone and written):
                text = record.answers[grade_id] if written else grade.comment
                found.setdefault(grade_id, []).append(ReadAnswer(record.student, text, grade))
    return [
        Group(grade_id, alike)
        for grade_id, answers in found.items()
        for alike in grouped(grade_id, answers, questions.get(grade_id))
    ]


def grouped(grade_id: str, answers: Sequence[A], question: Question | None) -> list[tuple[A, ...]]:
    """Alike ones together, large groups first, made within limits; beyond them each is a group of its own."""
    rows = [[at] for at in range(len(answers))]
    if len(answers) > 1:
        with suppress(bounded.Exceeded):
            rows = bounded.call(partial(_rows, answers, question), BOUNDS)
    found = [tuple(answers[at] for at in row) for row in rows]
    return sorted(found, key=lambda alike: (-len(alike), Group(grade_id, alike).id))


def _rows(answers: Sequence[ReadAnswer], question: Question | None) -> list[list[int]]:
    """Each answer joins the first group whose first answer it is like in all that matters."""
    texts = [sentences(answer.text) for answer in answers]
    bags = [bag(text) for text in texts]
    _correct_slips(bags, question)
    vectors = tf_idf(bags)
    by_key: dict[tuple[object, ...], list[list[int]]] = {}
    for at, answer in enumerate(answers):
        said = frozenset((word, count) for word, count in bags[at].items() if " " not in word)
        signs = tuple(w for s in texts[at] for w in s.words if w in SIGNS or w[0] == ".")  # ".5" is a number
        rows = by_key.setdefault((answer.verdicts, answer.grade.points, said, signs), [])
        home = next((row for row in rows if cosine(vectors[row[0]], vectors[at]) >= ALIKE), None)
        if home is None:
            rows.append([at])
        else:
            home.append(at)
    return [row for rows in by_key.values() for row in rows]


def bag(text: Iterable[Sentence]) -> Counter[str]:
    """The stems of an answer, and their pairs."""
    found: Counter[str] = Counter()
    for sentence in text:
        said = [w for w in (sentence.item, *sentence.plain) if w and w not in GLUE - MEANT]
        words = [stem(word) for word in said]
        found.update(words)
        found.update(" ".join(pair) for pair in itertools.pairwise(words))
    return found


def _correct_slips(bags: Sequence[Counter[str]], question: Question | None) -> None:
    """A word of one answer that is, but for a letter, one of others' or of the rubric's, counts as that."""
    spread = Counter(word for bag in bags for word in bag if " " not in word)
    known = map(stem, sorted(question.vocabulary)) if question else ()
    usual = dict.fromkeys([*(word for word, count in spread.items() if count > 1), *known])
    near: dict[tuple[str, int], list[str]] = {}  # a slip leaves the first letter, and the length within one
    for word in usual:
        for length in (len(word) - 1, len(word), len(word) + 1):
            near.setdefault((word[0], length), []).append(word)
    meant = {
        word: next((other for other in near.get((word[0], len(word)), ()) if same(other, word)), word)
        for word, count in spread.items()
        if count == 1 and len(word) >= FUZZY_FROM and word not in usual
    }
    for own in bags:
        for word in [w for w in own if any(meant.get(part, part) != part for part in w.split())]:
            own[" ".join(meant.get(part, part) for part in word.split())] += own.pop(word)


def tf_idf(bags: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """Unit vectors in which words count the more, the fewer answers use them."""
    spread = Counter(word for bag in bags for word in bag)
    vectors = []
    for own in bags:
        raw = {w: n * (1 + math.log((1 + len(bags)) / (1 + spread[w]))) for w, n in own.items()}
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        vectors.append({w: value / length for w, value in raw.items()})
    return vectors


def cosine(a: dict[str, float], b: dict[str, float]) -> float:
    if not a and not b:
        return 1.0
    return sum(value * b.get(word, 0.0) for word, value in a.items())
