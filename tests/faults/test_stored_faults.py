"""A fault of ours is tried again by every run, stops a run that has no hope, and never replaces a result."""

import json
import os
import signal
import struct
import subprocess
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from autograder.judge.task import Task
from autograder.records.record import Hashes, Record
from autograder.records.store import Store
from autograder.runs import grade as run
from autograder.workers import pool, process
from tests.pool.test_pool import plan, serving, tasks
from tests.small_kit import GRADERS, Kit, records_of

FAULTY = GRADERS.replace(
    "    close(", "    if Path('SWITCH').exists():\n        raise MemoryError('no memory')\n    close("
).replace("\nfrom", "\nfrom pathlib import Path\n\nfrom", 1)  # as long as there is such a file


def test_a_stored_fault_is_graded_again_until_it_is_whole(kit: Kit, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kit.hand_in("s001")
    switch = tmp_path / "switch"
    switch.write_text("")
    kit.write_graders(FAULTY.replace("SWITCH", str(switch)))
    first = kit.grade(out)
    assert first.returncode == 1
    assert "no memory" in records_of(out)["s001"]["fault"]
    assert "s001  not graded as a whole, by a fault of ours: MemoryError: no memory; the same" in first.stdout
    switch.unlink()
    assert kit.grade(out).returncode == 0
    assert (records_of(out)["s001"]["fault"], records_of(out)["s001"]["grades"]["double"]["points"]) == (
        "",
        4.0,
    )
    again = kit.grade(out, "--json")
    assert json.loads(again.stdout)["graded_again"] == 0


def test_a_good_result_stays_where_it_cannot_be_made_again(kit: Kit, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kit.hand_in("s001")
    kit.hand_in("s002")
    switch = tmp_path / "switch"
    kit.write_graders(FAULTY.replace("SWITCH", str(switch)))
    assert kit.grade(out).returncode == 0
    before = records_of(out)
    switch.write_text("")
    kit.write_graders(FAULTY.replace("SWITCH", str(switch)) + "\n# changed\n")
    done = kit.grade(out, "--json")
    assert done.returncode == 1
    for student in json.loads(done.stdout)["students"]:
        assert "not graded again, so the result of before stays: MemoryError" in student["problems"][-1]
    assert records_of(out) == before
    assert not list((out / "pending").glob("*"))


CUT_OFF = """
import os as _os

_read = read


def read(source, assignment):
    if _os.path.exists({switch!r}):
        {what}
    return _read(source, assignment)
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("_os.kill(_os.getpid(), 11)", "ends the process that works on it (SIGSEGV)"),
        ("_os._exit(1)", "ends the process that works on it (it left)"),
        ("raise MemoryError", "needs more than 2048 MB of memory"),
    ],
    ids=["crash", "exit", "memory"],
)
def test_a_reader_that_ends_replaces_no_result(kit: Kit, tmp_path: Path, what: str, said: str) -> None:
    out, switch = tmp_path / "out", tmp_path / "switch"
    kit.hand_in("s001")
    assert kit.grade(out).returncode == 0
    before = records_of(out)
    switch.write_text("")
    kit.copy_engine()
    with (kit.home / "autograder/intake/__init__.py").open("a") as code:
        code.write(CUT_OFF.format(switch=str(switch), what=what))
    done = kit.grade(out)
    assert done.returncode == 1
    assert f"so the result of before stays: the hand-in {said} to be read" in done.stdout
    assert records_of(out) == before
    switch.unlink()
    again = kit.grade(out, "--json")
    assert (again.returncode, json.loads(again.stdout)["graded_again"]) == (0, 1)
    assert records_of(out)["s001"]["fault"] == ""


def test_one_fault_of_all_stops_the_run_early(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in_many(run.HOPELESS + 4)
    switch = tmp_path / "switch"
    switch.write_text("")
    kit.write_graders(FAULTY.replace("SWITCH", str(switch)))
    done = kit.grade(tmp_path / "out", "--jobs", "1")
    assert done.returncode != 0
    assert f"the first {run.HOPELESS} hand-ins could all not be graded, for one reason" in done.stderr
    assert "no memory" in done.stderr
    assert len(list((tmp_path / "out/pending").glob("s*.json"))) == run.HOPELESS


@pytest.mark.parametrize("many", [1, pytest.param(3, marks=pytest.mark.long)])
def test_one_fault_of_all_of_a_small_class_is_said_in_one_sentence(
    kit: Kit, tmp_path: Path, many: int
) -> None:
    kit.hand_in_many(many)
    kit.write_graders(FAULTY.replace("SWITCH", "/"))
    done = kit.grade(tmp_path / "out")
    who = "None of the 3 hand-ins" if many == 3 else "No hand-in"
    said = f"{who} could be graded as a whole, for one reason: MemoryError: no memory; put that right and"
    assert (done.returncode, done.stdout.count(said)) == (1, 1)
    again = json.loads(kit.grade(tmp_path / "out", "--json").stdout)
    assert again["fault"].startswith(said)


def test_a_frozen_grading_process_is_ended_and_its_task_done_elsewhere(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.5)
    monkeypatch.setattr(pool, "BEAT_SECONDS", 0.5)
    kit.copy_engine()
    students = kit.hand_in_many(3)
    seen: dict[str, Record | None] = {}
    frozen: list[int] = []
    began = time.monotonic()

    def emit(task: Task, record: Record | None) -> None:
        seen[task.source.student] = record
        if not frozen:
            # Another has to start within this time, on a busy machine too.
            monkeypatch.setattr(process, "QUIET_SECONDS", max(8.0, 4 * (time.monotonic() - began)))
            frozen.extend(serving(kit.home))
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)

    pool.run(plan(kit), tasks(kit), 1, emit)
    assert frozen
    assert sorted(seen) == students
    assert all(record is not None and not record.fault for record in seen.values())
    assert not serving(kit.home)
    said = f"ended by us (it had said nothing for {process.QUIET_SECONDS:g} s)"
    assert said in capsys.readouterr().err


def test_a_process_that_freezes_in_the_middle_of_a_message_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "QUIET_SECONDS", 1.0)
    for step in ("receive", "send"):
        one = object.__new__(process.GradingProcess)
        one.process = subprocess.Popen(["sleep", "60"])
        ours, theirs = process.patient_pair()
        one.pipe, one.quiet = Connection(ours.detach()), 0.0
        if step == "receive":
            theirs.send(struct.pack("!i", 1000) + b"record half")
            assert one.receive() is None
            one.process.kill()
        else:
            one.send(bytes(1 << 24))
        one.end()
        assert one.how_it_ended() == "by us (it had said nothing for 1 s)"
        theirs.close()


def test_a_stop_of_our_own_side_counts_for_a_beat_only(kit: Kit) -> None:
    one = object.__new__(process.GradingProcess)
    one.quiet = 0.0
    assert not one.waited(3600.0)
    assert one.quiet == process.BEAT_SECONDS
    assert [one.waited(process.BEAT_SECONDS) for _ in range(11)][-1]


def test_a_record_with_a_fault_is_as_good_as_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = Record("s001", "lesson", "none", Hashes("a", "b", "c"), {})
    store.save(record)
    assert store.known("s001") == record.hashes
    store.save(replace(record, fault="no memory"))
    assert store.known("s001") is None
