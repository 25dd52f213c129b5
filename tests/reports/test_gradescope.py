"""`results.json`, held to Gradescope's description of it."""

import json
from typing import Any

import pytest

from autograder.records.record import Record
from autograder.reports.gradescope import results_json
from tests.reports.sample import assignment, case, graded, record

LESSON = assignment("affine_forward", "sgd", "other/inline_1", "other/adam")
TOP = {
    "score",
    "execution_time",
    "output",
    "output_format",
    "visibility",
    "stdout_visibility",
    "extra_data",
    "tests",
    "leaderboard",
}
TEST = {
    "score",
    "max_score",
    "status",
    "name",
    "number",
    "output",
    "output_format",
    "tags",
    "visibility",
    "extra_data",
}
VISIBLE = ("hidden", "after_due_date", "after_published", "visible")
FORMATS = ("text", "html", "simple_format", "md", "ansi")


def results(given: Record) -> dict[str, Any]:
    return json.loads(results_json(given, LESSON))


def follows_the_rules(reported: dict[str, Any]) -> None:
    """What the documentation of the format says of each field."""
    assert set(reported) <= TOP
    assert isinstance(reported["score"], int | float)
    assert isinstance(reported["execution_time"], int)
    assert reported["visibility"] in VISIBLE
    assert reported["stdout_visibility"] in VISIBLE
    assert reported["output_format"] in FORMATS
    for test in reported["tests"]:
        assert set(test) <= TEST
        assert test["status"] in ("passed", "failed") if "status" in test else "score" not in test
        assert 0 <= test.get("score", 0) <= test["max_score"]
        assert test["visibility"] in VISIBLE
        assert test["output_format"] in FORMATS
        assert all(isinstance(test[name], str) for name in ("name", "number", "output"))
        assert all(isinstance(tag, str) for tag in test["tags"])
    assert len({test["number"] for test in reported["tests"]}) == len(reported["tests"])


def sample() -> Record:
    failed = case(
        message="out is wrong", hint="Look at b.", property="value", called="affine_forward(array (2, 3))"
    )
    return record(
        graded(0.5, failed, case("affine_forward[b]", "passed")),
        graded(2.0, grade_id="sgd"),
        graded(1.0, grade_id="inline_1", state="needs_review", comment="Read by hand.", notebook="other"),
        graded(
            None,
            case("adam[a]", "error", message="KeyError: secret"),
            grade_id="adam",
            notebook="other",
            internal="secret",
            comment="We look at it.",
        ),
        student="=1+1, 陈\n",
        problems=("handed in 3 h after the deadline",),
        seconds=1.2,
    )


def test_the_file_follows_the_format() -> None:
    reported = results(sample())
    follows_the_rules(reported)
    assert (reported["score"], reported["execution_time"]) == (2.5, 2)
    assert reported["output"].splitlines() == [
        "This is not final, it needs review: 1 answer to review, 1 cell not graded.",
        "handed in 3 h after the deadline",
    ]
    assert reported["extra_data"]["student"] == "=1+1, 陈\n"
    assert reported["extra_data"]["waiting"] == ["inline_1", "adam"]


def test_final_counts_what_is_proposed() -> None:
    reported = json.loads(results_json(sample(), LESSON, final=True))
    assert reported["score"] == 3.5
    assert reported["output"] == "handed in 3 h after the deadline"
    assert [test.get("score") for test in reported["tests"]] == [0.5, 2.0, 1.0, None]


def test_a_hand_in_that_could_not_be_graded_has_no_score() -> None:
    reported = results(record(graded(None, comment="We look at it.")))
    assert "score" not in reported
    assert reported["output"] == "This is not final, it needs review: could not be graded."


def test_each_cell_is_a_test() -> None:
    tests = results(sample())["tests"]
    assert [(t["number"], t["name"], t.get("score"), t.get("status")) for t in tests] == [
        ("1.1", "affine_forward", 0.5, "failed"),
        ("1.2", "sgd", 2.0, "passed"),
        ("2.1", "inline_1", None, None),
        ("2.2", "adam", None, None),
    ]
    assert tests[0]["output"] == (
        "matrix: wrong value\n  called: affine_forward(array (2, 3))\n  out is wrong\n  Look at b."
    )
    assert tests[2]["output"] == "A person still looks at this part; it counts nothing yet.\nRead by hand."
    assert tests[3]["output"] == "We look at it."


def test_nothing_for_the_instructor_gets_in() -> None:
    assert "secret" not in results_json(sample(), LESSON)


@pytest.mark.parametrize("text", ["\ud800", "\x00\x1b[2J", "\u202egnp"])
def test_text_that_no_file_can_hold_is_replaced(text: str) -> None:
    reported = results(record(graded(0.0, case(message=text)), student=text, problems=(text,)))
    follows_the_rules(reported)
    assert "\ufffd" in reported["tests"][0]["output"]
    assert "\ufffd" in reported["output"]
