"""The grader is killed at many points of a run; the outcome is that of a run nobody disturbed."""

import os
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from autograder.errors import RecordError
from autograder.records import changes as regrade
from autograder.records import record
from autograder.records.store import COMPARED, Store
from tests.kept import records_in
from tests.small_kit import Kit, records_of
from tests.test_record import sample

SLOW_GRADERS = """
import time

from autograder.checks.checks import Case, cases, close


@cases("double", Case("small", x=2), Case("large", x=10**6), Case("negative", kind="edge", x=-3))
def test_double(student, case):
    time.sleep(0.01)
    close(student.call("layers.double", case.x), 2 * case.x, name="out", rtol=0)


@cases("noise", Case("mean"))
def test_noise(student, case):
    assert student.call("layers.noise", 100).shape == (100,)
"""


def stages(submissions: int, kills: int) -> list[tuple[str, int]]:
    """Points of a run, in its order: so many records made, moved, or pages written."""
    draw = random.Random(5)
    late = max(1, kills // 6)
    early = range(1, submissions // 2 + 1)  # so that there is much to do yet, when the run is killed
    made = [("pending/s*.json", n) for n in sorted(draw.sample(early, kills - 2 * late))]
    moved = [("records/s*.json", n) for n in sorted(draw.sample(range(1, submissions), late))]
    pages = [("feedback/s*.html", n) for n in sorted(draw.sample(range(1, submissions), late))]
    return [*made, *moved, *pages]


def kill_at(kit: Kit, out: Path, pattern: str, count: int) -> bool:
    """Start a run and kill it once so many files are there; False if it was done before."""
    run = kit.start(out, "--jobs", "2")
    try:
        while run.poll() is None:
            if len(list(out.glob(pattern))) >= count:
                break
            time.sleep(0.002)
    finally:
        run.send_signal(signal.SIGKILL)
        run.communicate()
    return run.returncode == -signal.SIGKILL


def gradebook_rows(out: Path) -> list[tuple]:
    query = """select a.student_id, c.name, g.auto_score, g.needs_manual_grade
        from grade g join submitted_notebook n on g.notebook_id = n.id
        join submitted_assignment a on n.assignment_id = a.id
        join base_cell c on g.cell_id = c.id order by 1, 2"""
    with sqlite3.connect(out / "gradebook.db") as db:
        return db.execute(query).fetchall()


def files(out: Path) -> dict[str, int]:
    return {name: len(list((out / name).iterdir())) for name in ("records", "pending", "feedback")}


@pytest.mark.parametrize(("submissions", "kills"), [(10, 4), pytest.param(30, 12, marks=pytest.mark.long)])
def test_killed_at_many_points_and_resumed(kit: Kit, tmp_path: Path, submissions: int, kills: int) -> None:
    kit.write_graders(SLOW_GRADERS)
    students = kit.hand_in_many(submissions)
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    assert kit.grade(calm).returncode == 1  # answers to read
    hits = sum(kill_at(kit, killed, *stage) for stage in stages(submissions, kills))
    assert hits >= kills // 2  # the rest may come too late, when the run is already done
    last = kit.grade(killed)
    assert last.returncode == 1, last.stderr
    assert list(records_of(killed)) == students
    assert records_of(killed) == records_of(calm)
    assert gradebook_rows(killed) == gradebook_rows(calm)
    assert (killed / "grades.csv").read_text() == (calm / "grades.csv").read_text()
    assert files(killed) == files(calm) == {"records": submissions, "pending": 0, "feedback": submissions}
    assert (killed / COMPARED).read_text() == "[]\n"
    assert {path.name for path in killed.iterdir()} == {path.name for path in calm.iterdir()}


def test_a_record_is_graded_once_however_often_the_run_is_killed(kit: Kit, tmp_path: Path) -> None:
    kit.write_graders(SLOW_GRADERS.replace("0.01", "0.2"))
    students = kit.hand_in_many(6)
    out = tmp_path / "out"
    assert kill_at(kit, out, "pending/s*.json", 3)
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "pending").glob("s*.json")}
    assert kit.grade(out).returncode == 1
    after = {path.name: path.stat().st_mtime_ns for path in (out / "records").iterdir()}
    assert len(after) == len(students)
    assert {name: after[name] for name in kept} == kept


def test_nothing_of_a_killed_run_goes_on_working(kit: Kit, tmp_path: Path) -> None:
    kit.write_graders(SLOW_GRADERS.replace("0.01", "30"))
    kit.hand_in_many(2)
    run = kit.start(tmp_path / "out", "--jobs", "2")
    deadline = time.monotonic() + 300
    while len(processes_in(kit.home)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # until the sandboxes run
    run.kill()
    run.communicate()
    while processes_in(kit.home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_in(kit.home) == []


def processes_in(folder: Path) -> list[int]:
    """Processes that were started with this kit."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{folder}{os.pathsep}".encode() in path.read_bytes():  # in its PYTHONPATH
                found.append(int(path.parent.name))
        except OSError:  # gone, or someone else's
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_killed_between_comparing_and_moving_the_list_of_changes_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    students = ("s001", "s002", "s003")
    for student in students:
        store.save(sample(student))
    changes = [regrade.Change(s, "c", "nb", 1.0, 2.0, 2.0, 2.0, "new graders", ()) for s in students]
    store.compared(regrade.as_json(changes))
    store.published.mkdir()
    (store.pending / "s001.json").rename(store.published / "s001.json")  # here it is killed
    Store(tmp_path).publish()
    assert regrade.from_json((tmp_path / COMPARED).read_text()) == changes
    assert [r.student for r in records_in(tmp_path / "records")] == list(students)
    assert list(store.pending.iterdir()) == []


def test_a_damaged_record_does_not_take_the_place_of_a_good_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record.save(sample("s001"), store.published)
    store.save(sample("s002"))
    (store.pending / "s001.json").write_text("")
    assert [graded.student for graded in store.fresh()] == ["s002"]
    store.compared("[]")
    store.publish()
    assert [r.student for r in records_in(store.published)] == ["s001", "s002"]


def test_halves_of_files_are_swept_away(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records/.s001.json.abc.part").write_text("{")
    (tmp_path / ".gradebook-xyz").mkdir()
    (tmp_path / ".gradebook-xyz/gradebook.db").write_text("half")
    with Store(tmp_path).locked():
        pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".gitignore", ".lock", "records"]


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        Store(tmp_path).locked(),
        pytest.raises(RecordError, match="another run is at work here; wait until it is done"),
        Store(tmp_path).locked(),
    ):
        pass


def test_a_student_may_be_called_changes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(sample("changes"))
    assert [r.student for r in store.fresh()] == ["changes"]
    store.compared("[]\n")
    store.publish()
    assert [r.student for r in records_in(tmp_path / "records")] == ["changes"]
    assert (tmp_path / COMPARED).read_text() == "[]\n"
