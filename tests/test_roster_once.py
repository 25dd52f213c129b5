"""A roster that course.toml names is read by every verb: nobody is asked for it twice."""

import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader import api

from autograder.gradebook.url import sqlite_url
from tests.once import once
from tests.small_kit import COURSE, NAME, ROOT, Kit

ROSTER = "id,name,email,section\ns000,Zero Zed,zero@uni.example,1\ns001,One Ott,,2\ns009,Nine Nox,,2\n"


def make(folder: Path) -> None:
    kit = Kit(folder / "kit")
    (kit.home / "course.toml").write_text(COURSE + 'roster = "roster.csv"\n')
    (kit.home / "roster.csv").write_text(ROSTER)
    kit.hand_in_many(3)
    done = kit.grade(folder / "out", "--jobs", "1")
    (folder / "printed").write_text(f"{done.returncode}\n{done.stdout}\n{done.stderr}")


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "roster-once", make)


@pytest.mark.long
def test_grade_names_everybody_and_says_who_is_missing(graded: Path) -> None:
    printed = (graded / "printed").read_text()
    assert printed.startswith("1\n")
    assert "Zed, Zero" in printed
    assert "1 not on the roster: 's002'" in printed
    assert "1 on the roster, but handed in nothing: 's009'" in printed
    assert "Nox, Nine; section 2" in (graded / "out/report.html").read_text()
    assert "s000 (Zed, Zero)" in (graded / "out/feedback/s000.html").read_text()
    assert "s009,Nox,Nine" in (graded / "out/grades.csv").read_text()
    with api.Gradebook(sqlite_url(graded / "out/gradebook.db")) as book:
        assert book.find_student("s000").last_name == "Zed"


@pytest.mark.long
def test_review_says_whose_answers_it_shows(graded: Path) -> None:
    command = [sys.executable, "-P", "-m", "autograder", "review", NAME, "--out", str(graded / "out")]
    kit = graded / "kit"
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    shown = subprocess.run(command, cwd=kit, env=environment, capture_output=True, text=True, check=False)
    assert "s000 (Zed, Zero)" in shown.stdout, shown.stderr
