"""An inline question with the criteria of its rubric, as typed objects."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.answers.signs import Options


@dataclass(frozen=True)
class Criterion:
    """One thing a full answer says. What is not chosen from options, a person looks for."""

    id: str
    title: str  # students see it
    points: float
    full: str  # what a full answer says; for graders only
    chosen: frozenset[str] | None = None  # the options that are right
    unsure: tuple[frozenset[str], ...] = ()  # choices that a person should look at
    slot: str = ""  # the thing that `chosen` belongs to, where several things get an option each


@dataclass(frozen=True, eq=False)
class Question:
    """An inline question with its criteria."""

    grade_id: str
    asked: str  # the question as the notebook puts it
    answer: str  # a full answer in short; for graders only
    criteria: tuple[Criterion, ...]
    options: Options | None = None
    vocabulary: frozenset[str] = frozenset()  # words that an answer on the topic uses

    @property
    def points(self) -> float:
        return sum(criterion.points for criterion in self.criteria)
