"""A watch that is killed, stopped, out of room or at fault itself: nothing lost, nothing graded twice."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.errors import GradingError
from autograder.intake import archive_of_hand_ins as archive
from autograder.records import record as records
from autograder.runs import health, student_pages
from autograder.runs import watch as watching
from tests.pipelines.watching import Desk
from tests.small_kit import RIGHT, WRONG, Kit

STEPS = ("replace", "rename", "fsync")  # of the operating system, between which a run may be killed
SLOW = RIGHT.replace("return 2 * x", "import time; time.sleep(1.5); return 2 * x")


def contents(out: Path) -> dict[str, str]:
    """What a run leaves, without what says when it ran."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.name.startswith(("watch.", ".lock")):
            text = path.read_bytes().decode("utf-8", "replace")
            if path.name == archive.ABOUT:
                text = json.dumps({**json.loads(text), "seen": ""})
            found[path.relative_to(out).as_posix()] = text
    return found


def drop_three(desk: Desk) -> None:
    desk.zip("s001")
    desk.exchange("s002", WRONG)
    desk.exchange("s001", WRONG, 2)


def killed_at(desk: Desk, step: int) -> bool:
    """Run in a child that is killed before its `step`th step; whether it came so far."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = [step]

    def counting(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*given: object, **named: object) -> object:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **named)

        return counted

    for name in STEPS:
        setattr(os, name, counting(getattr(os, name)))
    try:
        desk.rounds()
    finally:
        os._exit(0)


def check_a_kill(desk: Desk, step: int) -> bool:
    """Killed at a step, and run again; whether the step was reached."""
    drop_three(desk)
    reached = killed_at(desk, step)
    there = {path.stem for path in (desk.out / "records").glob("[!.]*.json")}
    whole = {student: desk.record(student).handed_in for student in there}
    desk.begin()
    desk.rounds()
    assert (len(desk.kept("s001")), len(desk.kept("s002"))) == (2, 1)
    again = [student for student, _ in desk.graders.graded]
    assert [s for s, when in whole.items() if desk.record(s).handed_in == when and s in again] == []
    after_a_kill = contents(desk.out)
    assert not [name for name in after_a_kill if ".part" in name]
    desk.patch.setattr(desk, "out", desk.out.with_name("undisturbed"))
    desk.begin()
    desk.rounds()
    assert contents(desk.out) == after_a_kill
    return reached


@pytest.mark.parametrize("step", [1, 9, 14, 30])
def test_killed_at_some_steps(step: int, desk: Desk) -> None:
    assert check_a_kill(desk, step)


@pytest.mark.long
def test_killed_at_every_third_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = 1
    while check_a_kill(Desk(Kit(tmp_path / f"kit{step}"), monkeypatch), step):
        step += 3
    assert step > 40


def test_nothing_is_graded_again_by_another_run(desk: Desk) -> None:
    drop_three(desk)
    desk.rounds()
    before = contents(desk.out)
    desk.begin()
    desk.rounds()
    assert desk.graders.graded == []
    assert contents(desk.out) == before


def test_pages_that_are_gone_are_made_again(desk: Desk) -> None:
    drop_three(desk)
    desk.rounds()
    before = contents(desk.out)
    (desk.out / "results/s001/feedback.html").unlink()
    (desk.out / "records/s002.json").unlink()
    desk.begin()
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s002"]
    assert contents(desk.out) == before


def test_who_hands_in_does_not_wait_for_those_of_before(desk: Desk) -> None:
    drop_three(desk)
    desk.rounds()
    desk.begin()
    desk.watch.queue["s002"] = 0.0
    assert desk.watch._next().source.student == "s002"  # type: ignore[union-attr]


@contextmanager
def no_room(patch: pytest.MonkeyPatch, owner: object, name: str) -> Iterator[None]:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "OUT")

    with patch.context() as context:
        context.setattr(owner, name, full)
        yield


def test_no_room_to_keep_a_hand_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.zip("s001")
    with no_room(monkeypatch, archive, "keep"):
        desk.rounds()
    said = capsys.readouterr().err
    assert said.count("s001.zip is not kept, and tried again: [Errno 28] No space left on device") == 1
    assert not desk.kept("s001")
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s001"]
    assert desk.watch.health.trouble == ""


@pytest.mark.parametrize(("owner", "name"), [(records, "save"), (student_pages, "write_if_other")])
def test_no_room_to_write_a_result(
    owner: object, name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.zip("s001")
    with no_room(monkeypatch, owner, name):
        desk.rounds()
        desk.zip("s002")
        desk.rounds()
        assert "a result is not written, and tried again" in desk.watch.health.trouble
        assert [student for student, _ in desk.graders.graded] == ["s001"]  # nothing new is begun
    desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s001", "s002"]
    assert "passed" in desk.page("s001")
    assert desk.watch.health.trouble == ""


def test_no_room_while_draining_ends_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.zip("s001")
    desk.graders.hold = True
    desk.rounds()
    desk.watch.stop()
    desk.graders.hold = False
    with no_room(monkeypatch, records, "save"), pytest.raises(OSError, match="No space left"):
        desk.rounds()


def test_a_health_file_that_cannot_be_written_stops_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.zip("s001")
    with no_room(monkeypatch, health, "write_atomically"):
        desk.rounds()
    assert [student for student, _ in desk.graders.graded] == ["s001"]


def test_a_fault_of_ours_leaves_the_result_of_before_and_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.zip("s001")
    desk.rounds()
    desk.zip("s001", WRONG)
    desk.graders.fault = "no memory"
    desk.rounds()
    assert desk.record("s001").points == 5.0
    assert watching.AGAIN in desk.page("s001")
    assert "no memory" not in desk.page("s001")
    assert desk.watch.health.failed == 1  # not again at once
    waited = desk.watch.retries["s001"][1]
    assert waited == watching.RETRY_SECONDS
    desk.watch.retries["s001"] = (0.0, waited)
    desk.rounds()
    assert desk.watch.retries["s001"][1] == 2 * waited
    desk.graders.fault = ""
    desk.watch.retries["s001"] = (0.0, waited)
    desk.rounds()
    assert desk.record("s001").points == 1.0
    assert watching.AGAIN not in desk.page("s001")


def test_a_fault_over_a_first_hand_in_is_said(desk: Desk) -> None:
    desk.zip("s001")
    desk.graders.fault = "no memory"
    desk.rounds()
    assert "by a fault of ours. It is kept, and tried again." in desk.page("s001")
    assert "This is about your hand-in of " in desk.page("s001")
    desk.graders.fault = ""
    desk.begin()
    desk.rounds()
    assert desk.record("s001").points == 5.0


def test_a_page_that_cannot_be_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.zip("s001")
    desk.zip("s002")

    def broken(*_: object) -> None:
        raise ValueError("no page")

    monkeypatch.setattr(student_pages.before_due, "page", broken)
    desk.rounds()
    assert "this feedback page could not be made" in desk.page("s001")
    assert len(desk.graders.graded) == 2


def test_a_damaged_hand_in_is_named_and_stops_nobody(desk: Desk) -> None:
    desk.zip("s001")
    desk.rounds()
    (desk.kept("s001")[0] / archive.ABOUT).write_text("{")
    desk.begin()
    desk.zip("s002")
    desk.rounds()
    assert "hand-in.json: damaged (JSONDecodeError)" in desk.watch.health.trouble
    assert [student for student, _ in desk.graders.graded] == ["s002"]


def test_the_monitors_files(desk: Desk) -> None:
    desk.zip("s001")
    (desk.drop / "essay.docx").write_text("x")
    desk.graders.hold = True
    desk.rounds()
    desk.watch.health.beat(now=True)
    found = json.loads((desk.out / health.HEALTH).read_text())
    assert (found["schema"], found["state"], found["taken"], found["at_work"]) == (1, "watching", 1, 1)
    assert found["refused"] == ["essay.docx: no hand-in; put it into a folder named after its student"]
    lines = (desk.out / health.COUNTERS).read_text().splitlines()
    assert 'autograder_watch_taken_total{assignment="lesson"} 1' in lines
    assert 'autograder_watch_refused{assignment="lesson"} 1' in lines
    assert sum(line.startswith("# TYPE") for line in lines) == len(health.MEANINGS)


def test_graders_that_do_not_load(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_graders(*_: object) -> None:
        raise GradingError("no hidden graders load")

    monkeypatch.setattr(watching.Warm, "start", lambda self: None)
    monkeypatch.setattr(watching.Warm, "listen", no_graders)
    with pytest.raises(GradingError, match="no hidden graders load"):
        desk.watch.run()
    found = json.loads((desk.out / health.HEALTH).read_text())
    assert (found["state"], found["trouble"]) == ("ended", "no hidden graders load")


# the command itself


def command(desk: Desk, *more: str) -> list[str]:
    program = [sys.executable, "-P", "-m", "autograder", "watch"]
    return [*program, str(desk.drop), "--out", str(desk.out), "--jobs", "1", *more]


@contextmanager
def running(desk: Desk, *more: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The command at work; what it says goes to a file."""
    with (desk.kit.home / "said").open("wb") as said:
        run = subprocess.Popen(command(desk, *more), cwd=desk.kit.home, env=desk.kit.environment, stderr=said)
    try:
        yield run
    finally:
        run.kill()
        run.wait()


def said(desk: Desk) -> str:
    return (desk.kit.home / "said").read_text()


def state(desk: Desk) -> dict[str, object]:
    path = desk.out / health.HEALTH
    found: dict[str, object] = json.loads(path.read_text()) if path.is_file() else {"at_work": 0, "state": ""}
    return found


def until(true: Callable[[], object]) -> None:
    for _ in range(6000):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that within ten minutes")


def test_out_that_cannot_be_made(desk: Desk) -> None:
    desk.out = desk.kit.home / "course.toml/out"
    run = subprocess.run(
        command(desk, "--once"), cwd=desk.kit.home, env=desk.kit.environment, capture_output=True, text=True
    )
    assert run.returncode == 2
    assert "course.toml: expected a folder, got a file, which is in its way" in run.stderr


def test_all_that_lies_there_once(desk: Desk) -> None:
    drop_three(desk)
    run = subprocess.run(
        command(desk, "--once"), cwd=desk.kit.home, env=desk.kit.environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert desk.record("s001").waiting == ["inline_nb_1"]
    assert desk.record("s002").grades["double"].points == 1.6
    assert "not passed yet" in desk.page("s002")
    (desk.drop / "essay.docx").write_text("x")
    run = subprocess.run(
        command(desk, "--once"), cwd=desk.kit.home, env=desk.kit.environment, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "graded in" not in run.stderr


@pytest.mark.long
def test_the_first_signal_drains_and_the_second_ends_at_once(desk: Desk) -> None:
    desk.zip("s001", SLOW)
    with running(desk) as run:
        until(lambda: state(desk)["at_work"] == 1)
        run.terminate()
        desk.zip("s002")
        assert run.wait() == 0
    assert "finishing what runs; the same signal again ends at once" in said(desk)
    assert desk.record("s001").points == 5.0
    assert not desk.kept("s002")
    assert state(desk)["state"] == "ended"

    desk.zip("s003", SLOW)
    with running(desk) as run:
        until(lambda: desk.kept("s003") and state(desk)["at_work"] == 1)
        run.terminate()
        until(lambda: state(desk)["state"] == "draining")
        run.terminate()
        assert run.wait() == -signal.SIGTERM
    assert not (desk.out / "records/s003.json").exists()


@pytest.mark.long
def test_killed_while_grading(desk: Desk) -> None:
    desk.zip("s001", SLOW)
    with running(desk) as run:
        until(lambda: state(desk)["at_work"] == 1)
        run.kill()
        run.wait()
    assert not (desk.out / "records/s001.json").exists()
    with running(desk, "--once") as run:
        assert run.wait() == 0, said(desk)
    assert desk.record("s001").points == 5.0


@pytest.mark.long
def test_settings_that_change_while_it_runs(desk: Desk) -> None:
    desk.zip("s001", WRONG)
    with running(desk) as run:
        until(lambda: (desk.out / "results/s001/feedback.html").exists())
        assert "parts passed" in desk.page("s001")
        course = desk.kit.home / "course.toml"
        course.write_text(course.read_text() + '[watch]\nbefore_due = "all"\n')
        until(lambda: "of 7 points" in desk.page("s001"))
        assert run.poll() is None
        run.terminate()
        assert run.wait() == 0


@pytest.mark.long
def test_a_full_disk(desk: Desk) -> None:
    shutil.rmtree(desk.out)
    desk.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(desk.out)]
    mounted = subprocess.run(mount, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        for number in range(12):
            desk.zip(f"s{number:03}", RIGHT + f"# {number}\n" * 500)
        with running(desk) as run:
            until(lambda: "tried again" in said(desk))
            assert run.poll() is None
            subprocess.run(["mount", "-o", "remount,size=20m", str(desk.out)], check=True)
            until(lambda: len(list((desk.out / "results").glob("*/feedback.html"))) == 12)
            run.terminate()
            assert run.wait() == 0
    finally:
        subprocess.run(["umount", "-l", str(desk.out)], check=True)
