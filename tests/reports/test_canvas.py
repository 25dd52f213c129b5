"""Canvas's gradebook, as it is exported and as it may be uploaded again."""

import csv
import io
from pathlib import Path

import pytest

from autograder.errors import ExportError, RosterError
from autograder.reports.canvas import COLUMNS, canvas_csv
from tests.reports.sample import assignment, graded, record

LESSON = assignment("affine_forward", "inline_1", title="Lesson 1: layers, more")
EXPORT = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Warm (900),"Lesson 1: layers, more (901)",Final
,,,,,Manual Posting,,
    Points Possible,,,,,5,4,(read only)
"O""Neil, Ann",11,u11,ann,"Mon, early",5,,50
"=HYPERLINK(""x""), Bob
Junior",12,u12,bob,Tue,,EX,
"陈, 小明",13,u13,chen,Tue,3,1,
"Gone, Guy",14,u14,guy,Tue,3,2.5,
"Student, Test",99,,deadbeef,Tue,,,
"""


def exported(folder: Path, text: str = EXPORT) -> Path:
    path = folder / "canvas.csv"
    path.write_text(text, encoding="utf-8")
    return path


def of(*students: str) -> list:
    read = graded(1.0, grade_id="inline_1")
    return [record(graded(0.5 * n), read, student=student) for n, student in enumerate(students, 1)]


def filled(path: Path, *students: str) -> tuple[list[list[str]], object]:
    result = canvas_csv(of(*students), LESSON, path)
    return list(csv.reader(io.StringIO(result.text, newline=""), strict=True)), result


def test_the_assignments_column_is_filled_and_nothing_else_uploaded(tmp_path: Path) -> None:
    table, _ = filled(exported(tmp_path), "ann", "bob", "chen")
    assert table == [
        [*COLUMNS, "Lesson 1: layers, more (901)"],
        ["", "", "", "", "", ""],
        ["    Points Possible", "", "", "", "", "4"],
        ['O"Neil, Ann', "11", "u11", "ann", "Mon, early", "1.5"],
        ['\'=HYPERLINK("x"), Bob\nJunior', "12", "u12", "bob", "Tue", "EX"],
        ["陈, 小明", "13", "u13", "chen", "Tue", "2.5"],
        ["Gone, Guy", "14", "u14", "guy", "Tue", "2.5"],
        ["Student, Test", "99", "", "deadbeef", "Tue", ""],
    ]


def test_who_needs_review_is_left_blank(tmp_path: Path) -> None:
    proposal = graded(1.0, grade_id="inline_1", state="needs_review")
    waiting = record(graded(0.5), proposal, student="ann")
    unread = record(graded(None), graded(None, grade_id="inline_1"), student="chen")
    for final, cells in ((False, ["", ""]), (True, ["1.5", "0"])):
        made = canvas_csv([waiting, unread], LESSON, exported(tmp_path), final)
        table = list(csv.reader(io.StringIO(made.text, newline=""), strict=True))
        assert [table[3][-1], table[5][-1]] == cells


def test_who_does_not_match_is_reported(tmp_path: Path) -> None:
    _, result = filled(exported(tmp_path), "ann", "bob", "zoe")
    assert result.matched.strangers == ["zoe"]
    assert [person.id for person in result.matched.missing] == ["chen", "guy"]
    assert result.notes == ["1 excused (EX), left as they are"]


@pytest.mark.parametrize("name", ["11", "u11", "ann", "ANN"])
def test_hand_ins_may_be_named_by_any_of_canvas_ids(tmp_path: Path, name: str) -> None:
    table, result = filled(exported(tmp_path), name)
    assert table[3][-1] == "1.5"
    assert result.matched.strangers == []


def test_the_title_may_be_the_assignments_short_name(tmp_path: Path) -> None:
    table, _ = filled(
        exported(tmp_path, EXPORT.replace('"Lesson 1: layers, more (901)"', "LESSON (12)")), "ann"
    )
    assert table[0][-1] == "LESSON (12)"


def test_semicolons_and_a_missing_row_of_maximal_points(tmp_path: Path) -> None:
    table, _ = filled(
        exported(tmp_path, "Student,ID,SIS Login ID,lesson (5)\nA,1,ann,\n".replace(",", ";")), "ann"
    )
    assert table == [
        ["Student", "ID", "SIS Login ID", "lesson (5)"],
        ["    Points Possible", "", "", "4"],
        ["A", "1", "ann", "1.5"],
    ]


def test_other_maximal_points_in_canvas_are_reported(tmp_path: Path) -> None:
    table, result = filled(exported(tmp_path, EXPORT.replace(",5,4,(read", ",5,10,(read")), "ann")
    assert table[2][-1] == "10"
    assert result.notes == ["Canvas counts 10 points possible, the assignment has 4"]
    table, result = filled(exported(tmp_path, EXPORT.replace(",5,4,(read", ",5,(read only),(read")), "ann")
    assert (table[2][-1], result.notes) == ("(read only)", [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected Canvas's column 'Student', got an empty file"),
        ("Student,SIS Login ID\nA,ann\n", "expected Canvas's column 'ID', got Student, SIS Login ID; export"),
        (
            EXPORT.replace("more (901)", "less (901)"),
            r"expected one column such as .*got 'Warm \(900\)', ",
        ),
        (
            EXPORT.replace("Warm", "Lesson"),
            r"got 'Lesson \(900\)', 'Lesson 1: layers, more \(901\)'; make",
        ),
        ("Student,ID,Notes\nA,1,\n", "got no assignment; make the assignment in Canvas, then export"),
        (
            EXPORT.replace('"陈, 小明"', "陈, 小明"),
            "line 7: expected 8 cells, got 9; export the gradebook again",
        ),
        (
            EXPORT.replace('"Student, Test"', '"Student, Test'),
            "canvas.csv line 9: unexpected end of data; export",
        ),
    ],
)
def test_what_is_no_export_of_canvas_is_reported(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        canvas_csv(of("ann"), LESSON, exported(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_reported(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=r"no\.csv: expected the gradebook as Canvas exports it, got: no such file"
    ):
        canvas_csv([], LESSON, tmp_path / "no.csv")
    (tmp_path / "canvas.csv").write_bytes(b"Student,ID\n\xff\xfe")
    with pytest.raises(ExportError, match="expected the gradebook as Canvas exports it, got: 'utf-8' codec"):
        canvas_csv([], LESSON, tmp_path / "canvas.csv")


def test_a_person_twice_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="the id ann stands twice"):
        canvas_csv(of("ann"), LESSON, exported(tmp_path, EXPORT.replace("u12,bob", "u12,ann")))
