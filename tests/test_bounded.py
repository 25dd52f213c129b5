"""One hand-in that takes too much costs itself, and nobody else anything."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder import bounded
from autograder.bounded import Bounds, Exceeded

SMALL = Bounds(seconds=20.0, memory_mb=256, reply_mb=4)


def endless() -> None:
    """A regular expression that holds Python's lock: no thread of this process could interrupt it."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def too_much_memory() -> None:
    _ = bytearray(1 << 30)


def test_a_result_comes_back() -> None:
    assert bounded.call(lambda: {"a": b"x" * 3_000_000}, SMALL) == {"a": b"x" * 3_000_000}


def test_an_error_comes_back() -> None:
    with pytest.raises(KeyError, match="no such"):
        bounded.call(lambda: {}["no such"], SMALL)


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("both")
        self.held = lambda: None  # no pickle takes one


def test_an_error_that_cannot_travel_is_described() -> None:
    def fail() -> None:
        raise Unpicklable

    with pytest.raises(RuntimeError, match="Unpicklable: both"):
        bounded.call(fail, SMALL)


@pytest.mark.parametrize(
    ("run", "bounds", "words"),
    [
        (endless, Bounds(seconds=0.5), "takes more than 0.5 seconds"),
        (lambda: time.sleep(100), Bounds(seconds=0.5), "takes more than 0.5 seconds"),
        (too_much_memory, SMALL, "needs more than 256 MB of memory"),
        (lambda: bytes(5 << 20), SMALL, "makes more than 4 MB of data"),
        (
            lambda: os.kill(os.getpid(), signal.SIGSEGV),
            SMALL,
            r"ends the process that works on it \(SIGSEGV\)",
        ),
        (lambda: os._exit(0), SMALL, r"ends the process that works on it \(it left\)"),
    ],
    ids=["lock held", "asleep", "memory", "output", "crash", "exit"],
)
def test_what_goes_over_a_bound_is_named(run, bounds: Bounds, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Exceeded, match=words):
        bounded.call(run, bounds)


def test_one_stops_no_other() -> None:
    def run(item: int) -> int:
        if item == 1:
            endless()
        if item == 3:
            os._exit(0)
        if item == 5:
            raise ValueError("five")
        return item * 10

    found = list(bounded.each(run, range(7), Bounds(seconds=2.0)))
    assert [found[n] for n in (0, 2, 4, 6)] == [0, 20, 40, 60]
    assert [str(found[n]) for n in (1, 3, 5)] == [
        "takes more than 2 seconds",
        "ends the process that works on it (it left)",
        "five",
    ]


def test_a_standing_child_takes_what_comes_and_is_replaced_by_another() -> None:
    def run(item: str) -> int:
        if item == "endless":
            endless()
        if item == "leaves":
            os._exit(0)
        if item == "large":
            return len(bytearray(1 << 30))
        if item == "wrong":
            raise ValueError("it is wrong")
        return os.getpid()

    with bounded.StandingChild(run, Bounds(seconds=1.0, memory_mb=256)) as standing:
        first = standing("")
        with pytest.raises(ValueError, match="it is wrong"):
            standing("wrong")
        assert standing("x" * (1 << 20)) == first != os.getpid()
        with pytest.raises(Exceeded, match="takes more than 1 seconds"):
            standing("endless")
        second = standing("")
        with pytest.raises(Exceeded, match=r"ends the process that works on it \(it left\)"):
            standing("leaves")
        with pytest.raises(Exceeded, match="needs more than 256 MB of memory"):
            standing("large")
        third = standing("")
        os.kill(third, signal.SIGKILL)  # while it waits: nobody hears of it
        fourth = standing("")
        assert len({first, second, third, fourth}) == 4
    with pytest.raises(ProcessLookupError):
        os.kill(fourth, 0)


def test_a_standing_child_that_was_never_needed_is_not_there() -> None:
    with bounded.StandingChild(os.getpid, SMALL):
        pass


def test_no_items_need_no_process() -> None:
    assert list(bounded.each(lambda item: item, [], SMALL)) == []


def test_whoever_stops_asking_leaves_no_process() -> None:
    results = bounded.each(lambda item: (os.getpid(), item), range(1000), SMALL)
    pid, _ = next(results)  # type: ignore[misc]
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_is_printed_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    bounded.call(lambda: os.write(2, b"noise"), SMALL)
    assert capfd.readouterr().err == ""


PARENT = """
import re, sys
from autograder import bounded

def run(item):
    open(sys.argv[1], "w").write(str(__import__("os").getpid()))
    re.match(r"(a+)+$", "a" * 64 + "b")

bounded.call(lambda: run(None))
"""


def test_a_killed_run_takes_its_child_along(tmp_path: Path) -> None:
    """Also one whose regular expression holds the lock, which a watching thread would wait for."""
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(note)], cwd=Path(__file__).parents[1])
    while not (note.exists() and note.read_text()):
        assert parent.poll() is None
        time.sleep(0.05)
    child = int(note.read_text())
    parent.kill()
    parent.wait()
    for _ in range(200):
        if not _runs(child):
            return
        time.sleep(0.05)
    pytest.fail(f"process {child} outlives the run that started it")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ended_by(number: int, times: int, marker: Path) -> str:
    """What comes of work whose process is sent a signal from outside, the first times that it is done."""

    def run() -> str:
        done = len(marker.read_text()) if marker.exists() else 0
        marker.write_text("x" * (done + 1))
        if done < times:
            if number != signal.SIGSTOP and number != signal.SIGKILL:
                signal.signal(number, signal.SIG_DFL)  # as it may have been ignored by whoever started us
            os.kill(os.getpid(), number)
        return "done"

    return bounded.call(run, Bounds(seconds=2.0))


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGSTOP, signal.SIGSEGV]
)
def test_what_is_ended_or_stopped_from_outside_is_tried_again(tmp_path: Path, number: int) -> None:
    assert ended_by(number, 1, tmp_path / "marker") == "done"


@pytest.mark.parametrize(
    ("number", "words", "outside"),
    [
        (signal.SIGTERM, r"ends the process that works on it \(SIGTERM\)", True),
        (signal.SIGSTOP, "takes more than 2 seconds", True),
        (signal.SIGSEGV, r"ends the process that works on it \(SIGSEGV\)", True),
    ],
)
def test_what_is_ended_twice_says_whether_it_may_be_from_outside(
    tmp_path: Path, number: int, words: str, outside: bool
) -> None:
    with pytest.raises(Exceeded, match=words) as caught:
        ended_by(number, 2, tmp_path / "marker")
    assert caught.value.outside == outside
