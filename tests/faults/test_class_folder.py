"""Everything in the class's folder is graded or named, and results are never taken for hand-ins."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.errors import FolderError
from autograder.judge.task import read
from autograder.runs.grade import refuse_overlap
from tests.small_kit import NAME, Kit, records_of

LOOSE = {
    "nb.ipynb": "no hand-in; put it into a folder named after its student",
    "layers.py": "no hand-in;",
    "s003.rar": "an archive that cannot be opened; unpack it or put it into a folder",
    "s003.tar.bz2": "an archive that cannot be opened",
    "notes.txt": "no hand-in;",
    "noext": "no hand-in;",
}
SILENT = (".DS_Store", "Thumbs.db", "desktop.ini", "._s001")


def test_what_lies_beside_the_hand_ins_is_named(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    for name in (*LOOSE, *SILENT):
        (kit.submitted / name).write_bytes(b"x")
    (kit.submitted / "gone").symlink_to("/no/such/folder")
    os.mkfifo(kit.submitted / "pipe.zip")
    done = kit.grade(tmp_path / "out", "--json")
    assert done.returncode == 1, done.stderr
    named = dict(line.split(": ", 1) for line in json.loads(done.stdout)["not_graded"])
    assert sorted(named) == sorted([*LOOSE, "gone", "pipe.zip"])
    for name, said in LOOSE.items():
        assert named[name].startswith(said), named[name]
    assert named["gone"] == "a link to something that is not there; put the hand-in there"
    assert list(records_of(tmp_path / "out")) == ["s001"]


def test_a_folder_that_cannot_be_read_costs_its_own_hand_in_only(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.hand_in("s001")
    kit.hand_in("s002")

    def refuse(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(folder: Any = ".") -> Any:
            if Path(os.fsdecode(folder)).name == "s002":
                raise PermissionError(13, "Permission denied", str(folder))
            return call(folder)

        return instead

    # root, whom tests run as, reads every folder
    monkeypatch.setattr(os, "listdir", refuse(os.listdir))
    monkeypatch.setattr(os, "scandir", refuse(os.scandir))
    assignment = course.load(NAME, kit.home)
    first, second = intake.find(kit.submitted, assignment)
    assert not read(first, assignment).unreadable
    assert "Permission denied" in read(second, assignment).unreadable
    assert "Permission denied" in read(second, assignment).fault


def test_a_folder_that_is_gone_is_no_empty_hand_in(kit: Kit) -> None:
    kit.hand_in("s001")
    assignment = course.load(NAME, kit.home)
    [source] = intake.find(kit.submitted, assignment)
    shutil.rmtree(kit.submitted / "s001")
    assert "No such file" in read(source, assignment).fault


@pytest.mark.parametrize("out", ["class", "class/out", "class/s001/out", "link", "class/../class"])
def test_results_among_hand_ins_are_refused(tmp_path: Path, out: str) -> None:
    (tmp_path / "class/s001").mkdir(parents=True)
    (tmp_path / "link").symlink_to("class")
    with pytest.raises(FolderError, match=r"--out .*: (lies inside|expected another folder)"):
        refuse_overlap(tmp_path / "class", tmp_path / out)


@pytest.mark.parametrize("folder", ["out/feedback", "out/records", "out/pending/deep"])
def test_results_as_hand_ins_are_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(FolderError, match="expected another folder than the hand-ins'"):
        refuse_overlap(tmp_path / folder, tmp_path / "out")


@pytest.mark.parametrize("beside", ["gradebook.db", "grades.csv", ".lock"])
@pytest.mark.parametrize("records", ["records", "pending", "withdrawn"])
def test_the_results_of_another_run_are_no_hand_ins(tmp_path: Path, records: str, beside: str) -> None:
    (tmp_path / "o1" / records).mkdir(parents=True)
    (tmp_path / "o1" / records / "s001.json").touch()
    (tmp_path / "o1" / beside).touch()
    with pytest.raises(FolderError, match="o1: expected the hand-ins, got a folder of results"):
        refuse_overlap(tmp_path / "o1", tmp_path / "o10")


@pytest.mark.parametrize("file", ["records/nb.ipynb", "grades.csv", "s001/records/s001.json"])
def test_a_class_with_a_name_of_ours_is_none_of_results(tmp_path: Path, file: str) -> None:
    (tmp_path / "class" / file).parent.mkdir(parents=True)
    (tmp_path / "class" / file).touch()
    refuse_overlap(tmp_path / "class", tmp_path / "out")


@pytest.mark.parametrize(
    ("folder", "out"), [("class", "out"), ("root/submitted", "root"), ("class", "class/.out")]
)
def test_folders_that_do_not_meet_are_fine(tmp_path: Path, folder: str, out: str) -> None:
    refuse_overlap(tmp_path / folder, tmp_path / out)
