"""Manual grading by hand and eye: a real browser, a running Jupyter server, nbgrader's formgrader."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .browser import Browser, browser, installed, until
from .conftest import ANSWERS, DOUBTFUL, GOOD, OTHER, QUESTION, grade, hand_in
from .server import jupyter

pytestmark = pytest.mark.skipif(bool(installed()), reason=installed() or "installed")


@pytest.fixture
def pages(out: Path, tmp_path: Path) -> Iterator[Browser]:
    """A browser, logged in to a server in the results' folder."""
    with jupyter(out, tmp_path / "jupyter.log") as (url, token), browser(tmp_path / "driver.log") as opened:
        opened.open(f"{url}/login?token={token}&next=/formgrader/gradebook/assignment1/two_layer_net")
        opened.find("#main-panel, .container-fluid, table")
        opened.address = url
        yield opened


def submission(pages: Browser, out: Path, student: str) -> None:
    """Open a student's notebook in formgrader, and wait until its scores are there."""
    [[found]] = rows(
        out,
        "select n.id from submitted_notebook n join submitted_assignment s on n.assignment_id = s.id "
        "where s.student_id = ?",
        student,
    )
    pages.open(f"{pages.address}/formgrader/submissions/{found}/")
    pages.find(f"#{QUESTION}-comment[placeholder]")


def rows(out: Path, query: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(out / "gradebook.db")) as db:
        return db.execute(query, values).fetchall()


def entry(out: Path, student: str, grade_id: str) -> tuple[Any, ...]:
    """(auto score, manual score, whether it waits, manual comment) as the gradebook has them."""
    [found] = rows(
        out,
        """
        select g.auto_score, g.manual_score, g.needs_manual_grade, c.manual_comment
        from grade g join base_cell b on g.cell_id = b.id join submitted_notebook n on g.notebook_id = n.id
        join submitted_assignment s on n.assignment_id = s.id
        join comment c on c.notebook_id = n.id
        join base_cell k on c.cell_id = k.id and k.name = b.name
        where s.student_id = ? and b.name = ?
        """,
        student,
        grade_id,
    )
    return tuple(found)


def shown(pages: Browser, css: str, attribute: str) -> Any:
    return pages.run(f"return document.querySelector({css!r}).{attribute}")


def look_at_the_list(pages: Browser) -> None:
    # The page that the guide names lists the assignment, and leads to its notebooks.
    pages.open(f"{pages.address}/formgrader/gradebook")
    until(lambda: "assignment1" in shown(pages, "table", "innerText") or None, "the assignment in the list")
    pages.click("td.name a")
    until(lambda: "two_layer_net" in shown(pages, "table", "innerText") or None, "its notebook")


def look_for_strangers(pages: Browser) -> None:
    # Nothing is loaded from anywhere else, and formulas need no script.
    loaded = pages.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert loaded
    assert [url for url in loaded if not url.startswith(pages.address)] == []
    assert pages.run("return typeof window.MathJax") == "undefined"
    assert pages.run("return document.querySelectorAll('math').length") > 0


def look_at_an_answer(pages: Browser, out: Path) -> None:
    # No points in the score box before a person has read the answer; the rubric below it.
    submission(pages, out, "s002")
    assert shown(pages, f"#{QUESTION}", "classList.contains('needs_manual_grade')")
    assert shown(pages, f"#{QUESTION}-comment", "placeholder") == "Your instructor reads this answer."
    assert "It keeps a small slope for negative inputs" in shown(pages, ".rubric", "innerText")

    # What the student wrote is text, and nothing more.
    assert pages.run("return document.title") == "two_layer_net"
    assert "<script>document.title" in shown(pages, "#notebook-container", "innerText")


def grade_by_hand(pages: Browser, out: Path) -> None:
    # Other points and a comment reach the gradebook.
    pages.type(f"#{QUESTION}", "1.5")
    until(lambda: entry(out, "s002", QUESTION)[1] == 1.5 or None, "the points in the gradebook")
    pages.type(f"#{QUESTION}-comment", "Linear only in part.")
    until(lambda: entry(out, "s002", QUESTION)[3] or None, "the comment in the gradebook")
    assert entry(out, "s002", QUESTION) == (None, 1.5, 0, "Linear only in part.")


def test_a_grader_sees_changes_and_decides(pages: Browser, out: Path, submitted: Path) -> None:
    look_at_the_list(pages)
    # What the rubric decides does not wait; what it does not understand does.
    submission(pages, out, "s001")
    assert shown(pages, f"#{QUESTION}", "placeholder") == "1"
    assert not shown(pages, f"#{QUESTION}", "classList.contains('needs_manual_grade')")
    assert shown(pages, f"#{QUESTION}-comment", "placeholder").startswith("1 of 2 points, by the rubric.")
    assert shown(pages, f"#{OTHER}", "classList.contains('needs_manual_grade')")
    look_at_an_answer(pages, out)
    look_for_strangers(pages)
    grade_by_hand(pages, out)

    # All of it survives a new grading, with nothing changed and with new answers.
    grade(submitted, out)
    assert entry(out, "s002", QUESTION) == (None, 1.5, 0, "Linear only in part.")
    assert entry(out, "s003", QUESTION)[:3] == (None, None, 1)  # nobody has read it
    hand_in(submitted, "s002", {**ANSWERS["s002"], QUESTION: GOOD})
    hand_in(submitted, "s003", {**ANSWERS["s003"], QUESTION: f"{DOUBTFUL} For ReLU it is x < 0."})
    grade(submitted, out)
    assert entry(out, "s002", QUESTION)[1] == 1.5  # until somebody decides anew
    submission(pages, out, "s002")
    until(lambda: shown(pages, f"#{QUESTION}", "value") == "1.5" or None, "the points in the page")
    assert entry(out, "s003", QUESTION)[:3] == (None, None, 1)
