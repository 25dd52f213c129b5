"""What being late costs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from autograder.course.policy import DAY, Late, duration, utc

DUE = datetime(2026, 2, 1, 12, tzinfo=UTC)
RULES = Late(DUE, grace_days=1, penalty_per_day=0.1, max_penalty=0.25, closes_after_days=5)


@pytest.mark.parametrize(
    ("days", "share"),
    [(0, 0), (0.5, 0), (1, 0), (1.01, 0.1), (2, 0.1), (2.5, 0.2), (3.5, 0.25), (5, 0.25), (5.01, 1)],
)
def test_days_after_the_grace_are_charged(days: float, share: float) -> None:
    assert RULES.share(days * DAY) == pytest.approx(share)
    assert RULES.penalty(20, days * DAY) == pytest.approx(20 * share)


def test_an_extension_moves_the_deadline() -> None:
    late = DUE + timedelta(days=2, hours=6)
    assert RULES.seconds_late(late) == 2.25 * DAY
    assert RULES.seconds_late(late, 2) == 0.25 * DAY
    assert RULES.seconds_late(late, 3) == 0
    assert (RULES.in_time(late), RULES.in_time(late, 2), RULES.in_time(None)) == (False, True, True)


def test_nobody_gains_by_being_late() -> None:
    assert RULES.penalty(-3.0, 3 * DAY) == 0.0


@pytest.mark.parametrize(
    ("rules", "when", "extension", "words"),
    [
        (RULES, DUE, 0, ""),
        (RULES, None, 0, ""),
        (Late(), DUE, 0, ""),
        (RULES, DUE + timedelta(minutes=5), 0, "handed in 5 min after the deadline; no points taken off"),
        (RULES, DUE + timedelta(days=3, minutes=5), 0,
         "handed in 3 days after the deadline; 25 % of the points are taken off"),
        (RULES, DUE + timedelta(days=3, hours=2), 1,
         "handed in 2 days 2 h after the deadline (extended by 1 days); 20 % of the points are taken off"),
    ],
)  # fmt: skip
def test_it_is_said_in_words(rules: Late, when: datetime | None, extension: float, words: str) -> None:
    assert rules.told(when, extension) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 min"), (3600, "1 h"), (5400, "1 h 30 min"), (DAY, "1 day"), (2.5 * DAY, "2 days 12 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_times_are_utc() -> None:
    assert utc(datetime(2026, 2, 1, 12)) == DUE
    assert utc(datetime(2026, 2, 1, 14, tzinfo=timezone(timedelta(hours=2)))) == DUE
