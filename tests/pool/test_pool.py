"""Many submissions by local processes: the same results whatever the number and the order."""

import json
import os
import pickle
import signal
import time
from pathlib import Path

import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.errors import GradingError
from autograder.judge.task import Task
from autograder.records.record import Record
from autograder.sandbox.level import probe, unsafe
from autograder.workers import pool
from autograder.workers.pool import Plan
from autograder.workers.process import GradingProcess
from tests.small_kit import NAME, WRONG, Kit, records_of, timeless

AGAIN = "the same command tries it again; if it comes to the same, look at it by hand"


def plan(kit: Kit, **changes: object) -> Plan:
    return Plan(**{"assignment": NAME, "root": kit.home, "level": probe(), "home": kit.home} | changes)  # type: ignore[arg-type]


def tasks(kit: Kit) -> list[Task]:
    return [Task(source) for source in intake.find(kit.submitted, course.load(NAME, kit.home))]


def graded(kit: Kit, jobs: int, backwards: bool = False) -> dict[str, dict]:
    records: dict[str, dict] = {}

    def keep(task: Task, record: Record | None) -> None:
        assert record is not None
        assert task.source.student == record.student
        assert record.student not in records
        records[record.student] = timeless(json.loads(record.to_json()))

    todo = tasks(kit)
    pool.run(plan(kit), todo[::-1] if backwards else todo, jobs, keep)
    return dict(sorted(records.items()))


def test_results_do_not_depend_on_processes_or_order(kit: Kit) -> None:
    students = kit.hand_in_many(7)
    alone = graded(kit, 1)
    assert list(alone) == students
    assert graded(kit, 3, backwards=True) == alone


def test_no_submissions_need_no_process(kit: Kit) -> None:
    pool.run(plan(kit), [], 4, lambda *_: pytest.fail("nothing was to be graded"))


def test_graders_that_do_not_load_stop_the_run(kit: Kit) -> None:
    kit.write_graders("import no_such_module")
    kit.hand_in("s001")
    with pytest.raises(GradingError, match=r"hidden graders do not load(.|\n)*no_such_module"):
        graded(kit, 1)


def test_a_process_that_cannot_start_stops_the_run(kit: Kit, capfd: pytest.CaptureFixture[str]) -> None:
    (kit.home / "autograder/workers/serve.py").write_text("raise SystemExit('broken kit')\n")
    kit.hand_in("s001")
    with pytest.raises(GradingError, match=r"3 grading processes in a row .* with exit code 1 \(what it"):
        graded(kit, 1)
    assert capfd.readouterr().err.count("broken kit") == 3


def end_at_the_start(kit: Kit, marks: Path, sign: signal.Signals, times: int) -> None:
    """So many grading processes are ended from outside, as it were, before they are ready."""
    marks.mkdir()
    serve = kit.home / "autograder/workers/serve.py"
    ending = f"""if __name__ == "__main__":
    import os, pathlib

    marks = pathlib.Path({str(marks)!r})
    if len(list(marks.iterdir())) < {times}:
        (marks / str(os.getpid())).touch()
        os.kill(os.getpid(), {int(sign)})
"""
    serve.write_text(serve.read_text().replace('if __name__ == "__main__":\n', ending))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_is_ended_at_its_start_is_replaced(
    kit: Kit, tmp_path: Path, sign: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    end_at_the_start(kit, tmp_path / "marks", sign, 2)
    kit.hand_in("s001")
    assert graded(kit, 1)["s001"]["grades"]["double"]["points"] == 4.0
    assert len(list((tmp_path / "marks").iterdir())) == 2
    said = f"autograder: a grading process ended by {sign.name} before it was ready; another is started\n"
    assert capsys.readouterr().err == 2 * said


def test_processes_that_are_all_ended_at_their_start_stop_the_run(kit: Kit, tmp_path: Path) -> None:
    end_at_the_start(kit, tmp_path / "marks", signal.SIGTERM, 99)
    kit.hand_in("s001")
    with pytest.raises(GradingError, match=r"3 grading processes in a row .* the last one by SIGTERM; put"):
        graded(kit, 1)
    assert len(list((tmp_path / "marks").iterdir())) == 3


KILLER = """
import os
from pathlib import Path

from autograder.checks.checks import Case, cases

MARKS = Path({marks!r})


@cases("double", Case("small"))
def test_double(student, case):
    answer = student.call("layers.double", 1)
    if answer == 3 and len(list(MARKS.iterdir())) < {deaths}:
        (MARKS / str(os.getpid())).touch()
        os.kill(os.getpid(), 9)


@cases("noise", Case("mean"))
def test_noise(student, case):
    student.call("layers.noise", 100)
"""


ENDLESS = """
import re
from autograder.checks.checks import Case, cases


@cases("double", Case("small"))
def test_double(student, case):
    if student.call("layers.double", 1) == 3:
        re.match(r"(a+)+$", "a" * 64 + "b")  # holds Python's lock: no thread could stop it


@cases("noise", Case("mean"))
def test_noise(student, case):
    student.call("layers.noise", 100)
"""


def test_a_hand_in_that_holds_the_judge_up_is_left_to_a_person(
    kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.write_graders(ENDLESS)
    students = kit.hand_in_many(3)
    kit.hand_in(students[0])
    kit.hand_in(students[1], WRONG)  # 1 + 2 = 3
    records: dict[str, Record] = {}
    pool.run(plan(kit, seconds=20.0), tasks(kit), 1, lambda task, r: records.update({task.source.student: r}))
    assert [records[s].grades["double"].points for s in students] == [4.0, None, 4.0]
    assert records["s001"].problems == (f"grading took more than 20 seconds; {AGAIN}",)
    said = "s001: grading took more than 20 seconds; its process is ended, and it needs review"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("deaths", "points"), [(2, 4.0), (3, None)])
def test_what_a_dying_process_had_in_hand(
    kit: Kit, tmp_path: Path, deaths: int, points: float | None, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    kit.write_graders(KILLER.format(marks=str(marks), deaths=deaths))
    students = kit.hand_in_many(5)
    for number, student in enumerate(students):
        if number != 3:
            kit.hand_in(student)
    kit.hand_in(students[3], WRONG)  # 1 + 2 = 3
    records = graded(kit, 2)
    assert list(records) == students
    assert [r["grades"]["double"]["points"] for s, r in records.items() if s != students[3]] == [4.0] * 4
    assert records[students[3]]["grades"]["double"]["points"] == points
    if points is None:
        assert records[students[3]]["problems"] == [f"grading ended 3 grading processes; {AGAIN}"]
    said = capsys.readouterr().err.splitlines()
    ended = "autograder: s003: its grading process ended by SIGKILL; "
    assert said[:2] == [f"{ended}it is graded again in another"] * 2
    assert said[2:] == [f"{ended}after 3 of them it needs review"] * (deaths - 2)


def test_a_plan_names_its_level(kit: Kit) -> None:
    assert plan(kit, level="none").level_name == plan(kit, level=unsafe()).level_name == "none"


SLOW = """
import time

from autograder.checks.checks import Case, cases


@cases("double", Case("small"))
def test_double(student, case):
    time.sleep(0.3)
    assert student.call("layers.double", 1) == 2


@cases("noise", Case("mean"))
def test_noise(student, case):
    pass
"""


def test_killed_grading_processes_lose_nothing(kit: Kit, tmp_path: Path) -> None:
    kit.write_graders(SLOW)
    students = kit.hand_in_many(12)
    for student in students:
        kit.hand_in(student)
    run = kit.start(tmp_path / "out", "--jobs", "2")
    killed: set[int] = set()
    while run.poll() is None and len(killed) < 2:
        time.sleep(0.02)
        fresh = [pid for pid in serving(kit.home) if pid not in killed]
        if fresh and list((tmp_path / "out/pending").glob("s*.json")):
            os.kill(fresh[0], signal.SIGKILL)
            killed.add(fresh[0])
    _, complaint = run.communicate()
    assert run.returncode == 0, complaint
    assert len(killed) == 2
    assert complaint.count("ended by SIGKILL") == 2
    records = records_of(tmp_path / "out")
    assert list(records) == students
    assert {record["grades"]["double"]["points"] for record in records.values()} == {4.0}


def serving(home: Path) -> list[int]:
    """Grading processes of this kit."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"PYTHONPATH={home}".encode() in (path / "environ").read_bytes()
            if mine and b"autograder.workers.serve" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def test_another_environment_is_refused(kit: Kit) -> None:
    kit.hand_in("s001")
    elsewhere = plan(kit, environment=("Python 2.7", "NumPy 1.0", "Plan 9 on vax"))
    with pytest.raises(GradingError, match=r"this worker has Python 3.*started with Python 2\.7, NumPy 1\.0"):
        pool.run(elsewhere, tasks(kit), 1, lambda *_: None)


def test_a_level_that_is_not_to_be_had_is_refused(kit: Kit) -> None:
    kit.hand_in("s001")
    with pytest.raises(GradingError, match="isolation level 'moat' is not to be had here"):
        pool.run(plan(kit, level="moat"), tasks(kit), 1, lambda *_: None)


def test_a_level_may_be_given_by_name(kit: Kit) -> None:
    kit.hand_in("s001")
    seen: list[Record | None] = []
    pool.run(plan(kit, level="none"), tasks(kit), 1, lambda _, record: seen.append(record))
    assert [record.isolation for record in seen if record] == ["none"]


def test_an_unchanged_submission_is_reported_as_such(kit: Kit) -> None:
    kit.hand_in("s001")
    seen: list[Record | None] = []
    pool.run(plan(kit), tasks(kit), 1, lambda _, record: seen.append(record))
    [first] = seen
    assert first is not None
    [task] = tasks(kit)
    pool.run(plan(kit), [Task(task.source, first.hashes)], 1, lambda _, record: seen.append(record))
    assert seen[1:] == [None]


def test_a_submission_may_travel_with_its_task(kit: Kit) -> None:
    kit.hand_in("s001")
    [task] = tasks(kit)
    read = intake.read(task.source, course.load(NAME, kit.home))
    gone = intake.Source("s001", Path("/no/such/folder"))
    seen: list[Record | None] = []
    pool.run(plan(kit), [Task(gone, None, read)], 1, lambda _, record: seen.append(record))
    assert [record.grades["double"].points for record in seen if record] == [4.0]


def test_a_grading_process_ends_when_asked_to(kit: Kit) -> None:
    process = GradingProcess(kit.home, pickle.dumps(plan(kit)))
    assert process.receive() == ("ready", "")
    process.end()
    assert process.process.returncode == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--isolation", "seccomp", "isolation level 'seccomp' is not to be had here"),
        (
            "--scheduler",
            "tcp://127.0.0.1:9",
            "--scheduler needs distributed, which is not there; pip install",
        ),
    ],
)
def test_what_this_machine_does_not_have_is_named(
    kit: Kit, tmp_path: Path, option: str, value: str, message: str
) -> None:
    (kit.home / "distributed.py").write_text("raise ModuleNotFoundError('not here', name='distributed')\n")
    kit.hand_in("s001")
    done = kit.grade(tmp_path / "out", option, value)
    assert done.returncode == 3
    assert message in done.stderr
    assert "Traceback" not in done.stderr
