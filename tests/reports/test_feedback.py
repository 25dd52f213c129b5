"""The student's page: what it shows, and what it never shows."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from autograder.course.policy import Late
from autograder.records.record import Grade
from autograder.reports import feedback
from autograder.reports.feedback import case_title
from tests.reports.sample import Tags, assignment, case, graded, record

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }} &amp;"


def page(*grades: Grade, **more: object) -> str:
    return feedback.render(record(*grades, **more), assignment(*(grade.grade_id for grade in grades)))


def test_points_messages_calls_and_hints_are_shown() -> None:
    wrong = case(
        message="out is wrong at [0, 1]",
        hint="Look at the bias.",
        property="value",
        called="affine_forward(array (2, 3))",
    )
    tags = Tags(page(graded(0.5, wrong)))
    for words in (
        *("0.5 of 2 points", "out is wrong at [0, 1]", "Look at the bias.", "Wrong value", "matrix"),
        "What was called: affine_forward(array (2, 3))",
    ):
        assert words in tags.text
    assert "script" not in tags.tags


@pytest.mark.parametrize("where", ["message", "hint", "answer", "problem", "comment", "case", "called", "id"])
def test_text_of_a_student_is_only_text(where: str) -> None:
    fields = {name: HOSTILE if where == name else "x" for name in ("message", "hint", "called")}
    failed = case(f"affine_forward[{HOSTILE if where == 'case' else 'a'}]", **fields)
    text = page(
        graded(0.0, failed, comment=HOSTILE if where == "comment" else ""),
        answers={"affine_forward": HOSTILE} if where == "answer" else {},
        problems=(HOSTILE,) if where == "problem" else (),
        student=HOSTILE if where == "id" else "s001",
    )
    tags = Tags(text)
    assert "script" not in tags.tags
    assert "alert(1)" in tags.text
    assert "49" not in tags.text
    assert not any(name.startswith("on") for _, name, _ in tags.attributes)


def test_text_that_no_file_can_hold_is_replaced() -> None:
    odd = "a\x00b\x1b[31m\ud83d \u202egnp.exe\r\nnext\ttab 中文 שלום 🙂"
    text = page(graded(0.0, case(message=odd)))
    assert "a\ufffdb\ufffd[31m\ufffd \ufffdgnp.exe\nnext\ttab 中文 שלום 🙂" in text
    text.encode()


def test_the_page_stands_alone() -> None:
    text = page(graded(1.0, case()), graded(2.0, grade_id="sgd"), problems=("odd",))
    tags = Tags(text)
    links = tags.of("href") + tags.of("src")
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} <= set(tags.of("id"))
    assert len(tags.of("id")) == len(set(tags.of("id")))
    assert not {"script", "link", "img", "iframe"} & set(tags.tags)
    assert "default-src 'none'" in text
    assert "url(" not in text


def test_landmarks_headings_and_tables_for_a_screen_reader() -> None:
    text = page(graded(1.0, case()), problems=("odd",))
    tags = Tags(text)
    assert [tags.tags.count(landmark) for landmark in ("header", "main", "footer")] == [1, 1, 1]
    levels = [level for level, _ in tags.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert ("html", "lang", "en") in tags.attributes
    assert set(tags.of("scope")) == {"col", "row"}
    assert set(tags.of("aria-labelledby")) <= set(tags.of("id"))
    assert 'href="#results"' in text[: text.index("<header")]


def test_what_is_for_the_instructor_stays_away() -> None:
    broken = case("a[b]", "error", message="KeyError: secret")
    text = page(graded(None, broken, internal="traceback secret"), graded(0.0, grade_id="inline_1"))
    assert "secret" not in text
    assert "needs review" in text
    assert "0 of 4 points so far; 1 part (2 points) still to be read by a person" in Tags(text).text


def test_a_proposal_is_not_shown_as_points() -> None:
    met = case("inline[slope]", "passed", kind="criterion", weight=1.0, message="You wrote: flat")
    proposal = graded(1.0, met, grade_id="inline_1", state="needs_review")
    text = Tags(page(proposal, graded(2.0), answers={"inline_1": "It is flat."})).text
    assert "2 of 4 points so far; 1 part (2 points)" in text
    assert "– of 2" in text
    assert "1 of 2" not in text
    assert "slope" not in text
    assert "It is flat." in text


def test_criteria_of_a_decided_answer_are_shown() -> None:
    cases = (
        case(
            "inline[names_both]",
            "passed",
            kind="criterion",
            weight=1.5,
            message="Which ones: right. “1 and 2”",
        ),
        case("inline[why]", "failed", kind="criterion", weight=0.5, message="Why: not said."),
    )
    text = " ".join(Tags(page(graded(1.5, *cases, grade_id="inline_1"))).text.split())
    assert "✓ met (1.5 points)Which ones: right. “1 and 2”" in text
    assert "✗ not met (0.5 points)Why: not said." in text
    assert "these checks" not in text


def test_an_answer_that_says_nothing_is_named_once() -> None:
    empty = [
        case(f"inline[{i}]", kind="criterion", property="empty", message="nothing is there") for i in "ab"
    ]
    text = page(graded(0.0, *empty, grade_id="inline_1", comment="No answer written."))
    assert "No answer written." in text
    assert "nothing is there" not in text


def test_criteria_are_left_out_where_a_person_decided_otherwise() -> None:
    failed = case("inline[why]", "failed", kind="criterion", message="No reason is given.")
    text = page(graded(2.0, failed, grade_id="inline_1", comment="Well said after all."))
    assert "No reason" not in text
    assert "Well said after all." in text


def test_cases_with_the_same_message_stand_together() -> None:
    cases = [
        case(f"affine_forward[{i}]", message="no import", kind="edge" if i == 0 else "core", called=f"f({i})")
        for i in range(5)
    ]
    text = page(graded(0.0, *cases))
    assert text.count("no import") == 1
    shown = Tags(text).text
    assert "0 (edge), 1, 2, 3, 4" in shown
    assert "What was called: f(0), f(1), f(2), and 2 more like these" in shown


def test_cases_that_wait_for_the_same_function_stand_together() -> None:
    cases = [
        case(
            f"b[{i}]",
            property="needs",
            message=f"b could not be checked, because a did not work (took {i} s)",
        )
        for i in range(3)
    ]
    text = Tags(page(graded(0.0, *cases))).text
    assert text.count("could not be checked") == 1
    assert "Waits for another function in these checks: b: 0, b: 1, b: 2" in text


@pytest.mark.parametrize(("property", "shown"), [("value", 2), ("code", 0), ("needs", 0)])
def test_hints_of_checks_that_did_not_run_are_left_out(property: str, shown: int) -> None:
    hints = ["Mind the bias.", "Mind the axis.", "Mind the bias."]
    cases = [case(f"a[{i}]", property=property, hint=hint) for i, hint in enumerate(hints)]
    text = page(graded(0.0, *cases))
    assert text.count("Mind the") == shown
    assert "Mind the bias." in page(graded(0.0, cases[0]))


def test_where_to_look_first_leaves_out_what_has_full_points() -> None:
    text = page(
        graded(1.5, case("one[a]"), grade_id="one"),
        graded(2.0, grade_id="two"),
        graded(0.0, case("three[a]"), grade_id="three"),
    )
    first = text[text.index("Where to look first") : text.index('id="nb-1"')]
    assert first.index("#three") < first.index("#one")
    assert "#two" not in first


def test_one_notebook_of_several() -> None:
    grades = (graded(1.0, case(), notebook="nb"), graded(2.0, grade_id="sgd", notebook="other"))
    text = feedback.render(record(*grades), assignment("affine_forward", "other/sgd"), notebook="other")
    shown = Tags(text).text
    assert "Feedback for s001 on other" in shown
    assert "2 of 2 points" in shown
    assert "3 of 4 points in the whole assignment" in shown
    assert "affine_forward" not in shown


def test_points_above_the_maximum_fill_the_bar_and_no_more() -> None:
    assert "width: 100%" in page(graded(3.5))


@pytest.mark.parametrize(
    ("grade_id", "case_id", "title"),
    [
        ("affine_forward", "affine_forward[k_dimensional]", "k dimensional"),
        ("two_layer_net", "two_layer_net_loss[scores]", "loss: scores"),
        ("sgd", "sgd", "sgd"),
        ("adam", "first_step[at-rest]", "first step: at rest"),
    ],
)
def test_case_titles_are_words(grade_id: str, case_id: str, title: str) -> None:
    assert case_title(grade_id, case_id) == title


def test_a_question_is_called_by_its_number() -> None:
    """As the notebook calls it, not by a name from inside the kit."""
    lesson = assignment("inline_lesson_1", "affine_forward", "inline_lesson_2")
    grades = [graded(1.0, grade_id=cell.grade_id) for cell in lesson.grade_cells]
    text = Tags(feedback.render(record(*grades), lesson)).text
    assert "Question 1" in text
    assert "Question 2" in text
    assert "inline_lesson" not in text


@pytest.mark.parametrize(
    ("handed_in", "due", "words"),
    [
        ("2026-02-01T11:59:00+00:00", True, "Handed in on 1 February 2026, 11:59 UTC, in time"),
        ("2026-02-01T13:30:00+00:00", True, "Handed in on 1 February 2026, 13:30 UTC, late"),
        ("2026-02-01T14:30:00+01:00", False, "Handed in on 1 February 2026, 13:30 UTC "),
    ],
)
def test_the_time_of_the_hand_in_is_shown(handed_in: str, due: bool, words: str) -> None:
    late = Late(due=datetime(2026, 2, 1, 12, tzinfo=UTC)) if due else Late()
    lesson = replace(assignment("affine_forward"), late=late)
    text = Tags(feedback.render(record(graded(1.0), handed_in=handed_in), lesson)).text
    assert words in " ".join(text.split()) + " "


def test_the_time_is_that_of_the_courses_zone() -> None:
    late = Late(due=datetime(2026, 7, 1, 21, 59, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"))
    given = record(graded(1.0), handed_in="2026-07-01T21:58:00+00:00")
    text = Tags(feedback.render(given, replace(assignment("affine_forward"), late=late))).text
    assert "Handed in on 1 July 2026, 23:58 CEST, in time" in " ".join(text.split())


def test_a_hand_in_that_could_not_be_graded_says_what_to_do_and_shows_no_points() -> None:
    problem = "work.zip: not a readable zip; ask for it again"
    parts = [graded(None, comment="Not graded."), graded(None, comment="Not graded.", grade_id="sgd")]
    text = feedback.render(record(*parts, problems=(problem,)), assignment("affine_forward", "sgd"))
    words = " ".join(Tags(text).text.split())
    assert "– of 4 points: not graded yet" in words
    assert "Your hand-in could not be graded work.zip: not a readable zip; hand it in again" in words
    assert "It costs you no points" in words
    assert "0 of" not in words
    assert "<table" not in text


def test_without_a_known_time_none_is_shown() -> None:
    assert "Handed in" not in Tags(page(graded(1.0))).text
