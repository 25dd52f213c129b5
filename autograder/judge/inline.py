"""The one test of all inline questions: a criterion of a rubric against the answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder.answers.question import Asked
from autograder.answers.verdict import judge
from autograder.checks.checks import CheckFailed


def test_inline(answers: Mapping[str, str], criterion: Asked) -> str:
    """One criterion of one question: passes if met, fails if not, is skipped if a person must decide.

    Returns what the judge keeps as the message of a criterion that is met.
    """
    judgement = judge(criterion.question, answers.get(criterion.question.grade_id, ""))
    verdict = judgement.verdicts[criterion.criterion.id]
    if verdict.outcome == "not met":
        raise CheckFailed(judgement.nothing, verdict.message)
    if verdict.outcome == "unsure":
        pytest.skip(verdict.message)
    return verdict.message
