"""`autograder report` and `autograder export`, from the command line."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from nbgrader import api

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.records import record
from autograder.records.record import CaseResult, Grade, Hashes, Record
from autograder.runs.publish import SHOWN

NAME, NOTEBOOK, ANSWER = "assignment1", "two_layer_net", "inline_two_layer_net_1"
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Assignment 1 (77)
    Points Possible,,,,,25
"Ä, Ann",1,u1,s1,Mon,
"=Bob, B",2,u2,s2,Mon,EX
"Gone, Guy",3,u3,s3,Mon,
"""


def graded(student: str) -> Record:
    failed = CaseResult("affine_forward[a]", "core", 1.0, "failed", "out is wrong", property="value")
    grades = {
        "affine_forward": Grade("affine_forward", NOTEBOOK, 0.5, 2.0, "graded", (failed,)),
        ANSWER: Grade(ANSWER, NOTEBOOK, 1.0, 2.0, "needs_review"),
    }
    return Record(student, NAME, "none", Hashes("", "", ""), grades)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for student in ("s1", "s2"):
        record.save(graded(student), tmp_path / "out/records")
    (tmp_path / "canvas.csv").write_text(CANVAS, encoding="utf-8")
    return tmp_path / "out"


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_report_writes_the_page_and_the_feedback(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", NAME, out, "--roster", out.parent / "canvas.csv") == codes.ATTENTION
    printed = capsys.readouterr()
    assert printed.out == f"2 students: {out}/report.html, {out}/feedback\n"
    assert printed.err.splitlines() == [
        "autograder: 2 hand-ins need review; report.html says what for",
        "autograder: 1 on the roster, but handed in nothing: 's3'",
    ]
    assert "Gone, Guy" in (out / "report.html").read_text(encoding="utf-8")
    assert "Feedback for s1 (Ä, Ann)" in (out / "feedback/s1.html").read_text(encoding="utf-8")
    assert "0.5 of 4 points so far" in (out / "feedback/s1.html").read_text(encoding="utf-8").replace(
        "</strong> <span>", " "
    )
    assert "Ann" in (out / "grades.csv").read_text(encoding="utf-8")


def test_what_a_person_entered_since_is_in_everything(out: Path) -> None:
    url = sqlite_url(out / "gradebook.db")
    with Gradebook(url, course.load(NAME)) as book:
        book.write(graded("s1"))
    with api.Gradebook(url) as book:
        enter = book.find_grade(ANSWER, NOTEBOOK, NAME, "s1")
        enter.manual_score, enter.needs_manual_grade = 1.75, False
        book.db.commit()
    assert run("report", NAME, out) == codes.ATTENTION  # s2's answer
    page = (out / "feedback/s1.html").read_text(encoding="utf-8")
    assert "1.75 of 2" in page
    assert "so far" not in page
    run(
        "export",
        NAME,
        out,
        "--format",
        "canvas",
        "--roster",
        out.parent / "canvas.csv",
        "--to",
        out / "c.csv",
    )
    rows = list(csv.DictReader(io.StringIO((out / "c.csv").read_text(encoding="utf-8"))))
    assert [row["Assignment 1 (77)"] for row in rows] == ["25", "2.25", "EX", ""]
    run("export", NAME, out, "--format", "gradescope", "--to", out / "gs")
    assert json.loads((out / "gs/s1/results.json").read_text(encoding="utf-8"))["score"] == 2.25
    assert json.loads((out / "gs/s2/results.json").read_text(encoding="utf-8"))["score"] == 0.5


@pytest.mark.parametrize("format", ["nbgrader", "cases", "junit"])
def test_files_of_each_format_are_written(out: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", NAME, out, "--format", format, "--to", out / "sub/file") == codes.ATTENTION
    printed = capsys.readouterr()
    assert printed.out == f"2 students, {format}: {out}/sub/file\n"
    assert printed.err.splitlines() == [
        "autograder: 's1': 1 answer to review; left blank",
        "autograder: 's2': 1 answer to review; left blank",
        "autograder: 2 students need review: review them and export again, or say --final",
    ]
    assert run("export", NAME, out, "--format", format, "--final", "--to", out / "sub/file") == codes.DONE
    assert capsys.readouterr().err.splitlines()[-1] == (
        "autograder: --final: what is proposed counts, what is not known counts 0"
    )
    if format == "junit":
        assert len(ET.parse(out / "sub/file").getroot()) == 4
    else:
        rows = list(csv.reader(io.StringIO((out / "sub/file").read_text(encoding="utf-8"))))
        assert len(rows) == {"nbgrader": 3, "cases": 5}[format]


def test_who_is_not_on_the_roster_is_reported_and_needs_review(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(30):
        record.save(graded(f"x{n:02}"), out / "records")
    code = run(
        "export",
        NAME,
        out,
        "--format",
        "nbgrader",
        "--roster",
        out.parent / "canvas.csv",
        "--to",
        out / "n.csv",
    )
    assert code == codes.ATTENTION
    reported = capsys.readouterr().err.splitlines()
    assert reported[SHOWN : SHOWN + 2] == [
        "autograder: and 12 more",
        "autograder: 32 students need review: review them and export again, or say --final",
    ]
    reported = reported[SHOWN + 2 :]
    assert reported[0].startswith("autograder: 30 not on the roster: 'x00', 'x01', ")
    assert reported[0].endswith("'x19' and 10 more")
    assert reported[1] == "autograder: 1 on the roster, but handed in nothing: 's3'"
    assert len((out / "n.csv").read_text(encoding="utf-8").splitlines()) == 1 + 32 + 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["export", NAME, "{out}", "--format", "canvas", "--to", "x"],
            codes.USAGE,
            "expected --roster FILE, the gradebook",
        ),
        (
            ["export", NAME, "{out}", "--format", "nbgrader", "--roster", "{out}/no.csv", "--to", "x"],
            codes.USAGE,
            "no.csv",
        ),
        (
            ["export", "assignment2", "{out}", "--format", "cases", "--to", "x"],
            codes.USAGE,
            "s1.json: a record of assignment1, not of assignment2",
        ),
        (["report", NAME, "{out}/records"], codes.FAILED, "records: no records; run autograder grade first"),
        (
            ["report", "assignment9", "{out}"],
            codes.USAGE,
            "course.toml: assignments: expected one of assignment1, assignment2, got 'assignment9'",
        ),
    ],
)
def test_wrong_use_is_reported(
    out: Path, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(a.format(out=out) for a in arguments)) == code
    assert message in capsys.readouterr().err
    assert not Path("x").exists()


def test_notes_about_canvas_are_printed(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = out.parent / "canvas.csv"
    path.write_text(CANVAS.replace(",25", ",20"), encoding="utf-8")
    arguments = ("export", NAME, out, "--format", "canvas", "--roster", path, "--to", out / "c.csv")
    assert run(*arguments, "--final") == codes.DONE
    assert capsys.readouterr().err.splitlines() == [
        "autograder: Canvas counts 20 points possible, the assignment has 25",
        "autograder: 1 excused (EX), left as they are",
        "autograder: 's1': 1 answer to review",
        "autograder: 's2': 1 answer to review",
        "autograder: --final: what is proposed counts, what is not known counts 0",
        "autograder: 1 on the roster, but handed in nothing: 's3'",
    ]


def test_a_late_record_loses_points_in_every_export(out: Path) -> None:
    """Each format takes the score from one place."""
    late = replace(graded("s1"), handed_in="2099-01-01T00:00:00+00:00")
    record.save(late, out / "records")
    assert course.load(NAME).late.due is None  # the course has no deadline: nothing is taken off
    run("export", NAME, out, "--format", "nbgrader", "--final", "--to", out / "n.csv")
    rows = {
        r["student_id"]: r for r in csv.DictReader(io.StringIO((out / "n.csv").read_text(encoding="utf-8")))
    }
    assert rows["s1"]["timestamp"] == "2099-01-01 00:00:00"
    assert rows["s1"]["score"] == rows["s2"]["score"] == "1.5"
