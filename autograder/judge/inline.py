"""The checks of inline questions: each criterion of a rubric against the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from autograder.answers.question import Criterion, Question
from autograder.answers.verdict import judge
from autograder.checks.checks import CheckFailed
from autograder.judge.check import Check


def criteria(questions: Iterable[Question]) -> list[Check]:
    return [
        Check(
            grade_id=question.grade_id,
            id=f"{question.grade_id}[{criterion.id}]",
            kind="criterion",
            weight=criterion.points,
            function=criterion_met,
            given={"question": question, "criterion": criterion},
            wants=frozenset({"answers"}),
        )
        for question in questions
        for criterion in question.criteria
    ]


def criterion_met(answers: Mapping[str, str], question: Question, criterion: Criterion) -> str:
    """Passes if the criterion is met, fails if not, is skipped if a person must decide.

    Returns what the judge keeps as the message of a criterion that is met.
    """
    judgement = judge(question, answers.get(question.grade_id, ""))
    verdict = judgement.verdicts[criterion.id]
    if verdict.outcome == "not met":
        raise CheckFailed(judgement.nothing, verdict.message)
    if verdict.outcome == "unsure":
        pytest.skip(verdict.message)
    return verdict.message
