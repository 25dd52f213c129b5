"""Progress: a live bar at a terminal, plain lines elsewhere, JSON lines for a program."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.cli import progress
from autograder.cli.progress import Progress

ROOT = Path(__file__).parents[1]
SHOW = """
import time
from autograder.cli.progress import Progress
with Progress("assignment1", 6) as shown:
    for number in range(6):
        time.sleep(0.25)
        shown.step(failing=number == 1, error=number == 2, unchanged=number == 3)
"""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_plain_lines_where_there_is_no_terminal(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("assignment1", 40) as shown:
        for number in range(40):
            clock.now += 1.0
            shown.step(failing=number % 4 == 0, error=number == 7)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "assignment1: 0/40",
        "assignment1: 10/40, 3 failing, 1 error, 1.0/s, 0:30 left",
        "assignment1: 20/40, 5 failing, 1 error, 1.0/s, 0:20 left",
        "assignment1: 30/40, 8 failing, 1 error, 1.0/s, 0:10 left",
        "assignment1: 40/40, 10 failing, 1 error, 1.0/s",
    ]


def test_what_is_unchanged_does_not_make_the_rest_look_quick(clock: Clock) -> None:
    with Progress("assignment1", 1000) as shown:
        for _ in range(500):
            shown.step(unchanged=True)
        assert shown.left() is None
        for _ in range(10):
            clock.now += 2.0
            shown.step()
        assert (shown.rate(), shown.left()) == (0.5, 980.0)


def test_lines_of_json(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("assignment1", 20, as_json=True) as shown:
        for _ in range(20):
            clock.now += 1.0
            shown.step(failing=True)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["done"] for line in lines] == [0, 10, 20]
    assert lines[1] == {
        "what": "assignment1",
        "done": 10,
        "total": 20,
        "unchanged": 0,
        "failing": 10,
        "errors": 0,
        "rate": 1.0,
        "seconds_left": 10.0,
        "said": "",
    }


def test_an_interrupted_run_says_how_far_it_was(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> None:
        with Progress("assignment1", 4) as shown:
            shown.step()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert capsys.readouterr().err.splitlines()[-1].startswith("assignment1: 1/4")


def test_a_live_bar_at_a_terminal() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-c", SHOW], stdout=theirs, stderr=theirs, cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "24"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert done.wait() == 0
    plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode()
    last = [line for line in plain.replace("\r", "\n").splitlines() if line.strip()][-1]
    assert re.search(r"assignment1 .*6/6 +1 unchanged, 1 failing, 1 error +\d\.\d/s", last), last
    assert (
        re.search(r"3/6 .*left", plain) or re.search(r"4/6 .*left", plain) or re.search(r"5/6 .*left", plain)
    )
    assert "\x1b[?25h" in shown.decode()  # the cursor is shown again


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (61, "1:01"), (3725, "1:02:05")]
)
def test_time_left(seconds: float, text: str) -> None:
    assert progress._clock(seconds) == text


@pytest.mark.parametrize("as_json", [False, True])
def test_what_went_wrong_is_said_in_a_line(
    clock: Clock, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    with Progress("assignment1", 1, as_json=as_json) as shown:
        shown.say("s001: it was ended")
        shown.step()
    lines = capsys.readouterr().err.splitlines()
    if as_json:
        assert [json.loads(line)["said"] for line in lines] == ["", "s001: it was ended", ""]
    else:
        assert lines[1] == "autograder: s001: it was ended"
