"""Answers that one decision fits, together: alike in all that a rubric looks at."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.answers.language import GLUE
from autograder.answers.phrases import DENIALS, FILLERS, fits
from autograder.answers.question import Question
from autograder.answers.text import lexicon, sentences
from autograder.records.record import Grade, Record

ALIKE = 0.6  # cosine of TF-IDF vectors of words and pairs; one word spelled wrongly in twelve leaves 0.7
PREFIX = "inline_"
MEANT = lexicon("less least more most up down same with without only both neither all none than before after")


@dataclass(frozen=True)
class Answer:
    """One student's answer, with what the rubric made of it."""

    student: str
    text: str
    grade: Grade

    @property
    def verdicts(self) -> tuple[tuple[str, str], ...]:
        return tuple((case.id, case.outcome) for case in self.grade.cases)


@dataclass(frozen=True)
class Group:
    """Answers to one question that one decision fits."""

    grade_id: str
    answers: tuple[Answer, ...]

    @property
    def first(self) -> Answer:
        return self.answers[0]

    @cached_property
    def id(self) -> str:
        """Changes with every answer that joins or leaves: a decision counts for what was looked at."""
        members = json.dumps([self.grade_id, *((a.student, a.text) for a in self.answers)])
        return f"{self.grade_id.removeprefix(PREFIX)}:{hashlib.sha256(members.encode()).hexdigest()[:6]}"


def groups(
    records: Iterable[Record], questions: Mapping[str, Question | None], everyone: bool = False
) -> list[Group]:
    """Written answers that need review (or all of them), grouped; by question, large groups first.

    `questions` has every written question by its grade id, with its rubric if there is one.
    """
    found: dict[str, list[Answer]] = {grade_id: [] for grade_id in questions}
    for record in records:
        for grade_id, answers in found.items():
            grade = record.grades.get(grade_id)
            if grade is None or grade_id not in record.answers:
                continue
            if everyone or grade.state == "needs_review":
                answers.append(Answer(record.student, record.answers[grade_id], grade))
    return [
        group
        for grade_id, answers in found.items()
        for group in sorted(_grouped(grade_id, answers, questions[grade_id]), key=_place)
    ]


def _place(group: Group) -> tuple[int, str]:
    return (-len(group.answers), group.id)


def _grouped(grade_id: str, answers: Sequence[Answer], question: Question | None) -> list[Group]:
    """Each answer joins the first group whose first answer it is like in all that matters."""
    bags = [_bag(answer.text) for answer in answers]
    vectors = _tf_idf(bags)
    known = _known(bags, question)
    by_key: dict[tuple[object, ...], list[list[int]]] = {}
    for at, answer in enumerate(answers):
        key = (answer.verdicts, answer.grade.points, _decisive(bags[at], known))
        rows = by_key.setdefault(key, [])
        home = next((row for row in rows if _cosine(vectors[row[0]], vectors[at]) >= ALIKE), None)
        if home is None:
            rows.append([at])
        else:
            home.append(at)
    return [Group(grade_id, tuple(answers[at] for at in row)) for rows in by_key.values() for row in rows]


def _bag(text: str) -> Counter[str]:
    """The words of an answer and their pairs, without those that carry no meaning of their own."""
    bag: Counter[str] = Counter()
    idle = (GLUE | FILLERS) - DENIALS - MEANT
    for sentence in sentences(text):
        words = [w for w in sentence.words if w[0].isalnum() and w not in idle]
        bag.update(words)
        bag.update(" ".join(pair) for pair in itertools.pairwise(words))
    return bag


def _decisive(bag: Counter[str], known: Mapping[str, str]) -> frozenset[str]:
    """The words in which no two answers of a group may differ: what the rubric knows, numbers, denials."""
    return frozenset(known[word] for word in bag if word in known)


def _known(bags: Sequence[Counter[str]], question: Question | None) -> dict[str, str]:
    """Each decisive word of a class as the rubric writes it. Once for all answers: they share their words."""
    single = {word for bag in bags for word in bag if " " not in word}
    if question is None:
        return {word: word for word in single}
    found = {}
    for word in single:
        own = next((p[0] for p in question.vocabulary if fits(p[0], word)), "")
        if own or word in DENIALS | MEANT or not word.isalpha():
            found[word] = own or word
    return found


def _tf_idf(bags: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """Unit vectors in which words count the more, the fewer answers use them."""
    spread = Counter(word for bag in bags for word in bag)
    vectors = []
    for bag in bags:
        raw = {w: n * (1 + math.log((1 + len(bags)) / (1 + spread[w]))) for w, n in bag.items()}
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        vectors.append({w: value / length for w, value in raw.items()})
    return vectors


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    if not a and not b:
        return 1.0
    return sum(value * b.get(word, 0.0) for word, value in a.items())
