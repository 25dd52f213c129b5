"""Grouping what a class wrote has limits: beyond them each answer is a group of its own."""

import time

import pytest

from autograder import bounded
from autograder.answers import groups as grouping
from autograder.answers.groups import groups
from autograder.records.record import Grade, Hashes, Record

HASHES = Hashes(*"0" * 3)
LABEL = "inline_nb_1"


def records() -> list[Record]:
    grade = Grade(LABEL, "nb", None, 2.0, "needs_review")
    return [
        Record(student, "lesson", "none", HASHES, {LABEL: grade}, answers={LABEL: "The slope is flat there."})
        for student in ("s001", "s002", "s003")
    ]


def test_equal_answers_are_one_group() -> None:
    assert [len(group.answers) for group in groups(records(), {LABEL: None})] == [3]


@pytest.mark.parametrize("how", ["time", "memory"])
def test_answers_that_take_too_much_stand_alone(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def bag(text: str) -> object:
        return time.sleep(60) if how == "time" else bytearray(1 << 32)

    monkeypatch.setattr(grouping, "bag", bag)
    monkeypatch.setattr(grouping, "BOUNDS", bounded.Bounds(seconds=0.2, memory_mb=256))
    found = groups(records(), {LABEL: None})
    assert sorted(tuple(a.student for a in group.answers) for group in found) == [
        ("s001",),
        ("s002",),
        ("s003",),
    ]
