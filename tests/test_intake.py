import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from autograder import course, intake
from autograder.course import Assignment
from autograder.intake import IntakeError, Source, archives

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
FILES = {
    "cs_lib/layers.py": b"x = 1\n",
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
    [source] = intake.find(folder, assignment.name)
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
        "cs_lib/notes.txt": b"words",
    }
    put(tmp_path / "s001", {**FILES, **litter})
    submission = read_only_student(tmp_path, assignment)
    assert submission.problems == ()
    assert set(submission.package) == {"cs_lib/layers.py", "cs_lib/classifiers/fc_net.py"}


def test_missing_parts_are_told(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001", {"readme.py": b""})
    submission = read_only_student(tmp_path, assignment)
    assert submission.package == {}
    assert any("no cs_lib/ folder" in p for p in submission.problems)
    assert any("two_layer_net.ipynb is missing" in p for p in submission.problems)


def test_two_of_the_same_are_told(tmp_path: Path, assignment: Assignment) -> None:
    put(tmp_path / "s001", {**FILES, "old/cs_lib/layers.py": b"old", "old/sub/two_layer_net.ipynb": b"old"})
    submission = read_only_student(tmp_path, assignment)
    assert submission.package["cs_lib/layers.py"] == b"x = 1\n"
    assert submission.problems == (
        "2 cs_lib/ folders; graded the one in '.'",
        "2 files called two_layer_net.ipynb; took two_layer_net.ipynb",
    )


def test_the_digest_follows_what_counts(tmp_path: Path, assignment: Assignment) -> None:
    base = intake.arrange("s001", FILES, assignment)
    assert intake.arrange("s002", {**FILES, "notes.py": b"hello"}, assignment).digest() == base.digest()
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
def test_a_bad_zip_is_told_and_not_read(
    data: bytes, reason: str, tmp_path: Path, assignment: Assignment
) -> None:
    put(tmp_path, {"s001.zip": data})
    submission = read_only_student(tmp_path, assignment)
    assert reason in submission.unreadable
    assert submission.package == {}


def test_a_damaged_entry_is_told(tmp_path: Path, assignment: Assignment) -> None:
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


def test_many_files_and_many_bytes_stop_at_the_cap(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "s001", {**FILES, **{f"cs_lib/f{i}.py": b"" for i in range(10)}})
    monkeypatch.setattr(archives, "MAX_FILES", 5)
    assert "larger than" in read_only_student(tmp_path, assignment).unreadable
    monkeypatch.setattr(archives, "MAX_FILES", 100)
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 10)
    assert "larger than" in read_only_student(tmp_path, assignment).unreadable


def test_a_large_file_in_a_folder_is_told(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 3)
    put(tmp_path / "s001", FILES)
    assert "larger than" in read_only_student(tmp_path, assignment).unreadable


def test_wrong_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="no such folder"):
        intake.find(tmp_path / "nowhere", "assignment1")
    with pytest.raises(IntakeError, match="holds no student folders"):
        intake.find(tmp_path, "assignment1")
    put(tmp_path, {"s001/a.py": b"", "s001.zip": zipped(FILES)})
    with pytest.raises(IntakeError, match=r"both s001/ and s001\.zip"):
        intake.find(tmp_path, "assignment1")


def cell(grade_id: str, source: object) -> dict:
    return {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": grade_id}}, "source": source}


def notebook(*cells: object) -> bytes:
    return json.dumps({"cells": list(cells)}).encode()


def test_answers_are_read_by_grade_id() -> None:
    data = notebook(
        cell("inline_1", ["one\n", "two"]), cell("inline_2", "three"), {"metadata": 3}, {"metadata": {}}
    )
    assert intake.answers("n", data) == {"inline_1": "one\ntwo", "inline_2": "three"}


@pytest.mark.parametrize(
    ("copies", "counts"),
    [
        (["mine", "*Your answer here.*"], "mine"),
        (["*Your answer here.*", "mine"], "mine"),
        (["first", "second"], "second"),
        (["", "YOUR ANSWER HERE"], ""),
    ],
)
def test_of_a_duplicated_answer_the_last_written_one_counts(copies: list[str], counts: str) -> None:
    assert intake.answers("n", notebook(*(cell("inline_1", c) for c in copies)))["inline_1"] == counts


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [1]}', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_notebook_is_told(data: bytes) -> None:
    with pytest.raises(IntakeError, match=r"two_layer_net\.ipynb: not a readable notebook"):
        intake.answers("two_layer_net", data)


def test_reading_tells_who(tmp_path: Path, assignment: Assignment) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    submission = intake.read(Source("s009", tmp_path / "broken.zip"), assignment)
    assert submission.student == "s009"
    assert submission.unreadable.startswith("broken.zip: not a readable zip")
