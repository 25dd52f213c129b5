"""A run that is suspended for some seconds, whole or in part, gives what an undisturbed one gives."""

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.sandbox import channel
from autograder.sandbox.client import Sandbox
from autograder.sandbox.limits import Limits
from tests.small_kit import RIGHT, Kit, records_of

SUSPENDED = 4.0  # seconds: more than a call may take
SLOW = RIGHT.replace("return 2 * x", "sum(range(3 * 10**6))\n    return 2 * x")  # to be met in a call
NAP = b"import time\n\ndef nap(x):\n    time.sleep(x)\n    return x\n"


def descendants(pid: int) -> list[int]:
    """Parents before their children."""
    found = [pid]
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += descendants(int(child))
    return found


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@pytest.mark.long
def test_a_suspended_run_costs_nobody_a_point(kit: Kit, tmp_path: Path) -> None:
    kit.write_settings("[limits]\ncall_seconds = 2.0\n")
    for number in range(6):
        kit.hand_in(f"s{number:03}", SLOW)
    run = kit.start(tmp_path / "out", "--jobs", "2")
    for _ in range(3):
        time.sleep(2.0)  # let it get on
        with stopped(descendants(run.pid)):
            time.sleep(SUSPENDED)
    run.communicate()
    assert run.returncode == 0
    records = records_of(tmp_path / "out")
    assert len(records) == 6
    for record in records.values():
        assert (record["fault"], record["grades"]["double"]["points"]) == ("", 4.0)


def test_a_stopped_zygote_is_waited_for() -> None:
    with Sandbox(Limits(call_seconds=2.0)) as sandbox:
        assert sandbox._process is not None
        with sandbox.submission({"cs_lib/layers.py": NAP}) as student:
            student.begin_case(1)
            assert student.call("layers.nap", 0) == 0
            zygote = Path(f"/proc/{student._running.channel.worker.pid}/stat")  # type: ignore[union-attr]
            parent = int(zygote.read_text().rpartition(")")[2].split()[1])
            os.kill(parent, signal.SIGSTOP)
            assert student.call("layers.nap", 0) == 0  # the worker goes on without it
            pid = os.fork()
            if not pid:
                time.sleep(1.0)
                os.kill(parent, signal.SIGCONT)
                os._exit(0)
            student.begin_case(2, alone=True)
            assert student.call("layers.nap", 0) == 0
            os.waitpid(pid, 0)


def test_seconds_in_which_the_judge_could_not_run_are_none() -> None:
    with Sandbox() as sandbox:
        clock = sandbox.clock
        left = clock.until(10.0)
        assert not clock.waited(0.1, 0.3)
        assert clock.waited(0.1, 3600.0)
        assert left() > 9.0
        assert clock.lost == pytest.approx(3599.9)


def test_a_stop_that_ends_with_a_reply_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge and worker are stopped together; the worker's alarm, late by as much, is the first to speak."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(channel, "time", SimpleNamespace(monotonic=iter([0.0, SUSPENDED]).__next__))
    with ours, theirs:
        line = channel.Channel(ours)
        theirs.send(b"overran")
        line._wait(select.POLLIN, lambda: 10.0)
        assert line.clock.lost == pytest.approx(SUSPENDED - channel.TICK)
