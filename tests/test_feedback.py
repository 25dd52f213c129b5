"""The student's page: what it shows, and what it never shows."""

import html.parser
from pathlib import Path

import pytest

from autograder.course import Assignment, GradeCell, Notebook
from autograder.record import CaseResult, Grade, Hashes, Record
from autograder.reports import feedback
from autograder.reports.feedback import case_title

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }} &amp; \u202e"


def assignment(*grade_ids: str) -> Assignment:
    cells = tuple(
        GradeCell(i, "nb", 2.0, "inline" if i.startswith("inline") else "code", False) for i in grade_ids
    )
    return Assignment("lesson", "A <lesson>", Path(), "cs_lib", (Notebook("nb", Path("nb.ipynb"), cells),))


def page(*grades: Grade, answers: dict[str, str] | None = None, problems: tuple[str, ...] = ()) -> str:
    by_id = {grade.grade_id: grade for grade in grades}
    record = Record("s001", "lesson", "none", Hashes("", "", ""), by_id, problems, answers or {})
    return feedback.render(record, assignment(*by_id))


def failed(message: str, case_id: str = "affine_forward[matrix]", hint: str = "") -> CaseResult:
    return CaseResult(case_id, "core", 1.0, "failed", message, hint, "value")


def graded(points: float | None, *cases: CaseResult, grade_id: str = "affine_forward", **more: str) -> Grade:
    state = "graded" if points is not None else "error"
    return Grade(grade_id, "nb", points, 2.0, state, cases, **more)


class Tags(html.parser.HTMLParser):
    """Every tag and attribute of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_points_messages_and_hints_are_shown() -> None:
    tags = Tags(page(graded(0.5, failed("out is wrong at [0, 1]", hint="Look at the bias."))))
    for words in ("0.5 of 2 points", "out is wrong at [0, 1]", "Look at the bias.", "Wrong value", "matrix"):
        assert words in tags.text
    assert "script" not in tags.tags


@pytest.mark.parametrize("where", ["message", "hint", "answer", "problem", "comment", "case"])
def test_text_of_a_student_is_only_text(where: str) -> None:
    case = failed(
        HOSTILE if where == "message" else "m",
        f"affine_forward[{HOSTILE}]" if where == "case" else "affine_forward[a]",
        HOSTILE if where == "hint" else "h",
    )
    text = page(
        graded(0.0, case, comment=HOSTILE if where == "comment" else ""),
        answers={"affine_forward": HOSTILE} if where == "answer" else {},
        problems=(HOSTILE,) if where == "problem" else (),
    )
    tags = Tags(text)
    assert "script" not in tags.tags
    assert "alert(1)" in tags.text
    assert "49" not in tags.text


def test_the_page_stands_alone() -> None:
    tags = Tags(page(graded(1.0, failed("m")), problems=("odd",)))
    assert all(link.startswith("#") for link in tags.links)
    assert {link[1:] for link in tags.links} <= set(tags.ids)
    assert not {"script", "link", "img", "iframe"} & set(tags.tags)


def test_what_is_for_the_instructor_stays_away() -> None:
    text = page(
        graded(
            None, CaseResult("a[b]", "core", 1.0, "error", "KeyError: secret"), internal="traceback secret"
        )
    )
    assert "secret" not in text
    assert "read by a person" in text


def test_cases_with_the_same_message_stand_together() -> None:
    text = page(
        graded(0.0, failed("no import", "affine_forward[a]"), failed("no import", "affine_forward[b]"))
    )
    assert text.count("no import") == 1
    assert "a, b" in Tags(text).text


def test_where_to_look_first_goes_in_reading_order() -> None:
    text = page(
        graded(1.5, failed("m", "one[a]"), grade_id="one"),
        graded(2.0, grade_id="two"),
        graded(0.0, failed("m", "three[a]"), grade_id="three"),
    )
    first = text[text.index("<strong>Where to look first") : text.index("nb-1")]
    assert first.index("#one") < first.index("#three")
    assert "#two" not in first


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
