"""Reading by hand and eye, by keys alone: a real browser, a running Jupyter server, the reading room."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api

from autograder.bridge import formgrader
from autograder.gradebook.url import sqlite_url
from tests.formgrader.browser import Browser, browser, installed, until
from tests.formgrader.server import jupyter

from .conftest import NOTEBOOK, OTHER, QUESTION, served_course
from .test_pages import EXTENSION, ROOM, page_of

pytestmark = pytest.mark.skipif(bool(installed()), reason=installed() or "installed")
AXE = Path(os.environ.get("AXE", Path(__file__).parents[2] / ".venv/axe/node_modules/axe-core/axe.min.js"))
PAGES = ("", f"/q/{QUESTION}", "/second", "/objections", "/readers", "/history")


@pytest.fixture(scope="module")
def place(graded_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(graded_class, tmp_path_factory.mktemp("browser") / "out"))


@pytest.fixture(scope="module")
def pages(place: Path) -> Iterator[Browser]:
    """A browser, logged in to the room."""
    formgrader.settings(place, served_course(place.parent / "course"))
    logs = place.parent
    with (
        jupyter(place, logs / "jupyter.log", EXTENSION) as (url, token),
        browser(logs / "driver.log") as opened,
    ):
        opened.open(f"{url}/login?token={token}&next={ROOM}")
        opened.find("#main table")
        opened.address = url
        yield opened


def open_page(pages: Browser, path: str) -> None:
    pages.open(f"{pages.address}{path}")
    pages.find("#main h1")


def text(pages: Browser, css: str) -> str:
    return str(pages.run("return document.querySelector(arguments[0]).innerText", css))


def saved(place: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place / "gradebook.db")) as db:
        wanted = "select student, points, comment, how from autograder_decision order by id"
        return db.execute(wanted).fetchall()


def until_saved(place: Path, count: int) -> list[tuple[Any, ...]]:
    return until(lambda: saved(place) if len(saved(place)) >= count else None, f"{count} lines")


def until_left(pages: Browser, key: str) -> None:
    """Another answer is shown."""
    until(
        lambda: pages.run("return document.readyState === 'complete' && (document.getElementById('desk') || "
                          "{dataset: {}}).dataset.key !== arguments[0]", key) or None,
        "another page",
    )  # fmt: skip


def key_shown(pages: Browser) -> str:
    return str(pages.run("return document.getElementById('desk').dataset.key"))


def test_answers_are_read_by_keys_alone(pages: Browser, place: Path) -> None:
    open_page(pages, page_of("s001"))
    assert text(pages, "#total") == "0.4"  # what the rubric is sure about
    pages.keys("3")
    assert text(pages, "#total") == "0.8"
    assert "ReLU: for which inputs: met. 0.8 of 2 points" in text(pages, "#status")
    pages.keys("3")
    assert text(pages, "#total") == "0.4"
    pages.keys("u")
    assert text(pages, "#total") == "0.8"
    pages.keys("c", "Linear is not flat.", "\ue00c")  # Escape: back to the keys
    shown = key_shown(pages)
    pages.keys("a")
    lines = until_saved(place, 3)
    assert {line[0] for line in lines} == {"s001", "s002", "s003"}
    assert {line[1:] for line in lines} == {(0.8, "Linear is not flat.", "room")}
    until_left(pages, shown)
    assert "0.8 points for 3 answers" in text(pages, "#status")
    pages.keys("u")
    until_saved(place, 6)
    until(lambda: key_shown(pages) == shown or None, "the answer that was decided")
    assert saved(place)[-1][3] == "undo"


def test_undecided_criteria_are_asked_about(pages: Browser, place: Path) -> None:
    open_page(pages, page_of("s004"))
    before, shown = len(saved(place)), key_shown(pages)
    pages.keys("a")
    until(lambda: "Not decided" in text(pages, "#status") or None, "the question")
    assert len(saved(place)) == before
    pages.keys("a")
    assert until_saved(place, before + 1)[-1][:2] == ("s004", 0.4)
    until_left(pages, shown)


def test_next_saves_what_was_changed_for_one_answer(pages: Browser, place: Path) -> None:
    open_page(pages, page_of("s002"))
    before, shown = len(saved(place)), key_shown(pages)
    pages.keys("1", "3", "n")
    assert until_saved(place, before + 1)[-1][:2] == ("s002", 1.8)
    until_left(pages, shown)


def test_two_readers_see_both_decisions(pages: Browser, place: Path) -> None:
    open_page(pages, page_of("s005"))
    with api.Gradebook(sqlite_url(place / "gradebook.db")) as book:
        book.find_grade(QUESTION, NOTEBOOK, "assignment1", "s005").manual_score = 0.25
        book.db.commit()
    before, shown = len(saved(place)), key_shown(pages)
    pages.keys("1", "3", "a")
    pages.find("#conflict[open]")
    both = text(pages, "#both")
    assert "somebody in formgrader: 0.25 points" in both
    assert "You: 1.8 points" in both
    pages.click("#mine")
    assert until_saved(place, before + 1)[-1][:2] == ("s005", 1.8)
    until_left(pages, shown)


def test_a_student_can_run_nothing(pages: Browser) -> None:
    open_page(pages, page_of("s005"))
    assert "document.title='owned'" in text(pages, ".answer")
    assert "owned" not in pages.run("return document.title")
    pages.run("const s = document.createElement('script'); s.textContent = 'window.owned = 1';"
              "document.body.append(s); document.body.insertAdjacentHTML('beforeend', "
              "'<img src=x onerror=\"window.owned = 1\">')")  # fmt: skip
    assert pages.run("return window.owned === undefined")
    loaded = pages.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [url for url in loaded if not url.startswith(pages.address) and not url.startswith("data:")] == []


def test_everything_can_be_reached_by_keyboard(pages: Browser) -> None:
    open_page(pages, page_of("s001", OTHER))
    reached = set()
    for _ in range(60):
        pages.keys("\ue004")
        reached.add(pages.run("const a = document.activeElement; return a.id || a.className || a.tagName"))
    assert {"comment", "points", "apply", "next", "undo", "keep", "skip"} <= reached
    assert any("criterion" in name for name in reached)


CHECK = """
axe.run().then(found => {
  window.found = found.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.target).join(", ")}`);
});
"""
SHOWN = [*(f"{ROOM}{path}" for path in PAGES), page_of("s001"), page_of("s004", OTHER)]


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install --prefix .venv/axe axe-core")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", SHOWN)
def test_axe_finds_nothing(pages: Browser, path: str, theme: str) -> None:
    pages.theme(theme)
    open_page(pages, path)
    assert pages.run("return matchMedia('(prefers-color-scheme: dark)').matches") == (theme == "dark")
    pages.run(AXE.read_text(encoding="utf-8"))
    pages.run(CHECK)
    assert until(lambda: pages.run("return window.found"), "axe") == []
