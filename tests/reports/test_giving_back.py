"""Feedback pages as an LMS takes them back, and for a mail merge."""

import csv
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.records import record
from autograder.records.record import Grade, Hashes, Record
from autograder.runs import publish

NAME, NOTEBOOK, ANSWER = "assignment1", "two_layer_net", "inline_two_layer_net_1"
ROSTER = """id,name,email,canvas_id
s1,"Last, One",s1@uni.example,501
s2,Two Last,s2@uni.example,502
s3,"=Three, T",,503
s4,Four Waits,s4@uni.example,504
"""
MOODLE = (
    "One Last_811_assignsubmission_file_/work.zip",
    "Two Last_812_assignsubmission_file_work.zip",
    "T =Three_813_assignsubmission_file_/work.zip",
    "Four Waits_814_assignsubmission_file_/work.zip",
)
CANVAS = ("lastone_501_7001_work.zip", "lastone_501_7009_work-1.zip", "lasttwo_LATE_502_7002_work.zip")


def graded(student: str, state: str = "graded") -> Record:
    grades = {
        "affine_forward": Grade("affine_forward", NOTEBOOK, 0.5, 2.0, "graded"),
        ANSWER: Grade(ANSWER, NOTEBOOK, 1.0, 2.0, state),  # type: ignore[arg-type]
    }
    return Record(student, NAME, "none", Hashes("", "", ""), grades)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for student in ("s1", "s2", "s3"):
        record.save(graded(student), tmp_path / "out/records")
    record.save(graded("s4", "needs_review"), tmp_path / "out/records")
    (tmp_path / "roster.csv").write_text(ROSTER)
    for name, files in (("moodle", MOODLE), ("canvas", CANVAS)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for file in files:
                archive.writestr(file, b"x")
    return tmp_path / "out"


def export(out: Path, format: str, to: str, *more: object) -> int:
    arguments = ["export", NAME, out, "--format", format, "--to", out.parent / to, *more]
    return cli.main([str(a) for a in [*arguments, "--roster", out.parent / "roster.csv"]])


def held(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def owners(path: Path) -> dict[str, str]:
    return {name: re.findall(r"Feedback for ([\w-]+)", page)[0] for name, page in held(path).items()}


def test_moodle_takes_a_page_by_the_number_in_its_name(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = export(out, "moodle-feedback", "m.zip", "--download", out.parent / "moodle.zip")
    assert code == codes.ATTENTION  # s4 waits
    assert owners(out.parent / "m.zip") == {
        f"s{n}_81{n}_assignfeedback_file_/feedback.html": f"s{n}" for n in (1, 2, 3)
    }
    assert "'s4': 1 answer to review" in capsys.readouterr().err
    export(out, "moodle-feedback", "m.zip", "--download", out.parent / "moodle.zip", "--final")
    assert set(owners(out.parent / "m.zip").values()) == {"s1", "s2", "s3", "s4"}


def test_moodles_importer_finds_number_kind_and_name(out: Path) -> None:
    """As mod/assign/feedback/file/importziplib.php takes a path apart: parts, then four pieces of a part."""
    export(out, "moodle-feedback", "m.zip", "--download", out.parent / "moodle.zip")
    for name in held(out.parent / "m.zip"):
        part, file = name.split("/")
        _, number, kind, plugin, rest = part.split("_", 4)
        assert (number[:2], kind, plugin, rest, file) == ("81", "assignfeedback", "file", "", "feedback.html")


def test_canvas_takes_a_page_by_user_and_newest_upload(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = export(out, "canvas-comments", "c.zip", "--download", out.parent / "canvas.zip")
    assert code == codes.ATTENTION
    assert owners(out.parent / "c.zip") == {
        "lastone_501_7009_feedback.html": "s1",
        "lasttwo_502_7002_feedback.html": "s2",
    }
    assert "'s3': not in canvas.zip, so no page" in capsys.readouterr().err


def test_a_line_of_mail_for_who_has_an_address(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(out, "mail", "mail") == codes.ATTENTION
    rows = list(csv.DictReader(io.StringIO((out.parent / "mail/mail.csv").read_text())))
    assert [(r["student_id"], r["email"], r["score"], r["max_score"]) for r in rows] == [
        ("s1", "s1@uni.example", "1.5", "4.0"),
        ("s2", "s2@uni.example", "1.5", "4.0"),
    ]
    assert all((out.parent / "mail" / row["attachment"]).is_file() for row in rows)
    assert "'s3': no address on the roster, or more than one, so no line" in capsys.readouterr().err
    assert "*" in (out.parent / "mail/.gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    "address", ["s1@uni.example\nBcc: x@y", "s1@uni.example,x@y", "S <s1@uni.example>", "@"]
)
def test_what_a_mail_program_would_read_as_more_than_an_address_is_none(
    address: str, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out.parent / "roster.csv").write_text(ROSTER.replace("s1@uni.example", f'"{address}"'))
    export(out, "mail", "mail")
    rows = list(csv.DictReader(io.StringIO((out.parent / "mail/mail.csv").read_text())))
    assert [row["student_id"] for row in rows] == ["s2"]
    assert "'s1': no address on the roster, or more than one, so no line" in capsys.readouterr().err


def test_a_name_is_one_line(out: Path) -> None:
    lines = ROSTER.replace('"Last, One"', '"Last, One\nSubject: other"')
    (out.parent / "roster.csv").write_text(lines)
    export(out, "mail", "mail")
    [row, *_] = csv.DictReader(io.StringIO((out.parent / "mail/mail.csv").read_text()))
    assert (row["last_name"], row["first_name"]) == ("Last", "One Subject: other")


@pytest.mark.parametrize(
    ("format", "download", "message"),
    [
        ("moodle-feedback", "", "moodle-feedback: expected --download FILE, .*, got none"),
        ("canvas-comments", "moodle.zip", "expected what Canvas gives out, got no name of its form"),
        ("moodle-feedback", "canvas.zip", "expected what Moodle gives out, got no name of its form"),
        ("moodle-feedback", "nowhere.zip", "no such folder or zip"),
    ],
)
def test_a_download_that_does_not_fit_is_named(
    format: str, download: str, message: str, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--download", out.parent / download) if download else ()
    assert export(out, format, "x.zip", *more) == codes.USAGE
    assert re.search(message, capsys.readouterr().err)
    assert not (out.parent / "x.zip").exists()


def test_a_group_under_one_number_is_nobodys_page(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ROSTER.replace("canvas_id", "group").replace("501", "Team A").replace("502", "Team A")
    (out.parent / "roster.csv").write_text(lines)
    with zipfile.ZipFile(out.parent / "group.zip", "w") as archive:
        archive.writestr("Team A_900_assignsubmission_file_/work.zip", b"x")
        archive.writestr("T =Three_813_assignsubmission_file_/work.zip", b"x")
    export(out, "moodle-feedback", "g.zip", "--download", out.parent / "group.zip")
    assert set(owners(out.parent / "g.zip").values()) == {"s3"}
    assert "'s1': not in group.zip" in capsys.readouterr().err


def test_without_a_roster_students_are_called_as_collect_calls_them(out: Path) -> None:
    record.save(replace(graded("s1"), student="lastone_501"), out / "records")
    assert publish.LMS == ("moodle-feedback", "canvas-comments")
    arguments = ["export", NAME, out, "--format", "canvas-comments", "--to", out.parent / "c.zip"]
    cli.main([str(a) for a in [*arguments, "--download", out.parent / "canvas.zip"]])
    assert owners(out.parent / "c.zip") == {"lastone_501_7009_feedback.html": "lastone_501"}
