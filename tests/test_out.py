"""The folder of results: one assignment, the whole class, nobody lost or back who left, nothing in git."""

import csv
import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.course.policy import Late
from autograder.errors import FolderError
from autograder.files import write_atomically
from autograder.gradebook.book import Gradebook
from autograder.gradebook.graded import Graded
from autograder.gradebook.url import sqlite_url
from autograder.records import record
from autograder.records.record import Grade, Hashes, Record
from autograder.records.store import Store
from autograder.reports.score import needed
from autograder.runs import publish
from autograder.runs.grade import GradedLine
from tests.formgrader.conftest import hand_in
from tests.reports.sample import Tags

NAME, NOTEBOOK, CODE, ANSWER = "assignment1", "two_layer_net", "affine_forward", "inline_two_layer_net_1"
ANSWERS = {ANSWER: "1 and 3.", "inline_two_layer_net_2": "1 and 3."}


@pytest.fixture(scope="module")
def graded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for student in ("s001", "s002", "s003"):
        hand_in(folder / "submitted", student, ANSWERS)
    grade(folder)
    return folder


def grade(folder: Path, *options: str, submitted: str = "submitted") -> int:
    arguments = ["grade", NAME, str(folder / submitted), "--out", str(folder / "out"), "--jobs", "1"]
    return cli.main([*arguments, *options])


@pytest.fixture
def folder(graded_once: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", f"{graded_once}/.", str(tmp_path)], check=True)
    return tmp_path


def students(folder: Path) -> list[str]:
    with (folder / "out/grades.csv").open(encoding="utf-8") as file:
        return [row["student_id"] for row in csv.DictReader(file)]


def reported(folder: Path) -> list[str]:
    report = (folder / "out/report.html").read_text(encoding="utf-8")
    heat = report[report.index('id="heat-table"') :]
    return [s for s in ("s001", "s002", "s003") if f">{s}<" in heat]


# --- one folder, one assignment -----------------------------------------------------------------


def test_another_assignment_is_refused_and_nothing_of_the_first_changes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    other = folder / "others/s001/assignment2"
    other.mkdir(parents=True)
    (other / "Dropout.ipynb").write_text("{}", encoding="utf-8")
    arguments = ["grade", "assignment2", str(folder / "others"), "--out", str(folder / "out")]
    assert cli.main(arguments) == codes.USAGE
    assert "holds the results of assignment1; give assignment2 a folder of its own" in capsys.readouterr().err
    assert cli.main([*arguments, "--dry-run"]) == codes.USAGE
    assert {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("verb", ["similarity", "report", "export", "review"])
def test_so_does_every_verb_that_takes_the_folder(
    folder: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(folder / "out")
    arguments = {
        "similarity": ["assignment2", str(folder / "submitted"), "--out", out],
        "report": ["assignment2", out],
        "export": ["assignment2", out, "--format", "cases", "--to", str(folder / "x")],
        "review": ["assignment2", "--out", out],
    }
    assert cli.main([verb, *arguments[verb]]) == codes.USAGE
    assert "assignment1" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["records", "pending", "withdrawn"])
def test_wherever_the_other_ones_record_lies(tmp_path: Path, place: str) -> None:
    record.save(Record("s001", "other", "none", Hashes("", "", ""), {}), tmp_path / place)
    with pytest.raises(FolderError, match=f"{tmp_path}: holds the results of other; give {NAME} a folder of"):
        Store(tmp_path).refuse_other(NAME)
    Store(tmp_path).refuse_other("other")


def test_a_record_that_cannot_be_read_says_nothing_of_the_assignment(tmp_path: Path) -> None:
    write_atomically(tmp_path / "records/s000.json", "{")
    Store(tmp_path).refuse_other(NAME)


# --- a part of the class ------------------------------------------------------------------------


def test_one_student_is_graded_and_nobody_is_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(folder / "submitted", "s002", {ANSWER: "3.", "inline_two_layer_net_2": "2."})
    hand_in(folder / "submitted", "s003", {ANSWER: "3.", "inline_two_layer_net_2": "2."})
    before = record.load(folder / "out/records/s003.json")
    grade(folder, "--student", "s002", "--json")
    said = json.loads(capsys.readouterr().out)
    assert [line["student"] for line in said["students"]] == ["s002"]
    assert (said["graded_first"], said["graded_again"]) == (0, 1)
    assert record.load(folder / "out/records/s003.json") == before
    assert students(folder) == reported(folder) == ["s001", "s002", "s003"]


def test_a_folder_with_a_part_of_the_class_loses_nobody(folder: Path) -> None:
    hand_in(folder / "late", "s003", {ANSWER: "2.", "inline_two_layer_net_2": "2."})
    grade(folder, submitted="late")
    assert students(folder) == reported(folder) == ["s001", "s002", "s003"]


def test_a_student_without_a_hand_in_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade(folder, "--student", "s009") == codes.USAGE
    assert "--student s009: expected one of the 3 students with a hand-in there" in capsys.readouterr().err


# --- who withdrew -------------------------------------------------------------------------------


def test_who_withdrew_stays_out_until_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grade(folder, "--formgrader", "--withdrawn", "s002")
    assert students(folder) == reported(folder) == ["s001", "s003"]
    assert "left out, having withdrawn: s002" in capsys.readouterr().out
    for gone in ("records/s002.json", "feedback/s002.html", "autograded/s002"):
        assert not (folder / "out" / gone).exists()
    grade(folder)
    assert students(folder) == ["s001", "s003"]
    assert cli.main(["report", NAME, str(folder / "out")]) == codes.DONE
    assert students(folder) == ["s001", "s003"]
    grade(folder, "--student", "s002")
    assert students(folder) == reported(folder) == ["s001", "s002", "s003"]


def test_a_dry_run_withdraws_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grade(folder, "--withdrawn", "s002", "--dry-run", "--json")
    assert [line["student"] for line in json.loads(capsys.readouterr().out)["students"]] == ["s001", "s003"]
    assert (folder / "out/records/s002.json").is_file()


def test_nobody_to_withdraw_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade(folder, "--withdrawn", "s009") == codes.USAGE
    assert "no record of 's009' to withdraw; correct the id" in capsys.readouterr().err


# --- git ----------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[1]


def test_git_shows_nothing_of_the_results(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    done = subprocess.run(
        ["git", "-C", str(folder), "status", "--porcelain", "--", "out"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""


@pytest.mark.parametrize(
    "path",
    [
        "submitted/s001/x.ipynb",
        "graded/records/s001.json",
        "build/assignment1/report.html",
        "demo/submitted/s001.zip",
        "autograded/s001/assignment1/x.ipynb",
        "feedback/s001/assignment1/x.html",
        "downloaded/assignment1/archive/x.zip",
        "inbound/x.zip",
        "gradebook.db",
        "gradebook.db-journal",
        "roster.csv",
        "canvas.csv",
        "times.csv",
        "grades.csv",
        "submissions.zip",
    ],
)
def test_git_ignores_where_the_guide_writes(path: str) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), "check-ignore", "-q", path])
    assert done.returncode == 0, f"{path} shows in git status"


# --- exit codes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 0), (2, 2), (3, 2)])
def test_make_grade_ends_well_where_people_are_needed(tmp_path: Path, code: int, ends: int) -> None:
    """make itself ends with 2 where a command failed."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    command = ["make", "-s", "-C", str(ROOT), "-o", "setup", "grade", f"RUN={program}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == ends
    assert ("people are needed" in done.stdout) == (code == 1)


@pytest.mark.parametrize("verb", [[], ["grade"], ["export"]])
def test_help_says_what_the_codes_mean(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([*verb, "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "exit code 0: done; 1: done, and people are needed; 2: used wrongly" in words
    assert "3: could not run" in words


# --- the same numbers everywhere ----------------------------------------------------------------


def late_and_waiting() -> Record:
    """Handed in late, with a proposal that nobody has confirmed."""
    grades = {
        CODE: Grade(CODE, NOTEBOOK, 2.0, 2.0, "graded"),
        ANSWER: Grade(ANSWER, NOTEBOOK, 1.0, 2.0, "needs_review"),
    }
    return Record("s001", NAME, "none", Hashes("", "", ""), grades, handed_in="2026-02-02T12:00:00+00:00")


def test_table_csv_report_and_gradebook_agree(tmp_path: Path) -> None:
    due = datetime(2026, 2, 1, 13, tzinfo=UTC)
    assignment = replace(course.load(NAME), late=Late(due, penalty_per_day=0.1))
    url = sqlite_url(tmp_path / "gradebook.db")
    one = late_and_waiting()
    record.save(one, tmp_path / "records")
    with Gradebook(url, assignment) as book:
        book.catch_up([one])
    with api.Gradebook(url) as book:
        book.find_grade(ANSWER, NOTEBOOK, NAME, "s001").extra_credit = 0.5
        book.db.commit()
    with Gradebook(url, assignment) as book:
        book.catch_up([one])
    with api.Gradebook(url) as book:
        submission = book.find_submission(NAME, "s001")
        wanted = (submission.score, submission.late_submission_penalty)
    assert wanted == (3.5, 0.35)
    graded = Graded(assignment, tmp_path, url)
    written = publish.write_pages(graded)
    assert {student: needed(one) for student, one in written.items()} == {"s001": "1 answer to review"}
    [decided] = graded.records()
    line = GradedLine.of(decided, assignment)
    assert (line.points, line.penalty, line.proposed, line.needed) == (3.15, 0.35, 1.5, "1 answer to review")
    [row] = rows(tmp_path / "grades.csv")
    assert (row["score"], row["score_so_far"]) == ("", "3.15")
    assert "<td>3.15<td" in (tmp_path / "report.html").read_text(encoding="utf-8")
    publish.export(graded, "nbgrader", None, tmp_path / "final.csv", final=True)
    [row] = rows(tmp_path / "final.csv")
    assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("3.5", "0.35", "3.15")
    page = (tmp_path / "feedback/s001.html").read_text(encoding="utf-8")
    assert "2 − 0.2 = 1.8 points count so far." in Tags(page).text  # a student sees no proposal


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
