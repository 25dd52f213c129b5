"""Which hand-in counts, what is kept, and what is reported to an instructor."""

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder import bounded, intake
from autograder.bounded import Bounds
from autograder.course.assignment import Assignment
from autograder.course.policy import Intake
from autograder.course.roster import Roster
from autograder.errors import IntakeError
from autograder.intake import Source, facts, submission
from autograder.intake import archive_of_hand_ins as store
from autograder.intake.collector import safe_id
from tests.intake.conftest import ROSTER, Collect, below, files, mark_of, put, snapshot, zipped

EARLY, IN_TIME, LATE, VERY_LATE = "2026-01-20", "2026-02-01", "2026-02-03", "2026-02-20"
NOON = " 10:00:00 UTC\n"


def handed_in(mark: str, day: str) -> dict[str, bytes]:
    return {**files(mark), "timestamp.txt": (day + NOON).encode()}


def several(tmp_path: Path, *days: str, student: str = "ada") -> list[Path]:
    """Downloads made one after the other, each with one hand-in called by its day."""
    return [put(tmp_path / f"download {d}", below(f"{student}/assignment1", handed_in(d, d))) for d in days]


def contents(tmp_path: Path) -> dict[str, bytes]:
    """Everything collected, but for when it was first seen."""
    found = {name: data for name, (data, _) in snapshot(tmp_path / "submitted").items()}
    return {n: b"" if n.endswith("hand-in.json") else data for n, data in found.items()}


@pytest.mark.parametrize(
    ("rule", "days", "counts"),
    [
        ("last", (EARLY, IN_TIME), IN_TIME),
        ("last", (EARLY, IN_TIME, LATE), IN_TIME),
        ("last", (LATE, VERY_LATE), VERY_LATE),
        ("first", (EARLY, IN_TIME, LATE), EARLY),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_rule_chooses_whatever_the_order_of_collecting(
    rule: str, days: Sequence[str], counts: str, backwards: bool, collect: Collect, tmp_path: Path,
    assignment: Assignment,
) -> None:  # fmt: skip
    downloads = several(tmp_path, *days)
    ruled = replace(assignment, intake=Intake(counts=rule, nbgrader_times=True))  # type: ignore[arg-type]
    for download in reversed(downloads) if backwards else downloads:
        report = collect(download, assignment=ruled)
    submitted = tmp_path / "submitted"
    assert mark_of(submitted, "ada") == counts
    assert report.hand_ins == len(days)
    kept = {p.read_text().split("'")[1] for p in submitted.glob(".collected/**/layers.py")}
    assert kept == set(days)


def test_an_extension_moves_the_deadline(collect: Collect, tmp_path: Path) -> None:
    for download in several(tmp_path, IN_TIME, LATE, student="grace"):  # extended by two days
        collect(download)
    assert mark_of(tmp_path / "submitted", "grace") == LATE
    report = collect(download, roster=None)  # without a roster the extension is still known
    assert mark_of(tmp_path / "submitted", "grace") == LATE
    assert report.late == []


def test_the_best_counts_after_what_lateness_takes(
    collect: Collect, tmp_path: Path, assignment: Assignment
) -> None:
    earned = {EARLY: 10.0, IN_TIME: 17.0, LATE: 20.0}
    asked: list[str] = []

    def points(sources: Sequence[Source]) -> list[float]:
        marks = [(s.path / "cs_lib/layers.py").read_text().split("'")[1] for s in sources]
        asked.extend(marks)
        return [earned[m] for m in marks]

    best = replace(assignment, intake=Intake(counts="best", nbgrader_times=True))
    for download in several(tmp_path, EARLY, IN_TIME, LATE):
        collect(download, assignment=best, points=points)
    assert mark_of(tmp_path / "submitted", "ada") == IN_TIME  # 20 points, two days late, are 16
    assert asked == [EARLY, IN_TIME, EARLY, IN_TIME, LATE]  # one alone is not graded
    earned[IN_TIME] = 16.0
    collect(download, assignment=best, points=points)
    assert mark_of(tmp_path / "submitted", "ada") == LATE  # of equals the later


def test_lateness_reaches_the_submission(collect: Collect, tmp_path: Path, assignment: Assignment) -> None:
    report = collect(several(tmp_path, LATE)[0])
    assert report.late == ["ada"]
    reported = "handed in 1 day 22 h after the deadline; 20 % of the points are taken off"
    assert ("ada", reported) in report.unusual
    [source] = intake.find(tmp_path / "submitted", assignment)
    submission = intake.read(source, assignment)
    assert submission.problems[0] == reported
    assert (submission.handed_in, submission.extension_days) == ("2026-02-03T10:00:00+00:00", 0.0)


def test_collecting_again_changes_nothing(collect: Collect, tmp_path: Path) -> None:
    source = put(
        tmp_path / "download",
        {**below("ada/assignment1", handed_in("a", EARLY)), "alan.zip": zipped(files("b"))},
    )
    first = collect(source)
    before = snapshot(tmp_path / "submitted")
    again = collect(source)
    assert snapshot(tmp_path / "submitted") == before
    assert (first.new, first.written) == (2, ["ada", "alan"])
    assert (again.new, again.written) == (0, [])
    assert again.unusual == first.unusual
    saved = json.loads((tmp_path / "submitted/.collected/assignment1/report.json").read_text())
    assert saved == json.loads(again.to_json())


def test_a_hand_in_that_cannot_be_read_does_not_replace_one_that_can(
    collect: Collect, tmp_path: Path
) -> None:
    collect(several(tmp_path, EARLY)[0])
    broken = below("ada/assignment1", {"work.zip": b"PK no zip", "timestamp.txt": (IN_TIME + NOON).encode()})
    report = collect(put(tmp_path / "broken", broken))
    assert mark_of(tmp_path / "submitted", "ada") == EARLY
    assert any("cannot be read (work.zip: not a readable zip" in what for _, what in report.unusual)


def test_only_a_broken_hand_in_is_left_to_a_person(
    collect: Collect, tmp_path: Path, assignment: Assignment
) -> None:
    report = collect(put(tmp_path / "download", {"ada.zip": b"no zip"}))
    [source] = intake.find(tmp_path / "submitted", assignment)
    assert intake.read(source, assignment).unreadable.startswith("ada.zip: not a readable zip")
    assert any(what.startswith("cannot be read: ada.zip") for _, what in report.unusual)
    [kept] = (tmp_path / "submitted/.collected").rglob("ada.zip")
    assert kept.read_bytes() == b"no zip"


def test_what_was_there_before_is_a_hand_in_too(collect: Collect, tmp_path: Path) -> None:
    put(tmp_path / "submitted", below("ada/assignment1", handed_in("from nbgrader", IN_TIME)))
    collect(several(tmp_path, EARLY)[0])
    assert mark_of(tmp_path / "submitted", "ada") == "from nbgrader"
    kept = {p.read_text().split("'")[1] for p in tmp_path.glob("submitted/.collected/**/layers.py")}
    assert kept == {"from nbgrader", EARLY}


def test_a_run_killed_between_steps_is_made_good(collect: Collect, tmp_path: Path) -> None:
    [download] = several(tmp_path, EARLY)
    collect(download)
    whole = contents(tmp_path)
    place = tmp_path / "submitted/ada/assignment1"
    left = place.parent / ".part-left-over"
    place.rename(left)  # as if killed after the old one went, before the new one came
    collect(download)
    assert not left.exists()
    assert contents(tmp_path) == whole


def test_what_a_power_cut_left_half_is_made_good(collect: Collect, tmp_path: Path) -> None:
    [download] = several(tmp_path, EARLY)
    collect(download)
    whole = contents(tmp_path)
    [kept] = (tmp_path / "submitted/.collected/assignment1/hand-ins/ada").iterdir()
    (kept / "files/cs_lib/layers.py").write_bytes(b"")
    (kept / "hand-in.json").write_bytes(b"")
    (tmp_path / "submitted/ada/assignment1/two_layer_net.ipynb").write_bytes(b"")
    collect(download)
    assert contents(tmp_path) == whole


@pytest.mark.parametrize("damage", [b"{", b"[]", b"{}", b'{"problems": [], "more": 1}'])
def test_a_damaged_hand_in_is_named(damage: bytes, collect: Collect, tmp_path: Path) -> None:
    early, late = several(tmp_path, EARLY, LATE)
    collect(early)
    [kept] = (tmp_path / "submitted/.collected/assignment1/hand-ins/ada").iterdir()
    (kept / "hand-in.json").write_bytes(damage)
    [said] = [what for student, what in collect(late).unusual if student == "ada" and "hand-in.json" in what]
    assert "damaged (" in said
    assert said.endswith(
        "collect the download it came from again, or move its folder away; what was collected before stays"
    )
    assert facts.load(tmp_path / "submitted", "assignment1")["ada"].hand_in == kept.name


def test_a_folder_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    place = put(tmp_path / "place", {"a.txt": b"old"})
    with pytest.raises(OSError, match="full"), store.replacing(place) as part:  # noqa: PT012
        store.write(part / "a.txt", b"new")
        raise OSError("disk full")
    assert (place / "a.txt").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["place"]


def test_the_roster_tells_who_is_missing_and_who_is_a_stranger(collect: Collect, tmp_path: Path) -> None:
    content = {**below("ada", files("a")), **below("mallory", files("m"))}
    report = collect(put(tmp_path / "download", content))
    assert report.missing == ["alan", "grace"]
    assert report.unmatched == ["download: mallory: mallory is not on the roster"]
    assert not (tmp_path / "submitted/mallory").exists()
    assert list((tmp_path / "submitted/.collected/assignment1/unmatched/mallory").glob("*/hand-in.json"))


def test_a_time_that_is_none_is_reported(collect: Collect, tmp_path: Path) -> None:
    content = below("ada/assignment1", {**files("a"), "timestamp.txt": b"yesterday"})
    report = collect(put(tmp_path / "download", content))
    reported = [what for _, what in report.unusual]
    assert "timestamp.txt holds 'yesterday', which is no time" in reported
    assert "nobody knows when this was handed in; counted as in time" in reported


def test_hand_ins_go_elsewhere(collect: Collect, tmp_path: Path) -> None:
    put(tmp_path / "submitted", below("ada", files("a")))
    with pytest.raises(IntakeError, match="give --to another folder"):
        collect(tmp_path / "submitted")


def test_a_hand_in_too_large_is_reported_and_stays_where_it_is(
    collect: Collect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake.archives, "MAX_TOTAL_BYTES", 10)
    report = collect(put(tmp_path / "download", below("ada", files("a"))))
    assert any("the hand-in is larger than" in what for _, what in report.unusual)


def test_an_assignment_handed_in_beside_another(collect: Collect, tmp_path: Path) -> None:
    source = put(tmp_path / "download", below("ada", {**files("a"), "assignment2/x.py": b""}))
    collect(source)
    assert mark_of(tmp_path / "submitted", "ada") == "a"


@pytest.mark.parametrize(
    "label", ["../../etc", "a/b", ".hidden", "ü", "x" * 300, "", "-rf", "nul\0", "\udc80"]
)
def test_no_label_leaves_the_folder(label: str, tmp_path: Path) -> None:
    name = safe_id(label)
    place = tmp_path / name
    assert place.parent == tmp_path
    assert not name.startswith((".", "-"))
    place.mkdir()


def test_two_labels_never_fall_together() -> None:
    assert len({safe_id(label) for label in ("a b", "a_b", "a  b", "a/b", "ä b", "a b ")}) == 6


def test_an_empty_roster_matches_nobody(collect: Collect, tmp_path: Path) -> None:
    report = collect(put(tmp_path / "download", below("ada", files())), roster=Roster([]))
    assert report.students == 0
    assert len(report.unmatched) == 1
    shutil.rmtree(tmp_path / "submitted")
    assert collect(tmp_path / "download", roster=ROSTER).students == 1


def test_a_time_given_later_is_kept(collect: Collect, tmp_path: Path) -> None:
    source = put(tmp_path / "download", {"kinglovelaceada_501_7001_work.zip": zipped(files("a"))})
    collect(source)
    reported = {"501": datetime(2026, 2, 3, 10, tzinfo=UTC), "nobody": datetime(2026, 2, 3, 10, tzinfo=UTC)}
    report = collect(source, times=reported)
    assert report.late == ["ada"]
    assert ("", "a time for 'nobody', of whom there is no hand-in") in report.unusual
    place = tmp_path / "submitted/ada/assignment1/timestamp.txt"
    assert place.read_text() == "2026-02-03 10:00:00 UTC\n"
    assert collect(source).late == ["ada"]
    other = collect(source, times={"ada": datetime(2026, 1, 1, tzinfo=UTC)})
    assert ("ada", "a time is given, but the newest hand-in came 2026-02-03 10:00 UTC") in other.unusual
    assert place.read_text() == "2026-02-03 10:00:00 UTC\n"


NOT_UTF8 = os.fsdecode(b"\xff\xfe")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_names_that_are_no_text_are_reported(
    collect: Collect, tmp_path: Path, assignment: Assignment
) -> None:
    strange = {f"{NOT_UTF8}.zip": b"no zip", f"cs_lib/{NOT_UTF8}.py": b"", "work\x1b[2J.7z": b""}
    put(tmp_path / "download", below("ada", {**files("a"), **strange}))
    report = collect(put(tmp_path / "download", below(f"x{NOT_UTF8}", files("b"))))
    reported = [what for student, what in report.unusual if student == "ada"]
    assert (
        sum("is not kept: its name holds characters that cannot be shown" in what for what in reported) == 3
    )
    assert any("cannot be shown" in what for student, what in report.unusual if not student)
    assert all(what.isprintable() for _, what in report.unusual)
    assert mark_of(tmp_path / "submitted", "ada") == "a"
    found = intake.read(Source("ada", tmp_path / "download/ada"), assignment)
    assert all(p.isprintable() for p in (*found.problems, found.unreadable))
    assert [source.student for source in intake.find(tmp_path / "download", assignment)] == ["ada"]
    assert any("cannot be shown; rename it" in what for what in intake.beside(tmp_path / "download"))


def test_what_is_known_stands_outside_the_hand_in(collect: Collect, tmp_path: Path) -> None:
    collect(several(tmp_path, LATE, student="grace")[0])
    place = tmp_path / "submitted/grace/assignment1"
    assert sorted(p.name for p in place.iterdir()) == [
        "cs_lib",
        "results",
        "timestamp.txt",
        "two_layer_net.ipynb",
    ]
    known = facts.load(tmp_path / "submitted", "assignment1")["grace"]
    assert (known.handed_in, known.extension_days) == ("2026-02-03T10:00:00+00:00", 2.0)


def test_files_changed_after_collecting_are_graded_as_they_are_and_said(
    collect: Collect, tmp_path: Path, assignment: Assignment
) -> None:
    collect(several(tmp_path, EARLY)[0])
    (tmp_path / "submitted/ada/assignment1/cs_lib/layers.py").write_bytes(b"corrected = 1\n")
    [source] = intake.find(tmp_path / "submitted", assignment)
    found = intake.read(source, assignment)
    assert found.package["cs_lib/layers.py"] == b"corrected = 1\n"
    assert found.handed_in == f"{EARLY}T10:00:00+00:00"
    assert "its files are not those that were collected; graded as they are now" in found.problems


def test_a_doubt_outlives_the_layout(collect: Collect, tmp_path: Path, assignment: Assignment) -> None:
    """Only one of two versions is laid out for nbgrader, but a person is asked all the same."""
    content = {**files("new"), **below("old", files("old"))}
    collect(put(tmp_path / "download", below("ada", content)))
    [source] = intake.find(tmp_path / "submitted", assignment)
    found = intake.read(source, assignment)
    assert b"new" in found.package["cs_lib/layers.py"]
    assert "two versions of cs_lib/layers.py" in found.doubts["affine_forward"]


def test_a_hand_in_that_takes_too_long_stops_no_other(
    collect: Collect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = submission.arrange

    def arrange(student: str, *rest: object) -> object:
        if student == "alan":
            time.sleep(600)
        return slow(student, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(submission, "arrange", arrange)
    monkeypatch.setattr(bounded, "DEFAULT", Bounds(seconds=3.0))
    monkeypatch.setattr(bounded.each, "__defaults__", (Bounds(seconds=3.0),))
    report = collect(put(tmp_path / "download", {**below("ada", files("a")), **below("alan", files("b"))}))
    assert mark_of(tmp_path / "submitted", "ada") == "a"
    words = "cannot be read: the hand-in takes more than 3 seconds; look at it by hand"
    assert ("alan", words) in report.unusual


def test_nbgrader_finds_a_hand_in_without_a_notebook(collect: Collect, tmp_path: Path) -> None:
    source = put(tmp_path / "download", {"ada/cs_lib/layers.py": b"x = 1\n", "alan/work.rar": b"Rar!"})
    collect(source)
    for student in ("ada", "alan"):
        text = (tmp_path / f"submitted/{student}/assignment1/two_layer_net.ipynb").read_text()
        assert "No notebook was handed in" in text
    before = snapshot(tmp_path / "submitted")
    assert not collect(source).written  # what stands in is known as ours
    assert snapshot(tmp_path / "submitted") == before
