"""`nbgrader export`, typed: no score leaves that is none."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader import api

from autograder.course import assignment as course
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.records.record import Grade, Hashes, Record

NAME, NOTEBOOK, CODE, ANSWER = "assignment1", "two_layer_net", "affine_forward", "inline_two_layer_net_1"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two students; the answer of one needs review."""
    root = tmp_path_factory.mktemp("course")
    text = "from autograder.bridge.nbgrader import configure\n"
    course_root = course.load(NAME).course.root
    (root / "nbgrader_config.py").write_text(f"{text}configure(get_config(), {str(course_root)!r})\n")
    cells = course.load(NAME).grade_cells
    rest = {c.grade_id: Grade(c.grade_id, NOTEBOOK, 0.0, c.points, "graded") for c in cells}
    rest[CODE] = Grade(CODE, NOTEBOOK, 1.5, 2.0, "graded")
    with api.Gradebook(sqlite_url(root / "gradebook.db")) as listed:
        listed.add_student("s009")
    with Gradebook(sqlite_url(root / "gradebook.db"), course.load(NAME)) as book:
        for student, state in (("s001", "graded"), ("=s002", "needs_review")):
            grades = {**rest, ANSWER: Grade(ANSWER, NOTEBOOK, 1.0, 2.0, state)}
            book.write(Record(student, NAME, "none", Hashes("", "", ""), grades))
    return root


def exported(root: Path, *options: str) -> tuple[int, str, dict[str, str]]:
    command = [sys.executable, "-m", "nbgrader", "export", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    with (root / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row["score"] for row in csv.DictReader(file)}
    return done.returncode, done.stderr, rows


def test_a_score_that_needs_review_is_left_blank_and_listed(root: Path) -> None:
    code, said, rows = exported(root)
    assert rows == {"s001": "2.5", "'=s002": "", "s009": "0.0"}
    assert "Left blank, since these need review: '=s002 (assignment1)" in said
    assert code == 1


def test_nobody_has_0_while_a_hand_in_is_nobodys(root: Path) -> None:
    kept = root / f"submitted/.collected/{NAME}/unmatched/somebody-1a2b3c"
    kept.mkdir(parents=True)
    try:
        code, said, rows = exported(root, "--student", "['s001', 's009']")
        final = exported(root, "--student", "['s001', 's009']", "--CsvExport.final=True")
    finally:
        kept.rmdir()
    assert (code, rows) == (1, {"s001": "2.5", "s009": ""})
    assert "s009 (assignment1)" in said
    assert final[::2] == (0, {"s001": "2.5", "s009": "0.0"})
    assert exported(root, "--student", "['s001', 's009']")[::2] == (0, {"s001": "2.5", "s009": "0.0"})


def test_final_counts_what_is_proposed(root: Path) -> None:
    code, _, rows = exported(root, "--CsvExport.final=True")
    assert (code, rows) == (0, {"s001": "2.5", "'=s002": "2.5", "s009": "0.0"})


def test_some_students_and_assignments(root: Path) -> None:
    assert exported(root, "--student", "['s001']")[::2] == (0, {"s001": "2.5"})
    assert exported(root, "--assignment", "['other']")[::2] == (0, {})
