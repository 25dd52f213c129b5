"""`nbgrader generate_feedback` and `release_feedback` with our page, run as an instructor runs them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader import api
from nbgrader.utils import notebook_hash

from autograder import intake
from autograder.bridge.feedback_exporter import record_of
from autograder.course import assignment as course
from autograder.course.course import find_root
from autograder.files import write_atomically
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.intake import Source
from autograder.judge.digests import hashes
from autograder.records import record
from autograder.records.record import CaseResult, Grade, Hashes, Record

NAME, NOTEBOOK, STUDENT = "assignment1", "two_layer_net", "s001"
CONFIG = f"""
from autograder.bridge.nbgrader import configure
c = get_config()
configure(c, {str(find_root())!r})
c.Exchange.root = "exchange"
c.CourseDirectory.course_id = "c101"
"""
ANSWER = "inline_two_layer_net_1"


def graded() -> Record:
    failed = CaseResult(
        "affine_forward[a]", "core", 1.0, "failed", "out is wrong", property="value", called="f(array (2,))"
    )
    grades = {
        "affine_forward": Grade("affine_forward", NOTEBOOK, 0.5, 2.0, "graded", (failed,)),
        ANSWER: Grade(ANSWER, NOTEBOOK, 1.0, 2.0, "needs_review", comment="Read by a person."),
        "svm_loss": Grade("svm_loss", NOTEBOOK, None, 3.0, "error", internal="SECRET"),
    }
    return Record(
        STUDENT, NAME, "none", Hashes("", "", ""), grades, answers={ANSWER: "1 & 2 <script>SAID</script>"}
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in nbgrader's folders, after autograding and after a person has read the answer."""
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_text(CONFIG)
    (root / "exchange").mkdir(mode=0o777)
    (root / "exchange").chmod(0o777)
    folder = root / "autograded" / STUDENT / NAME
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-02-03 11:00:00 UTC")
    (folder / "submission_secret.txt").write_text("0123456789")
    shown = new_output("display_data", {"text/html": "<script>OUTPUT</script>", "text/plain": "OUTPUT"})
    cells = [new_code_cell("assert HIDDEN_TEST", outputs=[shown])]
    nbformat.write(new_notebook(cells=cells), folder / f"{NOTEBOOK}.ipynb")
    record.save(graded(), root / "records")
    with Gradebook(sqlite_url(root / "gradebook.db"), course.load(NAME)) as book:
        book.write(graded())
    with api.Gradebook(sqlite_url(root / "gradebook.db")) as book:
        enter = book.find_grade(ANSWER, NOTEBOOK, NAME, STUDENT)
        enter.manual_score, enter.needs_manual_grade = 1.5, False
        book.find_comment(ANSWER, NOTEBOOK, NAME, STUDENT).manual_comment = "Nearly & <b>well</b> said."
        book.db.commit()
    return root


def nbgrader(root: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_generated_and_released_feedback_is_our_page(root: Path) -> None:
    nbgrader(root, "generate_feedback", NAME)
    page = (root / "feedback" / STUDENT / NAME / f"{NOTEBOOK}.html").read_text(encoding="utf-8")
    for words in ("out is wrong", "f(array (2,))", "1.5 of 2", "Nearly &amp; <b>well</b> said."):
        assert words in page
    for hidden in ("OUTPUT", "HIDDEN_TEST", "SECRET", "<script"):
        assert hidden not in page
    nbgrader(root, "release_feedback", NAME)
    name = notebook_hash(secret="0123456789", notebook_id=NOTEBOOK)
    assert (root / f"exchange/c101/feedback/{name}.html").read_text(encoding="utf-8") == page


# --- which record -------------------------------------------------------------------------------


def handed_in(root: Path) -> Source:
    folder = root / "submitted" / STUDENT / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NOTEBOOK}.ipynb").write_text(json.dumps({"cells": []}))
    return Source(STUDENT, folder)


def test_a_record_beside_the_gradebook_is_taken(tmp_path: Path) -> None:
    assignment, source = course.load(NAME), handed_in(tmp_path)
    now = hashes(assignment, intake.read(source, assignment))
    mine = replace(graded(), hashes=replace(now, graders="older"))
    url = sqlite_url(tmp_path / "gradebook.db")
    for folder in (tmp_path / "records" / NAME, tmp_path / "records"):
        path = record.save(mine, folder)
        assert record_of(assignment, source, url) == mine
        path.unlink()


@pytest.mark.parametrize("kept", ["none", "of another hand-in", "of another assignment", "unreadable"])
def test_a_record_is_made_again_where_none_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    assignment, source = course.load(NAME), handed_in(tmp_path)
    now = hashes(assignment, intake.read(source, assignment))
    if kept == "of another assignment":
        record.save(replace(graded(), hashes=now, assignment="assignment2"), tmp_path / "records")
    elif kept == "of another hand-in":
        record.save(replace(graded(), hashes=replace(now, submission="other")), tmp_path / "records")
    elif kept == "unreadable":
        write_atomically(tmp_path / "records" / f"{STUDENT}.json", "{")
    made = replace(graded(), hashes=now, seconds=7.0)
    monkeypatch.setattr("autograder.bridge.feedback_exporter.grade_once", lambda *_: made)
    assert record_of(assignment, source, sqlite_url(tmp_path / "gradebook.db")) is made
    assert record_of(assignment, source, "postgresql://grader@db/course") is made


def test_without_hand_in_and_record_it_is_reported(tmp_path: Path) -> None:
    source = Source(STUDENT, tmp_path / "submitted")
    with pytest.raises(FileNotFoundError, match=r"submitted: no hand-in, .* no record of s001; grade first"):
        record_of(course.load(NAME), source, sqlite_url(tmp_path / "gradebook.db"))
    record.save(graded(), tmp_path / "records")
    assert record_of(course.load(NAME), source, sqlite_url(tmp_path / "gradebook.db")) == graded()
