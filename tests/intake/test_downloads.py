"""Bulk downloads as the LMSs give them out, and plain folders."""

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.assignment import Assignment
from autograder.course.policy import Intake
from autograder.course.roster import Roster
from autograder.errors import IntakeError
from autograder.intake.downloads import survey
from tests.intake.conftest import ROSTER, Collect, below, files, mark_of, put, tarred, zipped

METADATA = b"""---
submission_1001:
  :submitters:
  - :name: Ada King Lovelace
    :sid: '9001'
    :email: ada@uni.example
  - :name: Alan Turing
    :sid:
    :email: alan@uni.example
  :created_at: 2026-01-31 10:20:30.123456789 Z
  :score: 0.0
submission_1002:
  :submitters:
  - :name: Grace Hopper
    :email: grace@uni.example
  :created_at: 2026-02-02 10:00:00 +0100
submission_1003:
  :submitters: []
"""

DOWNLOADS = {
    "canvas zips": {
        "kinglovelaceada_501_7001_work.zip": zipped(files("ada")),
        "hoppergrace_LATE_502_7002_final version.zip": zipped(files("grace")),
    },
    "canvas loose files": {
        "kinglovelaceada_501_7001_cs_lib.zip": zipped({"layers.py": b"mark = 'ada'\n"}),
        "kinglovelaceada_501_7003_two_layer_net-2.ipynb": files()["two_layer_net.ipynb"],
        "hoppergrace_502_7002_work.tar.gz": tarred(below("x", files("grace"))),
    },
    "moodle folders": {
        **below("Ada King Lovelace_811_assignsubmission_file_", {"work.zip": zipped(files("ada"))}),
        **below("Grace Hopper_812_assignsubmission_file_", files("grace")),
    },
    "moodle files": {
        "Ada King Lovelace_811_assignsubmission_file_work.zip": zipped(files("ada")),
        "Grace Hopper_812_assignsubmission_file_work.zip": zipped(files("grace")),
    },
    "gradescope": {
        "assignment_5_export/submission_metadata.yml": METADATA,
        **below("assignment_5_export/submission_1001", files("ada")),
        **below("assignment_5_export/submission_1002", below("deep/er", files("grace"))),
    },
    "nbgrader": {
        **below("ada/assignment1", {**files("ada"), "timestamp.txt": b"2026-01-31 10:20:30 UTC\n"}),
        **below("grace/assignment1", files("grace")),
        **below("alan/assignment2", files("another assignment")),
    },
    "plain": {**below("ada", files("ada")), **below("grace", {"work.zip": zipped(files("grace"))})},
    "plain zips": {"ada.zip": zipped(files("ada")), "grace.tgz": tarred(files("grace"))},
}


KINDS = {"canvas": "Canvas", "moodle": "Moodle", "gradescope": "Gradescope"}


@pytest.mark.parametrize("wrapping", ["folder", "zip", "zip with one folder"])
@pytest.mark.parametrize("kind", DOWNLOADS)
def test_every_download_gives_the_same_hand_ins(
    kind: str, wrapping: str, collect: Collect, tmp_path: Path
) -> None:
    content = DOWNLOADS[kind]
    if wrapping == "folder":
        source = put(tmp_path / "download", content)
    else:
        top = below("submissions", content) if wrapping == "zip with one folder" else content
        [source] = [put(tmp_path, {"download.zip": zipped(top)}) / "download.zip"]
    report = collect(source)
    submitted = tmp_path / "submitted"
    assert mark_of(submitted, "ada") == "ada"
    assert mark_of(submitted, "grace") == "grace"
    assert (submitted / "ada/assignment1/two_layer_net.ipynb").read_bytes() == files()["two_layer_net.ipynb"]
    assert report.unmatched == ([] if kind != "gradescope" else report.unmatched)
    assert report.kinds == [
        kind.split()[0].capitalize().replace("Nbgrader", "plain").replace("Plain", "plain")
    ]


def test_gradescope_tells_time_group_and_what_is_missing(collect: Collect, tmp_path: Path) -> None:
    report = collect(put(tmp_path / "download", DOWNLOADS["gradescope"]))
    submitted = tmp_path / "submitted"
    for student in ("ada", "alan"):
        stamp = (submitted / student / "assignment1/timestamp.txt").read_text()
        assert stamp == "2026-01-31 10:20:30 UTC\n"
    assert (submitted / "grace/assignment1/timestamp.txt").read_text() == "2026-02-02 09:00:00 UTC\n"
    reported = [what for _, what in report.unusual]
    assert "download: submission_1003 is in submission_metadata.yml, but its files are not here" in reported
    assert report.late == []


def test_gradescope_folders_outside_its_list_are_reported(collect: Collect, tmp_path: Path) -> None:
    content = {**DOWNLOADS["gradescope"], **below("assignment_5_export/submission_9", files("lost"))}
    content |= below("assignment_5_export/submission_1003", files("nobody"))
    report = collect(put(tmp_path / "download", content))
    assert ("", "download: submission_9 is not in submission_metadata.yml; not used") in report.unusual
    assert report.unmatched == ["download: submission_1003: submission_1003 is not on the roster"]
    assert list((tmp_path / "submitted/.collected/assignment1/unmatched").glob("*/*/files/cs_lib/layers.py"))


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"[", "not readable"), (b"- 1\n", "expected submissions, found none")],
)
def test_a_broken_list_of_gradescope_is_reported(
    text: bytes, message: str, assignment: Assignment, tmp_path: Path
) -> None:
    put(tmp_path, {"submission_metadata.yml": text, "submission_1/a.py": b""})
    with pytest.raises(IntakeError, match=message), survey(tmp_path, assignment):
        pass


def test_canvas_resubmissions_are_hand_ins_of_their_own(collect: Collect, tmp_path: Path) -> None:
    content = {
        "kinglovelaceada_501_7001_work.zip": zipped(files("first")),
        "kinglovelaceada_501_7009_work-1.zip": zipped(files("second")),
        "kinglovelaceada_501_7023_work-2.zip": zipped(files("third")),
    }
    report = collect(put(tmp_path / "download", content))
    assert mark_of(tmp_path / "submitted", "ada") == "third"
    assert report.hand_ins == 3
    assert any("3 hand-ins; by the rule 'last'" in what for _, what in report.unusual)
    kept = sorted((tmp_path / "submitted/.collected/assignment1/hand-ins/ada").glob("*/files/work.zip"))
    assert sorted(p.read_bytes() for p in kept) == sorted(content.values())


def test_canvas_late_mark_is_reported_without_a_time(collect: Collect, tmp_path: Path) -> None:
    report = collect(put(tmp_path / "download", DOWNLOADS["canvas zips"]))
    assert report.late == ["grace"]
    assert (
        "grace",
        "marked late by the LMS, which does not say by how much; no points taken off",
    ) in report.unusual


def test_what_is_no_hand_in_is_reported(collect: Collect, tmp_path: Path) -> None:
    extra = {"readme.txt": b"", "work.rar": b"", "evil\x1b[2J.zip": zipped(files())}
    report = collect(put(tmp_path / "download", {**DOWNLOADS["plain"], **extra}))
    reported = [what for student, what in report.unusual if not student]
    assert reported == [
        "download: 'evil\\x1b[2J.zip' is not used: its name holds characters that cannot be shown",
        "download: readme.txt is not used: neither a student's folder nor an archive",
        "download: work.rar is not used: not a zip; ask for it again as one",
    ]


def test_another_assignment_in_nbgraders_layout_is_not_this_one(collect: Collect, tmp_path: Path) -> None:
    report = collect(put(tmp_path / "download", DOWNLOADS["nbgrader"]))
    assert ("", "download: alan has nothing for assignment1") in report.unusual
    assert report.missing == ["alan"]


def test_names_that_no_folder_may_have_get_another(collect: Collect, tmp_path: Path) -> None:
    source = put(tmp_path / "download", below("Zoë Müller", files("zoe")))
    report = collect(source, roster=None)
    [student] = report.written
    assert student.startswith("Zoe_Muller-")
    assert any("no id for a folder" in what for _, what in report.unusual)


@pytest.mark.parametrize(
    ("content", "message"),
    [({}, "holds no hand-ins"), ({"notes.txt": b""}, r"notes\.txt is not used")],
)
def test_nothing_to_collect_is_reported(
    content: dict[str, bytes], message: str, assignment: Assignment, tmp_path: Path
) -> None:
    with pytest.raises(IntakeError, match=message), survey(put(tmp_path, content), assignment):
        pass
    with pytest.raises(IntakeError, match="no such folder or zip"), survey(tmp_path / "no", assignment):
        pass


def test_namesakes_are_left_to_a_person(collect: Collect, tmp_path: Path) -> None:
    from autograder.course.roster import Roster, RosterEntry

    twins = Roster([RosterEntry("a1", "Grace Hopper"), RosterEntry("a2", "Hopper, Grace"), *ROSTER])
    report = collect(put(tmp_path / "download", DOWNLOADS["moodle folders"]), roster=twins)
    [reported] = report.unmatched
    assert "may be a1 or a2 or grace" in reported


def test_canvas_numbers_stand_before_the_first_dot(collect: Collect, tmp_path: Path) -> None:
    content = {
        "kinglovelaceada_501_7001_my.work.zip": zipped(files("first")),
        "kinglovelaceada_501_7009_my-1.work.zip": zipped(files("second")),
        "hoppergrace_502_7002_work.tar.gz": tarred(files("early")),
        "hoppergrace_502_7003_work-1.tar.gz": tarred(files("late")),
    }
    report = collect(put(tmp_path / "download", content))
    assert mark_of(tmp_path / "submitted", "ada") == "second"
    assert mark_of(tmp_path / "submitted", "grace") == "late"
    assert report.hand_ins == 4


def test_numbered_parts_of_one_hand_in_stay_together(collect: Collect, tmp_path: Path) -> None:
    """Two archives that only look like versions: nothing is the first version of them."""
    parts = files("both")
    notebook = parts.pop("two_layer_net.ipynb")
    content = {
        "kinglovelaceada_501_7001_part-1.zip": zipped(parts),
        "kinglovelaceada_501_7002_part-2.zip": zipped({"two_layer_net.ipynb": notebook}),
    }
    report = collect(put(tmp_path / "download", content))
    assert report.hand_ins == 1
    assert mark_of(tmp_path / "submitted", "ada") == "both"
    assert (tmp_path / "submitted/ada/assignment1/two_layer_net.ipynb").read_bytes() == notebook


def test_moodles_text_and_files_are_one_hand_in(collect: Collect, tmp_path: Path) -> None:
    content = {
        **below("Ada King Lovelace_811_assignsubmission_file_", files("ada")),
        **below("Ada King Lovelace_811_assignsubmission_onlinetext_", {"onlinetext.html": b"<p>Late, sorry"}),
    }
    report = collect(put(tmp_path / "download", content))
    assert report.hand_ins == 1
    assert mark_of(tmp_path / "submitted", "ada") == "ada"
    assert ("ada", "not used: onlinetext.html") in report.unusual


@pytest.mark.parametrize(
    ("name", "students"),
    [
        ("Group A-Ada King Lovelace", ["ada"]),
        ("Team 3-Grace Hopper", ["grace"]),
        ("The Layers", ["ada", "alan"]),  # a group of the roster
        ("Anna-Ada King Lovelace", []),  # the end of a double name is no one else's name
        ("Group A-Nobody Known", []),
    ],
)
def test_groups_of_moodle(name: str, students: list[str], collect: Collect, tmp_path: Path) -> None:
    grouped = Roster(replace(s, group="" if s.id == "grace" else "The Layers") for s in ROSTER)
    content = below(f"{name}_811_assignsubmission_file_", files("together"))
    report = collect(put(tmp_path / "download", content), roster=grouped)
    assert report.written == students
    assert bool(report.unmatched) == (not students)


def test_a_time_inside_a_hand_in_counts_only_where_the_settings_say_so(
    collect: Collect, tmp_path: Path, assignment: Assignment
) -> None:
    planted = {**files("ada"), "timestamp.txt": b"2000-01-01 00:00:00 UTC\n"}
    content = {**below("ada/assignment1", planted), "alan.zip": zipped(planted)}
    download = put(tmp_path / "download", content)
    report = collect(download, assignment=replace(assignment, intake=Intake(nbgrader_times=False)))
    for student, name in (("ada", "timestamp.txt"), ("alan", "alan/timestamp.txt")):
        assert (student, f"not used: {name}") in report.unusual
        assert not (tmp_path / f"submitted/{student}/assignment1/timestamp.txt").exists()
