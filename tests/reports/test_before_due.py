"""Before the due date nothing of a message reaches a student, whatever a hand-in put into it."""

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from autograder.course import assignment as course
from autograder.course.policy import VIEWS, View
from autograder.records.record import CaseResult, Grade, Hashes, Record
from autograder.reports import before_due

LIMITED: list[View] = [view for view in VIEWS if view != "all"]
ASSIGNMENT = course.load("assignment1")
CODE = [cell for cell in ASSIGNMENT.grade_cells if not cell.manual]
QUESTIONS = [cell for cell in ASSIGNMENT.grade_cells if cell.manual]
HASHES = Hashes("a" * 64, "b" * 64, "c" * 64)
# What a hand-in can choose, or a check says of hidden numbers: in an exception's text and type, in what was
# called, in ids and comments.
HIDDEN = ("InputIs3_1", "0.7071", "[[1.25, -2.5]]", "2.3e-02", "(3, 4)", "at index [2, 1]", "k dimensional")
TIMES = ("17.25", "18", "4.125")


def case(outcome: str = "failed", hint: str = "", property: str = "value") -> CaseResult:
    message = f"{HIDDEN[0]}: {HIDDEN[1]} {HIDDEN[2]}: error {HIDDEN[3]}, {HIDDEN[5]}\nThe sign is wrong."
    called = f"f{HIDDEN[4]}"
    return CaseResult(
        "x[k_dimensional]",
        "core",
        1.0,
        outcome,  # type: ignore[arg-type]
        message,
        hint,
        property,
        4.125,
        called,
    )


def record(*cases: CaseResult, points: float = 0.0, **more: object) -> Record:
    grades = {
        cell.grade_id: Grade(
            cell.grade_id, cell.notebook, points, cell.points, "graded", cases, HIDDEN[1], HIDDEN[2]
        )
        for cell in CODE
    }
    for cell in QUESTIONS:
        criterion = replace(case(), kind="criterion", message=HIDDEN[0])
        grades[cell.grade_id] = Grade(
            cell.grade_id, cell.notebook, 1.0, cell.points, "graded", (criterion,), HIDDEN[1]
        )
    about = {"answers": {cell.grade_id: HIDDEN[2] for cell in QUESTIONS}, "seconds": 17.25, **more}
    return Record("s001", "assignment1", "none", HASHES, grades, **about)  # type: ignore[arg-type]


def shown(record: Record, view: View) -> str:
    page = before_due.page(record, ASSIGNMENT, view, ["About yours."], "1 February 2026")
    data = before_due.results_json(record, ASSIGNMENT, view, ["About yours."])
    text = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", page)
    return unescape(text) + data


@pytest.mark.parametrize("view", LIMITED)
def test_nothing_of_a_message_is_shown(view: View) -> None:
    text = shown(record(case()), view)
    assert [hidden for hidden in (*HIDDEN, *TIMES) if hidden in text] == []
    assert "b" * 64 not in text
    assert '"score"' not in text
    assert "points" not in json.loads(before_due.results_json(record(case()), ASSIGNMENT, view))


@pytest.mark.parametrize("view", LIMITED)
def test_messages_that_differ_look_the_same(view: View) -> None:
    """A student who chooses a text by a hidden input learns nothing by it."""
    one = case()
    other = replace(one, message="ValueError: other", called="other", seconds=9.0, id="x[other]")
    assert shown(record(one), view) == shown(record(other, seconds=99.0, student_seconds=80.0), view)


def test_what_pass_or_fail_says() -> None:
    right = record(points=max(cell.points for cell in CODE))
    sections = before_due.lines(right, ASSIGNMENT, "pass-fail").values()
    assert {line.status for section in sections for line in section} == {"passed", "later"}
    half = record(case(hint="Mind the axis."), case("passed"), points=0.1)
    nothing = record(case(), points=0.0)
    assert shown(half, "pass-fail") == shown(nothing, "pass-fail")
    assert "not passed yet" in shown(half, "pass-fail")
    assert "Mind the axis." not in shown(half, "pass-fail")


def test_hints_are_words_of_ours() -> None:
    failed = (case(hint="Mind the axis."), case(property="shape"), case(property="InputIs3_1"))
    text = shown(record(*failed), "hints")
    for words in ("Mind the axis.", "wrong value", "wrong shape", "not right yet"):
        assert words in text
    raised = shown(record(replace(case(property="code"), message="NotImplementedError: 0.7071")), "hints")
    assert "not written yet" in raised
    assert "0.7071" not in raised


def test_no_part_shows_all_its_hints() -> None:
    """Who hands in the untouched release, or fails everything, is not given the way to write it."""
    failed = [case(hint=f"Hint {number}.") for number in range(5)]
    text = shown(record(*failed), "hints")
    assert [f"Hint {number}." in text for number in range(5)] == [True] * 3 + [False] * 2
    blank = [replace(one, property="code", message="NotImplementedError: x") for one in failed]
    text = shown(record(*blank), "hints")
    assert "not written yet" in text
    assert "Hint" not in text.replace('class="hint"', "")


def test_visible_checks_only() -> None:
    text = shown(record(points=max(cell.points for cell in CODE)), "visible")
    assert "passed" not in text.replace("parts passed", "")
    assert "checked after the due date" in text


def test_an_answer_that_is_not_there_is_said() -> None:
    one = record()
    cell = QUESTIONS[0]
    empty = replace(one.grades[cell.grade_id], comment="No answer handed in.", points=0.0)
    said = shown(replace(one, grades={**one.grades, cell.grade_id: empty}), "pass-fail")
    assert said.count("no answer found in your hand-in") == 2


def test_what_is_unusual_is_said_and_a_fault_of_ours_in_words_of_ours() -> None:
    said = shown(record(problems=("layers.py: not there; ask for it again",)), "pass-fail")
    assert "layers.py: not there; hand it in again" in said
    fault = f"grading stopped (ValueError: {HIDDEN[1]})"
    grades = {key: replace(g, state="error", points=None) for key, g in record().grades.items()}
    broken = record(problems=(f"{fault}; look at it by hand",), fault=fault)
    text = shown(replace(broken, grades=grades), "hints")
    assert HIDDEN[1] not in text
    assert "by a fault of ours. It is kept, and tried again." in text
