"""Objections: from a CSV or a typed line to a list, and the reply to the student's page."""

import dataclasses
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, GradebookError, ReviewError
from autograder.gradebook import objections
from autograder.gradebook.objections import Typed, by_student, from_csv
from autograder.gradebook.url import sqlite_url
from autograder.reading import views
from autograder.reading.room import Room
from autograder.records import record as records
from autograder.records.objection import Objection
from autograder.reports import feedback

from .conftest import QUESTION

CSV = (
    f"Student,grade_id,when,text\ns001,{QUESTION},now,I <b>did</b> say why.\n"
    ',,,\ns002,,now,"Late, by a minute."\n'
)


def test_a_csv_is_read() -> None:
    assert from_csv("\ufeff" + CSV) == [
        Typed("s001", QUESTION, "I <b>did</b> say why."),
        Typed("s002", "", "Late, by a minute."),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns student, grade_id, text, with commas between them, got none; add student"),
        ("student;grade_id;text\n", "with commas between them, got student;grade_id;text; add student"),
        (
            "student,grade_id,text\ns001,," + "x" * 200_000,
            "got what is none after line 1: field larger",
        ),
        ("student,text\n", "got student, text; add grade_id"),
        ("student,grade_id,text\n,,Why?\n", "objections:2: expected a student, got an empty cell"),
        ("student,grade_id,text\ns001,,\n", "objections:2: expected a text, got an empty cell"),
    ],
)
def test_what_is_no_list_is_said(text: str, message: str) -> None:
    with pytest.raises(ReviewError, match=message):
        from_csv(text)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (Typed("s999", "", "No."), "no student 's999' has been graded"),
        (Typed("s001", "nothing", "No."), "objection of s001: no cell 'nothing'"),
        (Typed("s001", "", "x" * 5001), "expected 1 to 5000 characters, got 5001"),
    ],
)
def test_what_does_not_fit_is_refused(room: Room, typed: Typed, message: str) -> None:
    good = Typed("s001", QUESTION, "Why?")
    with room.session() as db:
        with pytest.raises(ReviewError, match=message):
            objections.add(db, "assignment1", [good, typed], room.classroom.students, [QUESTION])
        assert objections.every_objection(db, "assignment1") == []


def test_the_terminal_puts_a_csv_on_the_list(
    room: Room, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "objections.csv"
    file.write_text(CSV, encoding="utf-8")
    command = ["review", "assignment1", "--out", str(out), "--objections", str(file)]
    assert cli.main(command) == codes.ATTENTION
    assert "2 new on the list, of 2" in capsys.readouterr().out
    assert cli.main(command) == codes.DONE
    assert "0 new on the list, of 2" in capsys.readouterr().out
    file.write_bytes(b"\xff")
    assert cli.main(command) == codes.USAGE
    assert "expected a CSV in UTF-8" in capsys.readouterr().err


def test_an_entry_has_the_answer_and_the_record(room: Room) -> None:
    with room.session() as db:
        objections.add(db, "assignment1", from_csv(CSV), room.classroom.students, [QUESTION])
        first, second = objections.every_objection(db, "assignment1")
        shown = views.objection(room, db, first, False)
        assert "sigmoid saturates" in shown["answer"]
        assert (shown["points"], shown["most"], bool(shown["key"])) == (0.4, 2.0, True)
        assert {case.outcome for case in shown["cases"]} == {"failed", "skipped"}
        assert views.objection(room, db, second, False)["question"] == "the whole assignment"


def test_replies_are_not_overwritten_silently(room: Room) -> None:
    with room.session() as db:
        objections.add(db, "assignment1", [Typed("s001", QUESTION, "Why?")], ["s001"], [QUESTION])
        [one] = objections.every_objection(db, "assignment1")
        assert objections.reply(db, "assignment1", one.id, "Because.", "reader one", one.replied) is None
        other = objections.reply(db, "assignment1", one.id, "No.", "reader two", one.replied)
        assert other is not None
        assert (other.reply, other.who) == ("Because.", "reader one")
        assert objections.reply(db, "assignment1", one.id, "No.", "reader two", other.replied) is None
        with pytest.raises(ReviewError, match="there is no objection 999"):
            objections.reply(db, "assignment1", 999, "No.", "reader two", "")
        with pytest.raises(ReviewError, match="reply: expected 1 to 5000 characters, got 0"):
            objections.reply(db, "assignment1", one.id, " ", "reader two", "")


def test_the_reply_appears_on_the_students_page(room: Room, out: Path) -> None:
    with room.session() as db:
        objections.add(db, "assignment1", from_csv(CSV), room.classroom.students, [QUESTION])
        first, _ = objections.every_objection(db, "assignment1")
        objections.reply(db, "assignment1", first.id, "You **did**: points added.", "reader one", "")
    cli.main(["report", "assignment1", str(out)])
    page = (out / "feedback/s001.html").read_text(encoding="utf-8")
    assert "I <b>did</b> say why." in page
    assert "You <strong>did</strong>: points added." in page
    assert "reader one" not in page
    other = (out / "feedback/s002.html").read_text(encoding="utf-8")
    assert "Late, by a minute." in other
    assert "There is no reply yet." in other
    assert (
        "objection" not in (out / "feedback/s003.html").read_text(encoding="utf-8").partition("</style>")[2]
    )


def test_the_page_says_how_to_object(out: Path, assignment: Assignment) -> None:
    one = records.load(out / "records/s001.json")
    saying = dataclasses.replace(assignment.course, objections="Write **within a week**. <script>")
    page = feedback.render(one, dataclasses.replace(assignment, course=saying))
    assert "If you do not agree" in page
    assert "Write <strong>within a week</strong>. &lt;script&gt;" in page
    silent = dataclasses.replace(assignment.course, objections="")
    assert "If you do not agree" not in feedback.render(one, dataclasses.replace(assignment, course=silent))
    hostile = [Objection(1, "", "s001", QUESTION, "<img src=x onerror=alert(1)>", "", "", "")]
    assert "<img" not in feedback.render(one, assignment, objections=hostile)


def test_the_setting_is_a_text(tmp_path: Path) -> None:
    settings = 'title = "T"\npackage = "p"\nassignments = ["a"]\nobjections = 3\n'
    (tmp_path / "course.toml").write_text(settings)
    (tmp_path / "source/a").mkdir(parents=True)
    (tmp_path / "source/a/assignment.toml").write_text("")
    with pytest.raises(CourseError, match="objections: expected a text that is not empty, got"):
        course.names(tmp_path)


def test_a_gradebook_without_the_table_has_none(tmp_path: Path) -> None:
    assert by_student(sqlite_url(tmp_path / "new.db"), "assignment1") == {}
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(GradebookError, match="expected a file, got a folder"):
        by_student(sqlite_url(tmp_path / "folder.db"), "assignment1")
