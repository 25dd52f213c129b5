"""An inline question with the criteria of its rubric, as typed objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from autograder.answers.phrases import Pattern, Phrase
from autograder.answers.subjects import Subjects


@dataclass(frozen=True)
class Evidence:
    """What a sentence must say, and about which subject."""

    accept: tuple[Pattern, ...]
    reject: tuple[Pattern, ...] = ()
    unclear: tuple[Pattern, ...] = ()  # points to it, but a person should look
    subject: str = ""


@dataclass(frozen=True)
class Criterion:
    """One thing a full answer says. Exactly one of `chosen`, `slot` and `evidence` says how it is found."""

    id: str
    title: str  # students see it
    points: float
    full: str  # what a full answer says; for graders only
    chosen: frozenset[str] | None = None  # the options that are right
    unsure: tuple[frozenset[str], ...] = ()  # choices that a person should look at
    slot: str = ""  # the thing that `chosen` belongs to, where several things get an option each
    evidence: tuple[Evidence, ...] = ()  # all of them must be found


@dataclass(frozen=True, eq=False)
class Question:
    """An inline question with its criteria."""

    grade_id: str
    kind: Literal["choice", "text"]
    mode: Literal["review", "auto"]
    asked: str  # the question as the notebook puts it
    answer: str  # a full answer in short; for graders only
    criteria: tuple[Criterion, ...]
    options: tuple[str, ...] = ()  # "1", "2", …
    subjects: Subjects = ()  # options and other things that sentences can be about
    yes: tuple[Pattern, ...] = ()  # said of an option that applies
    no: tuple[Pattern, ...] = ()
    vocabulary: tuple[Phrase, ...] = ()  # words an answer on the topic uses

    @property
    def points(self) -> float:
        return sum(criterion.points for criterion in self.criteria)


@dataclass(frozen=True)
class Asked:
    """A criterion with its question: what one hidden test is about."""

    question: Question
    criterion: Criterion


Words = Mapping[str, tuple[str, ...]]
