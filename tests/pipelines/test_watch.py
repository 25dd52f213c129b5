"""What is dropped is taken once it is whole, kept, graded once, and shown as far as the settings allow."""

import itertools
import json
import os
import pwd
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.cli import watch as cli
from autograder.errors import CourseError, GradebookError, RecordError
from autograder.intake import Collector, drop_folder, find, read
from autograder.judge import digests
from autograder.records.record import Record
from autograder.runs import health, taking
from autograder.runs import watch as watching
from autograder.runs.grade import refuse_overlap
from tests.pipelines.watching import Desk
from tests.small_kit import NAME, POINTS, RIGHT, WRONG, notebook

DUE = "[late]\ndue = 2026-02-01T12:00:00Z\n"
BEFORE = datetime(2026, 2, 1, 10, tzinfo=UTC)
OTHER = RIGHT.replace("2 * x", "x * 3")


def parts(desk: Desk, student: str) -> dict[str, str]:
    return {test["name"]: test["output"] for test in desk.results(student)["tests"]}  # type: ignore[attr-defined]


def test_what_is_dropped_is_graded_and_shown(desk: Desk) -> None:
    desk.zip("s001")
    desk.exchange("s002", WRONG)
    desk.kit.submitted = desk.drop
    desk.kit.hand_in("s003", WRONG)
    desk.rounds()
    assert sorted(student for student, _ in desk.graders.graded) == ["s001", "s002", "s003"]
    assert parts(desk, "s001")["double"] == "passed"
    assert parts(desk, "s002") == {
        "double": "not passed yet",
        "noise": "passed",
        "inline_nb_1": "checked after the due date",
    }
    assert "not passed yet" in desk.page("s003")
    assert desk.record("s003").points == 1.0
    assert desk.watch.health.taken == desk.watch.health.graded == 3


def test_of_one_assignment_what_belongs_to_others_is_left_alone(desk: Desk) -> None:
    for name in ("other", NAME):
        (desk.kit.home / f"source/{name}").mkdir(exist_ok=True)
    shutil.copytree(desk.kit.home / f"source/{NAME}", desk.kit.home / "source/other", dirs_exist_ok=True)
    course = desk.kit.home / "course.toml"
    course.write_text(course.read_text().replace(f'["{NAME}"]', f'["{NAME}", "other"]'))
    desk.begin()
    desk.exchange("s001").rename(desk.drop / "s001+other+2026+x")
    (desk.drop / "s002/other").mkdir(parents=True)
    (desk.drop / "s002/other/nb.ipynb").write_text("{}")
    desk.exchange("s003+tag")
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s003+tag"]
    assert desk.watch.drop.refused == {}


def test_a_zip_is_taken_once_its_list_of_entries_is_there(desk: Desk) -> None:
    whole = desk.zip("s001").read_bytes()
    place = desk.drop / "s001.zip"
    for share in (3, 2):
        place.write_bytes(whole[: len(whole) // share])
        desk.rounds(10)
        assert not desk.kept("s001")
        assert desk.watch.drop.arriving == 1
    place.write_bytes(whole)
    desk.rounds(1)
    assert not desk.kept("s001")  # seen once
    desk.rounds(1)
    assert len(desk.kept("s001")) == 1


def test_what_stays_cut_off_is_taken_as_it_is_in_the_end_and_named(desk: Desk) -> None:
    place = desk.zip("s001")
    place.write_bytes(place.read_bytes()[:200])
    desk.rounds(3)
    desk.ticks += drop_folder.STALLED_SECONDS
    desk.rounds(3)
    assert len(desk.kept("s001")) == 1
    assert set(desk.record("s001").waiting) == {"double", "noise", "inline_nb_1"}
    assert desk.record("s001").handed_in
    assert "zip" in desk.page("s001")
    assert drop_folder.CUT_OFF in desk.page("s001")
    assert "This is about your hand-in of " in desk.page("s001")


def test_a_folder_is_taken_once_nothing_in_it_changes(desk: Desk) -> None:
    folder = desk.drop / "s001"
    folder.mkdir()
    desk.rounds(5)
    assert desk.watch.drop.arriving == 0  # an empty folder is no hand-in
    for number in range(4):
        (folder / f"{number}.py").write_text("x = 1\n")
        desk.rounds(2)
    (folder / "nb.ipynb").write_text('{"cells": [')
    desk.rounds(6)
    (folder / "layers.py.filepart").write_text("x")
    (folder / "nb.ipynb").write_text('{"cells": []}\n')
    desk.rounds(6)
    assert not desk.kept("s001")
    (folder / "layers.py.filepart").rename(folder / "layers.py")
    desk.rounds(6)
    assert len(desk.kept("s001")) == 1


def test_nbgraders_exchange_is_taken_once_the_time_is_written(desk: Desk) -> None:
    place = desk.exchange("s001", stamp=False)
    desk.rounds(10)
    assert not desk.kept("s001")
    (place / "timestamp.txt").write_text("2020-01-01 00:00:00 UTC")  # a student can write any time
    desk.rounds()
    assert desk.record("s001").handed_in > "2026-02"
    assert desk.record("s001").handed_in == desk.watch.drop.seen[place.name].signature.changed.isoformat()  # type: ignore[union-attr]


def test_the_time_is_the_kernels(desk: Desk) -> None:
    place = desk.zip("s001")
    os.utime(place, (0, 0))
    desk.rounds()
    changed = datetime.fromtimestamp(place.stat().st_ctime_ns / 1e9, UTC)  # st_ctime is rounded another way
    assert desk.record("s001").handed_in == changed.isoformat()


def test_what_is_no_hand_in_is_named_and_not_waited_for(desk: Desk) -> None:
    os.mkfifo(desk.drop / "s001")
    (desk.drop / "s002").symlink_to("/etc")
    (desk.drop / "s003.zip").symlink_to(desk.zip("s004"))
    (desk.drop / "a%2f..%2fetc").mkdir()
    (desk.drop / "-rf").mkdir()
    (desk.drop / "s005\n").mkdir()
    (desk.drop / "essay.docx").write_text("x")
    (desk.drop / ".s006").mkdir()
    (desk.drop / "s007.zip.part").write_text("x")
    for name in ("a%2f..%2fetc", "-rf", "s005\n"):
        (desk.drop / name / "a.py").write_text("x")
    desk.rounds()
    said = "\n".join(sorted(desk.watch.drop.refused.values()))
    for what in (
        "s001: no ordinary file or folder; delete it",
        "s002: a link, which is not followed",
        "s003.zip: a link, which is not followed",
        "a%2f..%2fetc: 'a%2f..%2fetc' is no student's id; rename it",
        "-rf: '-rf' is no student's id",
        "characters that cannot be shown; rename it",
        "essay.docx: no hand-in; put it into a folder named after its student",
    ):
        assert what in said
    assert len(desk.watch.drop.refused) == 7
    assert [student for student, _ in desk.graders.graded] == ["s004"]
    assert desk.watch.health.refused == sorted(desk.watch.drop.refused.values())


def test_links_and_pipes_inside_a_hand_in_are_not_followed(desk: Desk) -> None:
    desk.kit.submitted = desk.drop
    desk.kit.hand_in("s001")
    (desk.drop / "s001/secret.py").symlink_to(desk.kit.home / f"graders/{NAME}/test_lesson.py")
    os.mkfifo(desk.drop / "s001/pipe.py")
    desk.rounds()
    [place] = desk.kept("s001")
    assert not (place / "files/secret.py").exists()
    assert "secret.py" in desk.page("s001")


def test_a_student_who_is_not_on_the_roster(desk: Desk) -> None:
    (desk.kit.home / "roster.csv").write_text("id,name,email\ns001,Ada Example,s001@uni.example\n")
    desk.settings('roster = "roster.csv"\n')
    desk.zip("s001@uni.example")
    desk.zip("s002")
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s001"]
    assert list(desk.watch.drop.refused.values()) == ["s002.zip: nobody on the roster; complete it"]


@pytest.mark.parametrize(("mode", "setting"), [(0o733, ""), (0o755, "[watch]\ncheck_owner = true\n")])
def test_where_others_may_write_a_name_is_its_owners(mode: int, setting: str, desk: Desk) -> None:
    desk.settings(setting)
    me = pwd.getpwuid(os.getuid()).pw_name
    desk.drop.chmod(mode)
    desk.zip("s001")
    desk.exchange("s002")
    desk.exchange(me)
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == [me]
    said = desk.watch.drop.refused["s001.zip"]
    assert said == f"s001.zip: claims to be of s001 and is owned by {me}; not taken"


def test_owners_count_for_nothing_where_the_settings_say_so(desk: Desk) -> None:
    desk.settings("[watch]\ncheck_owner = false\n")
    desk.drop.chmod(0o777)
    desk.zip("s001")
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s001"]


def test_the_same_again_is_no_other_hand_in(desk: Desk) -> None:
    place = desk.zip("s001")
    desk.rounds()
    os.utime(place)  # a folder that is synchronised once more
    desk.rounds()
    assert len(desk.kept("s001")) == 1
    desk.zip("s001", WRONG)
    desk.rounds()
    assert len(desk.kept("s001")) == 2
    assert parts(desk, "s001")["double"] == "not passed yet"


def test_a_change_deep_in_a_folder_is_seen(desk: Desk) -> None:
    desk.kit.submitted = desk.drop
    desk.kit.hand_in("s001")
    desk.rounds()
    (desk.drop / "s001/cs_lib/layers.py").write_text(WRONG)
    desk.rounds()
    assert parts(desk, "s001")["double"] == "not passed yet"


def test_two_of_one_student_at_once_are_both_kept_and_the_newest_is_shown(desk: Desk) -> None:
    for number, code in enumerate((WRONG, RIGHT, OTHER), 1):
        desk.exchange("s001", code, number)
    desk.graders.hold = True
    desk.rounds()
    desk.graders.hold = False
    desk.rounds()
    assert len(desk.kept("s001")) == 3
    assert parts(desk, "s001")["double"] == "not passed yet"
    assert desk.graders.graded[-1][1] == desk.watch._chosen("s001").now.key


def test_one_student_does_not_fill_the_queue(desk: Desk) -> None:
    for number in range(1, 8):
        desk.exchange("s001", RIGHT + f"# {number}\n", number)
    desk.zip("s002")
    desk.rounds(3)
    assert ("s002", desk.kept("s002")[0].name) in desk.graders.graded
    desk.rounds(20)
    assert len(desk.kept("s001")) == 7


def test_a_hand_in_that_is_replaced_while_it_is_graded(desk: Desk) -> None:
    desk.zip("s001", RIGHT)
    desk.graders.hold = True
    desk.rounds()
    desk.zip("s001", WRONG)
    desk.rounds()
    assert len(desk.kept("s001")) == 2
    desk.graders.hold = False
    desk.rounds(1)
    assert "This is about an earlier hand-in of yours" in desk.page("s001")
    assert parts(desk, "s001")["double"] == "passed"
    desk.rounds()
    assert parts(desk, "s001")["double"] == "not passed yet"
    assert "an earlier hand-in" not in desk.page("s001")


def test_one_that_changes_or_goes_while_it_is_copied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.zip("s001")
    reading = drop_folder.read

    def changed_meanwhile(dropped: drop_folder.Dropped) -> object:
        found = reading(dropped)
        monkeypatch.setattr(drop_folder, "read", reading)
        desk.zip("s001", WRONG)
        return found

    monkeypatch.setattr(drop_folder, "read", changed_meanwhile)
    desk.rounds(2)
    assert not desk.kept("s001")
    desk.rounds()
    assert len(desk.kept("s001")) == 1
    assert parts(desk, "s001")["double"] == "not passed yet"

    def gone(dropped: drop_folder.Dropped) -> object:
        dropped.path.unlink()
        return reading(dropped)

    desk.zip("s002")
    monkeypatch.setattr(drop_folder, "read", gone)
    desk.rounds()
    assert not desk.kept("s002")
    assert "s002.zip" not in desk.watch.drop.seen


@pytest.mark.parametrize("deep", [True, False])
def test_a_folder_that_was_a_link_for_a_moment_is_not_kept(
    deep: bool, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read while it was one may be another student's; no file of the folder has changed."""
    place = desk.exchange("s001")
    swapped, away = (place / "cs_lib" if deep else place), desk.kit.home / "away"
    reading = drop_folder.read

    def through_a_link(dropped: drop_folder.Dropped) -> object:
        swapped.rename(away)
        swapped.symlink_to(away)
        swapped.unlink()
        away.rename(swapped)
        monkeypatch.setattr(drop_folder, "read", reading)
        return reading(dropped)

    monkeypatch.setattr(drop_folder, "read", through_a_link)
    desk.rounds(2)
    assert drop_folder.read is reading
    assert not desk.kept("s001")
    desk.rounds()
    assert len(desk.kept("s001")) == 1  # it is looked at again


def test_what_programs_leave_beside_a_hand_in_is_no_change(desk: Desk) -> None:
    place = desk.exchange("s001")
    desk.rounds(1)
    (place / ".ipynb_checkpoints").mkdir()
    desk.rounds()
    (place / ".ipynb_checkpoints").rmdir()
    desk.rounds()
    assert len(desk.kept("s001")) == 1


def test_one_that_may_not_be_read_is_named_and_taken_once_it_may(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    desk.zip("s001")
    with monkeypatch.context() as patch:
        patch.setattr(drop_folder, "opened", refused)
        desk.rounds()
        [said] = desk.watch.drop.refused.values()
        assert said == "s001.zip: cannot be read (Permission denied); looked at again"
    desk.rounds()
    assert len(desk.kept("s001")) == 1
    assert desk.watch.drop.refused == {}


def test_a_folder_that_is_gone_for_a_while(desk: Desk) -> None:
    desk.zip("s001")
    away = desk.drop.rename(desk.drop.with_name("away"))
    desk.rounds()
    assert "drop: cannot be read (No such file or directory)" in desk.watch.health.trouble
    away.rename(desk.drop)
    desk.rounds()
    assert len(desk.kept("s001")) == 1
    assert desk.watch.health.trouble == ""


# attempts and the due date


def test_attempts_beyond_the_limit_are_kept_named_and_graded_once_the_date_is_over(desk: Desk) -> None:
    desk.kit.write_settings("[late]\ndue = 2100-02-01T12:00:00Z\n")
    desk.settings("[watch]\nattempts = 2\n")
    for number, code in enumerate((WRONG, WRONG + "# 2", RIGHT, RIGHT + "# 4"), 1):
        desk.exchange("s001", code, number)
        desk.rounds(4)
    assert len(desk.kept("s001")) == 4
    assert len(desk.graders.graded) == 2
    assert parts(desk, "s001")["double"] == "not passed yet"
    assert "Hand-in 2 of 2 that are graded before the due date." in desk.page("s001")
    assert "Kept, and not graded: " in desk.page("s001")
    desk.today = datetime(2100, 2, 1, 12, 0, 1, tzinfo=UTC)
    desk.rounds()
    assert desk.record("s001").points == 5.0
    assert "5</strong> <span>of 7 points so far" in desk.page("s001")
    assert desk.results("s001")["score"] == 5.0
    assert len(desk.graders.graded) == 3


def test_the_newest_is_graded_when_its_turn_comes(desk: Desk) -> None:
    desk.settings("[watch]\nevery_minutes = 60\n")
    desk.zip("s001", WRONG)
    desk.rounds()
    desk.zip("s001", OTHER)
    desk.rounds()
    desk.zip("s001", RIGHT)
    desk.rounds()
    assert len(desk.graders.graded) == 1
    assert "is kept. It is graded at" in desk.page("s001")
    desk.today = datetime.now(UTC) + timedelta(minutes=61)
    desk.rounds()
    assert desk.graders.graded[1:] == [("s001", desk.watch._chosen("s001").now.key)]
    assert parts(desk, "s001")["double"] == "passed"


def test_a_clock_that_is_set_back_holds_nobody_up_and_takes_no_page_back(desk: Desk) -> None:
    desk.kit.write_settings(DUE)
    desk.settings("[watch]\nevery_minutes = 60\n")
    desk.zip("s001", WRONG)
    desk.rounds()
    assert desk.watch.health.after_due
    full = desk.page("s001")
    assert "of 7 points" in full
    desk.today = BEFORE
    desk.rounds()
    assert desk.page("s001") == full
    desk.begin()  # and another run, by the clock as it is
    desk.zip("s002")
    desk.zip("s001", RIGHT)
    desk.rounds()
    assert "parts passed" in desk.page("s002")
    assert parts(desk, "s001")["double"] == "passed"
    assert len(desk.kept("s001")) == 2


def test_full_pages_wait_for_the_latest_extension_and_the_days_of_grace(desk: Desk) -> None:
    (desk.kit.home / "roster.csv").write_text("id,extension_days\ns001,\ns002,3\n")
    desk.kit.write_settings(DUE + "grace_days = 1\n")
    desk.today = BEFORE
    desk.settings('roster = "roster.csv"\n')
    desk.zip("s001")
    desk.rounds()
    assert desk.watch.opens == datetime(2026, 2, 5, 12, tzinfo=UTC)
    assert "from 5 February 2026, 12:00 (UTC) on" in desk.page("s001")
    for day, full in ((4, False), (5, True)):
        desk.today = datetime(2026, 2, day, 12, 0, 1, tzinfo=UTC)
        desk.rounds()
        assert ("of 7 points" in desk.page("s001")) is full
    assert len(desk.graders.graded) == 1  # the record is the same; only the page is another


def test_one_that_cannot_be_read_does_not_count_while_another_can(desk: Desk) -> None:
    desk.zip("s001")
    desk.rounds()
    (desk.drop / "s001.zip").write_bytes(b"PK\x03\x04 broken")
    desk.rounds(3)
    desk.ticks += 100
    desk.rounds(4)
    assert desk.record("s001").points == 0.0
    desk.kit.write_settings("[late]\ndue = 2100-02-01T12:00:00Z\n")
    desk.today = datetime(2100, 2, 2, tzinfo=UTC)
    desk.begin()
    desk.rounds()
    assert desk.record("s001").points == 5.0


def test_no_second_run_in_the_same_folder(desk: Desk) -> None:
    with desk.watch.store.locked(), pytest.raises(RecordError, match="another run is at work here"):
        desk.watch.run()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("attempts = -1", r"course\.toml:5: attempts: expected a whole number, 0 or more, got -1"),
        ("attempts = 1.5", "attempts: expected a whole number, 0 or more, got 1.5"),
        ('every_minutes = "1 h"', "every_minutes: expected a number, 0 or more, got '1 h'"),
        ("settle_seconds = true", "settle_seconds: expected a number, 0 or more, got True"),
        ('before_due = "points"', 'before_due: expected "visible" or "pass-fail" or "hints" or "all"'),
        ("check_owner = 1", "check_owner: expected true or false, got 1"),
        ("trys = 3", "the unknown key watch.trys"),
    ],
)
def test_settings_are_checked(line: str, said: str, desk: Desk) -> None:
    with pytest.raises(CourseError, match=said):
        desk.settings(f"[watch]\n{line}\n")


def test_settings_that_change_begin_another_run_and_broken_ones_do_not(desk: Desk) -> None:
    course = desk.kit.home / "course.toml"
    before = course.read_text()
    watch, files = desk.watch, desk.watch.course_changes

    def look(count: int = 2) -> None:
        for _ in range(count):
            files.seen = -1e9
            desk.rounds(1)

    course.write_text(before + "[watch]\nattempts = -1\n")
    look()
    assert not watch.stopping
    assert (
        "got -1; correct it or delete the line; until then the settings of before hold"
        in watch.health.trouble
    )
    course.write_text(before + "[watch]\nattempts = 11\n")
    look(1)
    assert not watch.changed  # it may be half written
    look(1)
    assert watch.changed
    assert watch.stopping


def test_who_hands_in_a_hundred_times_is_taken_once_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MANY", 2)
    for number in range(1, 6):
        desk.exchange("s001", RIGHT + f"# {number}\n", number)
    desk.rounds(10)
    assert len(desk.kept("s001")) == 3
    desk.watch.taking.held.clear()
    desk.rounds()
    assert len(desk.kept("s001")) == 4


def test_who_replaces_large_hand_ins_is_taken_ever_less_often(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quota on the drop folder does not bound what is kept of what was replaced."""
    size = desk.zip("s001", RIGHT).stat().st_size
    monkeypatch.setattr(taking, "HEAVY", size - 20)
    waits = []
    for number in range(3):
        desk.zip("s001", RIGHT + f"# {number}\n")
        before = time.monotonic()
        desk.rounds()
        waits.append(desk.watch.taking.held.pop("s001") - before)
    assert [round(wait / taking.HELD_SECONDS) for wait in waits] == [2, 4, 8]
    assert len(desk.kept("s001")) == 3


def test_thousands_of_entries_are_looked_at_less_often(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(health.SHOWN + 20):
        (desk.drop / f"essay{number:03}.docx").touch()
    clock = itertools.count()  # each look at the clock is a second later
    monkeypatch.setattr(drop_folder, "monotonic", lambda: float(next(clock)))
    desk.rounds(1)
    assert desk.watch.drop.took >= 1.0
    desk.rounds(3)
    assert desk.watch.drop.looks == 1  # the next look waits so long
    desk.watch._count(at_once=True)
    written = json.loads((desk.out / health.HEALTH).read_text())
    assert len(written["refused"]) == health.SHOWN + 1
    assert written["refused"][-1] == "and 20 more"
    assert 'refused{assignment="lesson"} 120' in (desk.out / health.COUNTERS).read_text()


def test_what_never_rests_is_named_and_nobody_waits_for_it(desk: Desk) -> None:
    desk.begin(once=True)
    for number in range(4):
        (desk.drop / "s001").mkdir(exist_ok=True)
        (desk.drop / "s001/nb.ipynb").write_text("x" * number)
        desk.rounds(1)
    assert desk.watch.drop.refused == {}
    assert not desk.watch._is_over()
    desk.ticks += drop_folder.RESTLESS_SECONDS
    (desk.drop / "s001/nb.ipynb").write_text("other")
    desk.rounds(1)
    assert desk.watch.drop.refused == {"s001": f"s001: {drop_folder.RESTLESS}"}
    assert desk.watch._is_over()
    assert not desk.kept("s001")
    (desk.drop / "s001/nb.ipynb").write_text(notebook(POINTS, "Because."))
    desk.rounds()
    assert desk.watch.drop.refused == {}
    assert len(desk.kept("s001")) == 1


def test_points_typed_in_formgrader_are_noted_before_another_answer_comes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a class that was graded once, and is watched again."""
    noted: list[tuple[str, bool]] = []
    locked = [GradebookError("database is locked")]

    def note(url: object, assignment: object, changes: list[tuple[Record | None, Record]]) -> None:
        for error in locked:
            raise error
        noted.extend((after.student, before is not None) for before, after in changes)

    monkeypatch.setattr(watching, "note_typed", note)
    desk.zip("s001")
    desk.rounds()
    assert desk.record("s001").points == 5.0  # there is no gradebook
    (desk.out / "gradebook.db").touch()
    desk.zip("s001", WRONG)
    desk.rounds()
    assert desk.record("s001").points == 5.0
    assert desk.watch.health.trouble == "a result is not written, and tried again: database is locked"
    locked.clear()
    desk.rounds()
    assert noted == [("s001", True)]
    assert desk.record("s001").points == 1.0
    assert desk.watch.health.trouble == ""


def test_without_an_assignment_the_course_has_one() -> None:
    with pytest.raises(
        CourseError, match="expected the name of an assignment, one of assignment1, assignment2"
    ):
        cli._only_one()


def test_folders_without_end_stop_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = drop_folder._signature

    def deep(place: Path) -> drop_folder.Signature:
        if place.name == "s001":
            raise RecursionError
        return looked(place)

    monkeypatch.setattr(drop_folder, "_signature", deep)
    (desk.drop / "s001").mkdir()
    desk.zip("s002")
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s002"]
    assert list(desk.watch.drop.refused.values()) == [
        "s001: cannot be read (RecursionError); look at it by hand"
    ]


def test_what_breaks_while_it_is_copied_stops_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = drop_folder.read

    def broken(dropped: drop_folder.Dropped) -> object:
        if dropped.student == "s001":
            raise MemoryError
        return reading(dropped)

    monkeypatch.setattr(drop_folder, "read", broken)
    desk.zip("s001")
    desk.zip("s002")
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s002"]
    assert desk.watch.health.trouble == "s001.zip is not kept, and tried again: MemoryError"


def test_who_has_withdrawn_is_kept_and_not_graded(desk: Desk) -> None:
    desk.zip("s001")
    desk.rounds()
    desk.watch.store.withdraw("s001")
    desk.begin()
    desk.zip("s001", WRONG)
    desk.rounds()
    assert len(desk.kept("s001")) == 2
    assert desk.graders.graded == []


def test_other_people_of_this_machine_cannot_look_into_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching.Warm, "start", lambda self: None)
    desk.out.chmod(0o755)
    desk.watch.stop()
    desk.watch.run()
    assert desk.out.stat().st_mode & 0o777 == 0o750


def test_a_class_that_was_watched_is_collected_and_graded(desk: Desk) -> None:
    desk.zip("s001", WRONG)
    desk.exchange("s002")
    desk.rounds()
    desk.exchange("s001", RIGHT, 2)
    desk.rounds()
    to = desk.out / "hand-ins"
    report = Collector(desk.assignment, to).collect([])
    assert (report.students, report.hand_ins) == (2, 3)
    refuse_overlap(to, desk.out)
    found = {source.student: read(source, desk.assignment) for source in find(to, desk.assignment)}
    assert b"2 * x" in found["s001"].package["cs_lib/layers.py"]
    same = digests.hashes(desk.assignment, found["s002"])
    assert same == desk.record("s002").hashes  # so it is not graded again
