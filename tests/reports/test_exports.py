"""CSV for nbgrader and of all cases, and who matches the roster."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from autograder.course.matched import Matched, match
from autograder.course.policy import Late
from autograder.course.roster import Roster, RosterEntry
from autograder.errors import ExportError
from autograder.records.record import Record
from autograder.reports.exports import CASE_COLUMNS, NBGRADER_COLUMNS, cases_csv, nbgrader_csv
from autograder.safe_text import defused
from tests.reports.sample import assignment, case, graded, record

LESSON = assignment("affine_forward", "inline_1")
NAMES = {
    "ann": 'O"Neil, Ann',
    "bob": "=HYPERLINK(1), Bob\nJunior",
    "chen": "陈, 小明",
    "dalia": "@SUM(A1), دالیا",
    "eve": "-1+1, +Eve",
}
ROSTER = Roster(RosterEntry(i, name, f"{i}@uni.example") for i, name in NAMES.items())


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def graded_record(student: str = "ann", points: float = 1.5) -> Record:
    failed = case(
        message="=cmd|' /C calc'!A0\nnext, line", hint="Look.", property="value", called="f(array (2,))"
    )
    proposal = graded(1.0, grade_id="inline_1", state="needs_review")
    return record(graded(points, failed), proposal, student=student)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Ann", "Ann"),
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-3", "'-3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("\ttext", "'\ttext"),
        ("\r\n=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("", ""),
        ("a\x00b\ud800", "a\ufffdb\ufffd"),
    ],
)
def test_no_text_is_a_formula(text: str, safe: str) -> None:
    assert defused(text) == safe


def test_no_cell_of_any_csv_is_a_formula() -> None:
    records = [graded_record(student) for student in NAMES]
    matched = match(NAMES, ROSTER)
    for text in (nbgrader_csv(records, LESSON, matched), cases_csv(records, LESSON, matched)):
        cells = [cell for row in rows(text) for cell in row.values()]
        assert any("HYPERLINK" in cell for cell in cells)
        assert not [c for c in cells if c.lstrip()[:1] in tuple("=+-@＝＋－＠") and c]


def test_nbgraders_columns_and_numbers() -> None:
    [row] = rows(
        nbgrader_csv(
            [graded_record()], LESSON, match(["ann"], Roster([RosterEntry("ann", NAMES["ann"])])), True
        )
    )
    assert list(row) == NBGRADER_COLUMNS
    assert row == {
        "assignment": "lesson",
        "duedate": "",
        "timestamp": "",
        "student_id": "ann",
        "last_name": 'O"Neil',
        "first_name": "Ann",
        "email": "",
        "raw_score": "2.5",
        "late_submission_penalty": "0.0",
        "score": "2.5",
        "max_score": "4.0",
    }


def test_nbgraders_csv_names_everybody_whatever_the_name_holds() -> None:
    text = nbgrader_csv([graded_record("chen")], LESSON, match(["chen"], ROSTER), final=True)
    reported = {row["student_id"]: (row["last_name"], row["first_name"], row["score"]) for row in rows(text)}
    assert reported == {
        "ann": ('O"Neil', "Ann", "0.0"),
        "bob": ("'=HYPERLINK(1)", "Bob\nJunior", "0.0"),
        "chen": ("陈", "小明", "2.5"),
        "dalia": ("'@SUM(A1)", "دالیا", "0.0"),
        "eve": ("'-1+1", "'+Eve", "0.0"),
    }
    assert {row["email"] for row in rows(text)} == {f"{i}@uni.example" for i in NAMES}


def test_nbgraders_csv_takes_off_what_lateness_costs() -> None:
    late = Late(due=datetime(2026, 3, 1, 12, tzinfo=UTC), penalty_per_day=0.1)
    handed_in = replace(graded_record(), handed_in="2026-03-02T14:00:00+01:00")
    [row] = rows(nbgrader_csv([handed_in], replace(LESSON, late=late), final=True))
    assert (row["duedate"], row["timestamp"]) == ("2026-03-01 12:00:00", "2026-03-02 13:00:00")
    assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("2.5", "0.5", "2.0")


SCORES = ("raw_score", "late_submission_penalty", "score")


def test_points_that_need_review_are_left_blank() -> None:
    [row] = rows(nbgrader_csv([graded_record()], LESSON))
    assert [row[name] for name in SCORES] == ["", "", ""]
    assert row["max_score"] == "4.0"
    [row] = rows(nbgrader_csv([graded_record()], LESSON, so_far=True))
    assert (row["score"], row["score_so_far"], row["needed"]) == ("", "2.5", "1 answer to review")
    reported = rows(cases_csv([graded_record()], LESSON))
    assert [row["points"] for row in reported] == ["1.5", ""]
    assert [row["points"] for row in rows(cases_csv([graded_record()], LESSON, final=True))] == ["1.5", "1.0"]


def test_a_hand_in_that_could_not_be_graded_has_no_score() -> None:
    unread = record(graded(None), graded(None, grade_id="inline_1"))
    [row] = rows(nbgrader_csv([unread], LESSON, so_far=True))
    assert (row["score"], row["needed"]) == ("", "could not be graded")
    [row] = rows(nbgrader_csv([unread], LESSON, final=True))
    assert float(row["score"]) == 0.0


def test_without_a_roster_names_stay_empty() -> None:
    [row] = rows(nbgrader_csv([graded_record("s, 1")], LESSON))
    assert (row["student_id"], row["last_name"]) == ("s, 1", "")


def test_every_case_has_a_line() -> None:
    reported = rows(cases_csv([graded_record()], LESSON, match(["ann"], ROSTER)))
    assert list(reported[0]) == CASE_COLUMNS
    assert [row["grade_id"] for row in reported] == ["affine_forward", "inline_1"]
    assert {
        k: reported[0][k] for k in ("student", "first_name", "case", "kind", "outcome", "property", "called")
    } == {
        "student": "ann",
        "first_name": "Ann",
        "case": "affine_forward[matrix]",
        "kind": "core",
        "outcome": "failed",
        "property": "value",
        "called": "f(array (2,))",
    }
    assert reported[0]["message"] == "'=cmd|' /C calc'!A0\nnext, line"
    assert (reported[1]["state"], reported[1]["points"], reported[1]["case"]) == ("needs_review", "", "")


def test_unknown_points_are_empty_and_not_zero() -> None:
    [row] = rows(cases_csv([record(graded(None))], LESSON))
    assert (row["state"], row["points"]) == ("error", "")


# --- the roster ---------------------------------------------------------------------------------


def known(**names: Mapping[str, str]) -> Roster:
    return Roster(RosterEntry(i, i, "", "", known_as) for i, known_as in names.items())


def test_hand_ins_and_roster_are_put_together() -> None:
    matched = match(["77", "stranger"], known(ann={"canvas_id": "77"}, bob={}))
    assert {student: person.id for student, person in matched.found.items()} == {"77": "ann"}
    assert matched.strangers == ["stranger"]
    assert [person.id for person in matched.missing] == ["bob"]
    assert match(["ann"], None) == Matched()


def test_a_hand_in_of_two_people_is_refused() -> None:
    roster = known(ann={"canvas_id": "7"}, bob={"sis_id": "7"})
    with pytest.raises(
        ExportError, match="expected one person known as '7', got ann and bob; make ids differ"
    ):
        match(["7"], roster)


def test_two_hand_ins_of_one_person_are_refused() -> None:
    roster = known(ann={"canvas_id": "7"})
    with pytest.raises(ExportError, match="expected one hand-in of 'ann', got 'ann' and '7'; keep one"):
        match(["ann", "7"], roster)
