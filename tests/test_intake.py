import io
import json
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.policy import Intake
from autograder.errors import IntakeError
from autograder.intake import Source, archives
from autograder.intake.facts import Facts
from autograder.intake.written import WrittenAnswers
from autograder.notebook import GradeCell, Notebook

LABELS = ("inline_two_layer_net_1", "inline_Dropout_1")
EMPTY = [
    {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": label}}, "source": ""} for label in LABELS
]
NOTEBOOK = json.dumps({"cells": EMPTY, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
LAYERS = (course.load("assignment1").release_folder / "cs_lib/layers.py").read_bytes() + b"x = 1\n"
FILES = {
    "cs_lib/layers.py": LAYERS,
    "cs_lib/classifiers/fc_net.py": b"y = 2\n",
    "two_layer_net.ipynb": NOTEBOOK,
    "results/two_layer_net.npz": b"weights",
}


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read_only_student(folder: Path, assignment: Assignment) -> intake.Submission:
    [source] = intake.find(folder, assignment)
    return intake.read(source, assignment)


LAYOUTS = {
    "student/assignment": lambda top: put(top / "s001/assignment1", FILES),
    "student": lambda top: put(top / "s001", FILES),
    "zip of the student": lambda top: put(top, {"s001.zip": zipped(FILES)}),
    "zip in the student's folder": lambda top: put(top / "s001", {"hand in.zip": zipped(FILES)}),
    "zip in the assignment's folder": lambda top: put(top / "s001/assignment1", {"a.zip": zipped(FILES)}),
    "one folder too many": lambda top: put(top / "s001", {f"work/{n}": d for n, d in FILES.items()}),
    "zip with one folder too many": lambda top: put(
        top, {"s001.zip": zipped({f"work/{n}": d for n, d in FILES.items()})}
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_wrapping_gives_the_same_submission(
    layout: str, tmp_path: Path, assignment: Assignment
) -> None:
    LAYOUTS[layout](tmp_path)
    submission = read_only_student(tmp_path, assignment)
    assert submission.student == "s001"
    assert submission.package == {n: d for n, d in FILES.items() if n.startswith("cs_lib")}
    assert submission.notebooks == {"two_layer_net": NOTEBOOK}
    assert submission.results == {"results/two_layer_net.npz": b"weights"}
    assert submission.problems == ()
    assert submission.unreadable == ""


def test_what_editors_and_jupyter_leave_is_passed_over(tmp_path: Path, assignment: Assignment) -> None:
    litter = {
        ".ipynb_checkpoints/two_layer_net.ipynb": b"old",
        "__MACOSX/cs_lib/layers.py": b"old",
        "cs_lib/__pycache__/layers.py": b"old",
        "datasets/huge.npz": b"data",
        "cs_lib/notes.npy": b"numbers",
    }
    put(tmp_path / "s001", {**FILES, **litter})
    submission = read_only_student(tmp_path, assignment)
    assert submission.problems == ("not used: cs_lib/notes.npy",)
    assert set(submission.package) == {"cs_lib/layers.py", "cs_lib/classifiers/fc_net.py"}


def test_missing_parts_are_reported(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001", {"readme.py": b""})
    submission = read_only_student(tmp_path, assignment)
    assert submission.package == {}
    assert any("no cs_lib/ folder" in p for p in submission.problems)
    assert any("two_layer_net.ipynb is missing" in p for p in submission.problems)


def test_two_of_the_same_are_reported(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001", {**FILES, "old/cs_lib/layers.py": b"old", "old/sub/two_layer_net.ipynb": b"old"})
    submission = read_only_student(tmp_path, assignment)
    assert submission.package["cs_lib/layers.py"] == LAYERS
    took = "differs from {0}; took {0}, and a person is asked"
    assert submission.problems == (
        "old/cs_lib/layers.py " + took.format("cs_lib/layers.py"),
        "old/sub/two_layer_net.ipynb " + took.format("two_layer_net.ipynb"),
    )
    assert submission.doubts["affine_forward"].startswith("two versions of cs_lib/layers.py were handed in")


def test_the_digest_follows_what_counts(tmp_path: Path, assignment: Assignment) -> None:
    base = intake.arrange("s001", FILES, assignment)
    assert intake.arrange("s002", FILES, assignment).digest() == base.digest()
    reported = intake.arrange("s002", {**FILES, "notes.py": b"hello"}, assignment)  # named, so in the record
    assert reported.digest() != base.digest()
    for name in FILES:
        changed = intake.arrange("s001", {**FILES, name: FILES[name] + b" "}, assignment)
        assert changed.digest() != base.digest(), name


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped(FILES)[:200], "not a readable zip"),
        (b"", "not a readable zip"),
        (zipped({"../evil.py": b""}), "points outside the zip"),
        (zipped({"/etc/evil.py": b""}), "points outside the zip"),
        (zipped({"..\\evil.py": b""}), "points outside the zip"),
    ],
)
def test_a_bad_zip_is_reported_and_not_read(
    data: bytes, reason: str, tmp_path: Path, assignment: Assignment
) -> None:
    put(tmp_path, {"s001.zip": data})
    submission = read_only_student(tmp_path, assignment)
    assert reason in submission.unreadable
    assert submission.package == {}


def test_a_damaged_entry_is_reported(tmp_path: Path, assignment: Assignment) -> None:
    data = bytearray(zipped({"cs_lib/layers.py": os.urandom(4000)}))
    data[1000:1010] = b"0123456789"
    put(tmp_path, {"s001.zip": bytes(data)})
    assert "not a readable zip" in read_only_student(tmp_path, assignment).unreadable


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path, assignment: Assignment) -> None:
    link = zipfile.ZipInfo("cs_lib/layers.py")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "s001.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "symbolic link" in read_only_student(tmp_path, assignment).unreadable


def test_links_in_a_folder_are_not_followed(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "secret", {"layers.py": b"secret"})
    put(tmp_path / "class/s001", FILES)
    (tmp_path / "class/s001/cs_lib/stolen.py").symlink_to(tmp_path / "secret/layers.py")
    submission = read_only_student(tmp_path / "class", assignment)
    assert b"secret" not in submission.package.values()


def test_a_zip_bomb_stops_at_the_cap(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1000)
    put(tmp_path, {"s001.zip": zipped({"cs_lib/layers.py": b"0" * 100_000})})
    assert "unpacks to more than" in read_only_student(tmp_path, assignment).unreadable


def test_many_bytes_stop_at_the_cap(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "s001", FILES)
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 10)
    assert "larger than" in read_only_student(tmp_path, assignment).unreadable


CROWDS = {
    "a library": {f"lib/deep/f{i}.py": b"x = 1" for i in range(30)},
    "pictures": {f"plots/f{i}.png": b"\x89PNG" for i in range(30)},
    "a zip of pictures": {"plots.zip": zipped({f"f{i}.png": b"\x89PNG" for i in range(30)})},
}


@pytest.mark.parametrize("case", CROWDS)
@pytest.mark.parametrize("entries", [20, 100])
def test_a_crowd_costs_no_work_its_place(
    case: str, entries: int, tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("MAX_FILES", 10), ("MAX_ENTRIES", entries)):
        monkeypatch.setattr(archives, name, most)
    monkeypatch.setattr(archives, "CROWD", 9)
    put(tmp_path / "s001", {**FILES, **CROWDS[case]})
    submission = read_only_student(tmp_path, assignment)
    if case.startswith("a zip") and entries == 20:
        assert any("plots.zip" in problem for problem in submission.problems)
    else:
        assert any("are not looked at" in problem for problem in submission.problems)
    assert submission.package == {n: d for n, d in FILES.items() if n.startswith("cs_lib")}
    assert submission.notebooks == {"two_layer_net": NOTEBOOK}
    assert submission.results == {"results/two_layer_net.npz": b"weights"}
    assert {"affine_forward", "inline_two_layer_net_1"} <= set(submission.doubts)  # not worked on, so asked


def test_a_crowd_in_the_place_of_the_work_is_no_settled_zero(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 20)
    put(
        tmp_path / "s001", {f"{i:02}.txt": b"x" for i in range(30)} | {f"hw/{n}": d for n, d in FILES.items()}
    )
    assert {"affine_forward", "inline_two_layer_net_1"} <= set(read_only_student(tmp_path, assignment).doubts)


def test_one_students_crowd_is_collected(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "CROWD", 9)
    monkeypatch.setattr(archives, "MAX_ENTRIES", 20)
    put(tmp_path / "class/s001", {**FILES, **{f"env2/f{i}.txt": b"x" for i in range(40)}})
    put(tmp_path / "class/s002", FILES)
    report = intake.Collector(assignment, tmp_path / "to").collect([tmp_path / "class"])
    assert report.written == ["s001", "s002"]
    assert (
        "s001",
        "23 files more than are looked at are not kept; hand in your own work only",
    ) in report.unusual
    for source in intake.find(tmp_path / "to", assignment):
        submission = intake.read(source, assignment)
        assert submission.package == {n: d for n, d in FILES.items() if n.startswith("cs_lib")}
        assert any("not looked at" in p for p in submission.problems) == (source.student == "s001")


def test_a_large_file_in_a_folder_is_reported(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 3)
    put(tmp_path / "s001", FILES)
    assert "larger than" in read_only_student(tmp_path, assignment).unreadable


def test_the_courses_roster_knows_extensions_that_came_later(tmp_path: Path, assignment: Assignment) -> None:
    (tmp_path / "roster.csv").write_text("id,extension_days assignment1\ns001,2\ns002,\ns003,0\n")
    listed = replace(assignment, course=replace(assignment.course, roster=tmp_path / "roster.csv"))
    for student in ("s001", "s002", "s003"):
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "two_layer_net.ipynb").write_bytes(NOTEBOOK)
    collected = Facts(extension_days=5.0)
    found = [replace(s, facts=collected, folder=None) for s in intake.find(tmp_path / "class", listed)]
    assert [intake.read(source, listed).extension_days for source in found] == [2.0, 5.0, 0.0]
    one = intake.source_of(tmp_path / "class", "s001", tmp_path / "class/s001", listed)
    assert intake.read(one, listed).extension_days == 2.0


def test_who_handed_in_another_assignment_only_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, {"s001/assignment1/a.py": b"", "s002/assignment2/a.py": b"", "s003/assignment2/a.py": b""})
    put(tmp_path, {"s003/notes.py": b""})
    assert [s.student for s in intake.find(tmp_path, course.load("assignment1"))] == ["s001", "s003"]


def test_wrong_folders_are_reported(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="no such folder"):
        intake.find(tmp_path / "nowhere", course.load("assignment1"))
    with pytest.raises(IntakeError, match="holds no student folders"):
        intake.find(tmp_path, course.load("assignment1"))
    put(tmp_path, {"s001/a.py": b"", "s001.zip": zipped(FILES)})
    put(tmp_path, {"s002/a.py": b""})
    first, second = intake.find(tmp_path, course.load("assignment1"))  # one student stops nobody else
    assert (
        "both s001 and s001.zip lie there; keep" in intake.read(first, course.load("assignment1")).unreadable
    )
    assert intake.read(second, course.load("assignment1")).unreadable == ""


def test_a_packed_hand_in_is_known_by_its_content(tmp_path: Path) -> None:
    names = ("s001", "s002.zip.download", "s003.zip (1)", "s004.ZIP", "s005 (2).zip")
    put(tmp_path, {name: zipped(FILES) for name in names})
    put(tmp_path, {"s006.rar": b"Rar!", "s007": b"words"})
    found = intake.find(tmp_path, course.load("assignment1"))
    assert [s.student for s in found] == ["s001", "s002", "s003", "s004", "s005 (2)"]
    assert all(intake.read(s, course.load("assignment1")).package for s in found)
    assert [line.partition(":")[0] for line in intake.beside(tmp_path)] == ["s006.rar", "s007"]


FACTS = """{"schema": 1, "students": {"s001": {"hand_in": "", "where": "", "handed_in": "",
"extension_days": 0.0, "problems": [], "unreadable": "", "not_counted": [], "written": ""}}}"""


def cell(grade_id: str, source: object) -> dict:
    return {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": grade_id}}, "source": source}


def notebook(*cells: object) -> bytes:
    return json.dumps({"cells": list(cells)}).encode()


def read(data: bytes) -> WrittenAnswers:
    cells = tuple(GradeCell(f"inline_{n}", "n", 1.0, "inline", True) for n in (1, 2))
    notebook = Notebook("n", Path("/no such notebook"), cells)
    lesson = replace(course.load("assignment1"), name="lesson", notebooks=(notebook,))
    return intake.read_answers(lesson, {"n": data})


def test_answers_are_read_by_grade_id() -> None:
    data = notebook(
        cell("inline_1", ["one\n", "two"]), cell("inline_2", "three"), {"metadata": 3}, {"metadata": {}}
    )
    assert read(data).texts == {"inline_1": "one\ntwo", "inline_2": "three"}


@pytest.mark.parametrize(
    ("copies", "counts"),
    [
        (["mine", "*Your answer here.*"], "mine"),
        (["mine", "*Your answer here: it is not written yet.*"], "mine"),
        (["*Your answer here.*", "mine"], "mine"),
        (["first", "second"], "first\n\n---\n\nsecond"),
        (["mine", " mine\n"], "mine"),
        (["", "YOUR ANSWER HERE"], ""),
    ],
)
def test_of_a_duplicated_answer_all_that_differ_are_kept(copies: list[str], counts: str) -> None:
    found = read(notebook(*(cell("inline_1", c) for c in copies)))
    assert found.texts["inline_1"] == counts
    assert ("inline_1" in found.doubts) == ("---" in counts)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [1]}', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_notebook_is_reported(data: bytes) -> None:
    with pytest.raises(IntakeError, match=r"two_layer_net\.ipynb: not a readable notebook"):
        intake.read_cells("two_layer_net", data)


def test_reading_tells_who(tmp_path: Path, assignment: Assignment) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    submission = intake.read(Source("s009", tmp_path / "broken.zip"), assignment)
    assert submission.student == "s009"
    assert submission.unreadable.startswith("broken.zip: not a readable zip")


# Notebooks under other names ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def four(assignment: Assignment) -> Assignment:
    return course.load("assignment2")


RENAMED = [
    *("Dropout (1).ipynb", "Dropout(2).ipynb", "Dropout-1.ipynb", "Dropout_1.ipynb", "Dropout-Copy1.ipynb"),
    *("Copy of Dropout.ipynb", "Copy of Copy of Dropout (3).ipynb", "dropout.IPYNB", "Dropout copy.ipynb"),
    *("Dropout.ipynb.ipynb", "Dropout_final.ipynb", "sub/dir/DROPOUT (1) (2).ipynb"),
]


@pytest.mark.parametrize("name", RENAMED)
def test_a_renamed_notebook_is_recognised(name: str, four: Assignment) -> None:
    submission = intake.arrange("s1", {name: NOTEBOOK}, four)
    assert submission.notebooks == {"Dropout": NOTEBOOK}
    assert f"{name} is taken as Dropout.ipynb, by its name" in submission.problems


def test_a_notebook_of_any_name_is_recognised_by_its_cells(four: Assignment) -> None:
    ids = [c.grade_id for c in four.notebooks[2].cells]
    mine = notebook(*(cell(i, "x") for i in ids[: len(ids) - 2]))
    submission = intake.arrange("s1", {"homework.ipynb": mine}, four)
    assert submission.notebooks == {"Dropout": mine}
    assert "homework.ipynb is taken as Dropout.ipynb, by its cells" in submission.problems


@pytest.mark.parametrize("data", [NOTEBOOK, b"{", notebook(cell("inline_Dropout_1", ""))])
def test_a_notebook_nobody_knows_is_reported(data: bytes, four: Assignment) -> None:
    submission = intake.arrange("s1", {"homework.ipynb": data}, four)
    assert submission.notebooks == {}
    assert any(p.startswith("homework.ipynb is not used: no notebook of this") for p in submission.problems)


def test_the_right_name_counts_before_a_copy(four: Assignment) -> None:
    files = {"Dropout (1).ipynb": b"copy", "Dropout.ipynb": NOTEBOOK}
    submission = intake.arrange("s1", files, four)
    assert submission.notebooks == {"Dropout": NOTEBOOK}
    assert any(p.startswith("Dropout (1).ipynb differs from Dropout.ipynb") for p in submission.problems)


def test_names_that_end_in_numbers_stay_apart(four: Assignment) -> None:
    parts = tuple(replace(n, name=f"part-{i}") for i, n in enumerate(four.notebooks, 1))
    numbered = replace(four, notebooks=parts)
    files = {f"part-{i}.ipynb": NOTEBOOK + b" " * i for i in range(1, 5)}
    assert intake.arrange("s1", files, numbered).notebooks == {
        n.removesuffix(".ipynb"): data for n, data in files.items()
    }


def test_a_trained_model_under_another_name_is_recognised(assignment: Assignment) -> None:
    submission = intake.arrange("s1", {"two_layer_net (1).npz": b"weights"}, assignment)
    assert submission.results == {"results/two_layer_net.npz": b"weights"}
    assert "two_layer_net (1).npz is taken as results/two_layer_net.npz, by its name" in submission.problems
    both = {"a/two_layer_net.npz": b"1", "b/two_layer_net.npz": b"2"}
    found = intake.arrange("s1", both, assignment)
    took = "took a/two_layer_net.npz, and a person is asked"
    assert f"b/two_layer_net.npz differs from a/two_layer_net.npz; {took}" in found.problems
    assert set(found.doubts) == {"results/two_layer_net.npz"}


# The package in other places ---------------------------------------------------------------------


def test_loose_files_find_their_place(assignment: Assignment) -> None:
    files = {"layers.py": b"x", "homework/fc_net.py": b"y", "notes.py": b""}
    submission = intake.arrange("s1", files, assignment)
    assert submission.package == {"cs_lib/layers.py": b"x", "cs_lib/classifiers/fc_net.py": b"y"}
    assert any("its files were found elsewhere" in p for p in submission.problems)


def test_an_archive_without_the_folder_lends_its_name(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001", {"cs_lib.zip": zipped({"layers.py": b"x"}), "two_layer_net.ipynb": NOTEBOOK})
    assert read_only_student(tmp_path, assignment).package == {"cs_lib/layers.py": b"x"}


def test_a_foreign_archive_is_reported(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001", {**FILES, "more.7z": b"7z"})
    found = read_only_student(tmp_path, assignment)
    assert "more.7z is not used: not a zip; ask for it again as one" in found.problems
    assert {"inline_two_layer_net_1", "relu_forward"} <= set(found.doubts)  # may be in it


# What stands beside a hand-in --------------------------------------------------------------------


STAMP = {"timestamp.txt": b"2026-02-01 13:00:00 +0100\n"}


def test_nbgraders_time_is_read_where_the_settings_say_so(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001/assignment1", {**FILES, **STAMP})
    submission = read_only_student(tmp_path, assignment)
    assert submission.handed_in == ""
    assert submission.problems == ("not used: timestamp.txt",)
    trusting = replace(assignment, intake=Intake(nbgrader_times=True))
    submission = read_only_student(tmp_path, trusting)
    assert submission.handed_in == "2026-02-01T12:00:00+00:00"
    assert submission.problems == ("the time is that of timestamp.txt, as [intake] nbgrader_times says",)
    put(tmp_path / "s001/assignment1", {"timestamp.txt": b"\n"})
    assert read_only_student(tmp_path, trusting).handed_in == ""
    put(tmp_path / "s001/assignment1", {"timestamp.txt": b"now"})
    assert "timestamp.txt: expected a time such as" in read_only_student(tmp_path, trusting).unreadable


@pytest.mark.parametrize(
    "planted",
    [b"{", b"[]", b'{"problems": ["full marks"], "extension_days": 1e400}', b'{"schema": 1}'],
)
def test_a_planted_fact_is_a_file_that_is_not_used(
    planted: bytes, tmp_path: Path, assignment: Assignment
) -> None:
    put(tmp_path / "s001/assignment1", {**FILES, "collected.json": planted})
    submission = read_only_student(tmp_path, assignment)
    assert (submission.handed_in, submission.extension_days, submission.unreadable) == ("", 0.0, "")
    assert submission.problems == ("not used: collected.json",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSONDecodeError"),
        ('{"schema": 2, "students": {}}', "schema 2, expected 1"),
        ('{"schema": 1, "students": {"s001": {}}}', "KeyError"),
        ('{"schema": 1, "students": []}', "AttributeError"),
        (FACTS.replace("0.0", "1e400"), "extension_days: expected 0 to 10000, got inf"),
        (FACTS.replace("0.0", "NaN"), "extension_days: expected 0 to 10000, got nan"),
        (FACTS.replace('"handed_in": ""', '"handed_in": "soon"'), "Invalid isoformat string"),
    ],
)
def test_a_damaged_file_of_facts_is_named(text: str, reason: str, tmp_path: Path) -> None:
    put(tmp_path, {"s001/a.py": b"", ".collected/assignment1/collected.json": text.encode()})
    with pytest.raises(
        IntakeError, match=rf"collected\.json: not what .* \(.*{re.escape(reason)}.*collect again"
    ):
        intake.find(tmp_path, course.load("assignment1"))
