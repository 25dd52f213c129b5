"""What being late costs."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

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
         "handed in 2 days 2 h after the deadline (extended by 1 day); 20 % of the points are taken off"),
    ],
)  # fmt: skip
def test_it_is_said_in_words(rules: Late, when: datetime | None, extension: float, words: str) -> None:
    assert rules.in_words(when, extension) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 min"), (3600, "1 h"), (5400, "1 h 30 min"), (DAY, "1 day"), (2.5 * DAY, "2 days 12 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_times_are_utc() -> None:
    assert utc(datetime(2026, 2, 1, 12)) == DUE
    assert utc(datetime(2026, 2, 1, 14, tzinfo=timezone(timedelta(hours=2)))) == DUE


BERLIN = ZoneInfo("Europe/Berlin")
# Clocks went back an hour in the night to 25 October 2026, and forward in that to 28 March 2027.
AUTUMN = Late(
    datetime(2026, 10, 24, 21, 59, tzinfo=UTC), penalty_per_day=0.1, closes_after_days=3, zone=BERLIN
)
SPRING = Late(
    datetime(2027, 3, 27, 22, 59, tzinfo=UTC), penalty_per_day=0.1, closes_after_days=3, zone=BERLIN
)


@pytest.mark.parametrize(
    ("late", "days", "due"),
    [
        (AUTUMN, 0, "2026-10-24T21:59:00+00:00"),
        (AUTUMN, 1, "2026-10-25T22:59:00+00:00"),  # 23:59 by the clock, 25 hours later
        (AUTUMN, 2, "2026-10-26T22:59:00+00:00"),
        (AUTUMN, 0.5, "2026-10-25T10:59:00+00:00"),  # 11:59 by the clock
        (SPRING, 1, "2027-03-28T21:59:00+00:00"),  # 23 hours later
        (SPRING, 7, "2027-04-03T21:59:00+00:00"),
        (
            Late(datetime(2026, 10, 24, 0, 30, tzinfo=UTC), zone=BERLIN),
            1,
            "2026-10-25T01:30:00+00:00",
        ),  # twice
        (
            Late(datetime(2027, 3, 27, 1, 30, tzinfo=UTC), zone=BERLIN),
            1,
            "2027-03-28T01:30:00+00:00",
        ),  # never
        (Late(datetime.fromisoformat("2026-10-24T23:59:00+02:00")), 1, "2026-10-25T21:59:00+00:00"),
        (Late(), 1, None),
    ],
)
def test_a_day_of_extension_is_a_day_of_the_calendar(late: Late, days: float, due: str | None) -> None:
    found = late.due_for(days)
    assert found == (datetime.fromisoformat(due) if due else None)
    assert late.extension_days(late.extension(days)) == pytest.approx(days, abs=1 / 12)
    if found:
        assert late.due is not None
        assert late.due_for(late.extension_days(late.extension(days))) == found
        assert late.due + late.extension(days) == found


@pytest.mark.parametrize(
    ("late", "hours", "share"),
    [
        (AUTUMN, 24.9, 0.1),
        (AUTUMN, 25.1, 0.2),
        (AUTUMN, 72.9, 0.3),
        (AUTUMN, 73.1, 1),
        (SPRING, 22.9, 0.1),
        (SPRING, 23.1, 0.2),
    ],
)
def test_days_late_are_days_of_the_calendar(late: Late, hours: float, share: float) -> None:
    assert late.due is not None
    assert late.share(late.seconds_late(late.due + timedelta(hours=hours))) == pytest.approx(share)


def test_late_in_the_hour_that_comes_twice_is_late() -> None:
    late = Late(datetime.fromisoformat("2026-10-25T02:30:00+02:00"), penalty_per_day=0.1, zone=BERLIN)
    handed_in = datetime.fromisoformat("2026-10-25T02:15:00+01:00")
    assert late.seconds_late(handed_in) == 1.0
    assert late.in_words(handed_in).startswith("handed in 1 min after the deadline; 10 %")


def test_a_time_without_a_zone_counts_as_utc() -> None:
    assert AUTUMN.seconds_late(datetime(2026, 10, 24, 22, 59)) == 3600
