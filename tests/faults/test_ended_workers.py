"""A worker that is ended or stopped from outside costs nobody a point; what the code does itself does.

The graders of these tests send the signals, by process number, in the middle of a case.
"""

import json
import textwrap
from pathlib import Path

import pytest

from autograder.course.assignment import Assignment
from autograder.course.course import read
from autograder.intake import Submission
from autograder.judge.grading import grade_one
from autograder.notebook import GradeCell, Notebook
from autograder.records.record import Record
from autograder.sandbox.level import probe
from autograder.sandbox.limits import Limits

BEST = probe()
pytestmark = pytest.mark.skipif("seccomp" not in BEST.layers, reason="no isolation on this machine")

GRADER = """
import os
import signal
from pathlib import Path

from autograder.checks.checks import Case, CheckFailed, cases

COUNTS = Path({counts!r})


def neighbours(pid):
    # workers have one parent, the zygote
    parent = Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1]
    return [int(child) for child in Path(f"/proc/{{parent}}/task/{{parent}}/children").read_text().split()]


def hit(student, name):
    count = COUNTS / name
    times = len(count.read_text()) if count.exists() else 0
    count.write_text("x" * (times + 1))
    if times < {times}:
        pid = student._running.channel.worker.pid
        for one in neighbours(pid) if {everybody} else [pid]:
            os.kill(one, signal.Signals[name])


@cases("work", *[Case(name) for name in {names}])
def test_work(student, case):
    student.call("layers.work")
    hit(student, case.id)
    if student.call("layers.work") != 1:
        raise CheckFailed("value", "not 1")
"""
RIGHT = "def work():\n    return 1\n"
OFTEN = 99
SENT = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGKILL"]
OWN = ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGVTALRM"]


class Course:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "graders/lesson").mkdir(parents=True)
        (root / "course.toml").write_text('title = "A"\npackage = "cs_lib"\nassignments = ["lesson"]\n')
        (root / "source/lesson").mkdir(parents=True)
        (root / "source/lesson/assignment.toml").write_text('title = "Lesson"\nnotebooks = ["nb"]\n')
        self.counts = root / "counts"
        self.counts.mkdir()

    def grade(
        self, code: str, *names: str, times: int = 0, everybody: bool = False, seconds: float = 1.0
    ) -> Record:
        """With a case for each signal, which is sent so many times."""
        names = names or ("SIGTERM",)
        text = GRADER.format(counts=str(self.counts), times=times, names=names, everybody=everybody)
        (self.root / "graders/lesson/test_lesson.py").write_text(text)
        notebooks = (Notebook("nb", self.root / "nb.ipynb", (GradeCell("work", "nb", 2.0, "code", False),)),)
        limits = Limits(call_seconds=seconds, memory_mb=300)
        lesson = Assignment("lesson", "Lesson", read(self.root), notebooks, limits=limits)
        files = {"cs_lib/layers.py": textwrap.dedent(code).encode()}
        notebook = json.dumps({"cells": []}).encode()
        return grade_one(lesson, Submission("s001", files, {"nb": notebook}), BEST)

    def runs(self, name: str) -> int:
        return len((self.counts / name).read_text())


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def test_once_from_outside_costs_nothing(course: Course) -> None:
    record = course.grade(RIGHT, *SENT, *OWN, "SIGALRM", "SIGSTOP", times=1)
    assert (record.grades["work"].points, record.fault) == (2.0, "")
    assert {name: course.runs(name) for name in (*SENT, *OWN, "SIGSTOP")} == dict.fromkeys(
        (*SENT, *OWN, "SIGSTOP"), 2
    )


def test_again_and_again_from_outside_is_a_persons(course: Course) -> None:
    record = course.grade(RIGHT, *SENT, times=OFTEN)
    assert (record.grades["work"].points, record.grades["work"].state) == (None, "error")
    for name, case in zip(SENT, record.grades["work"].cases, strict=True):
        assert (case.outcome, course.runs(name)) == ("error", 2)
        assert f"a worker was ended from outside ({name})" in case.message
    assert "(SIGTERM)" in record.fault


def test_a_watchdog_that_crashes_every_worker_is_a_persons(course: Course) -> None:
    record = course.grade(RIGHT, *OWN, times=OFTEN, everybody=True)
    assert record.grades["work"].points is None
    for name, case in zip(OWN, record.grades["work"].cases, strict=True):
        assert case.outcome == "error"
        assert f"an end that may not be the code's doing (layers.work: {name}" in case.message


@pytest.mark.long
def test_a_worker_that_stays_stopped_is_a_persons(course: Course) -> None:
    record = course.grade(RIGHT, "SIGSTOP", times=OFTEN)
    assert record.grades["work"].points is None
    assert "a call's time went by while its process could not run" in record.fault


CRASH = "import ctypes\ndef work():\n    ctypes.string_at(0)\n"
MEMORY = "def work():\n    return len(bytearray(1 << 30))\n"
SLEEP = "import time\ndef work():\n    time.sleep(60)\n"
PIPE = "import os\ndef work():\n    return os.read(3, 1)\n"
ALARM = (
    "import signal, time\ndef work():\n    signal.setitimer(signal.ITIMER_REAL, 0.05)\n    time.sleep(9)\n"
)
LOOP = "def work():\n    while True: pass\n"
EXIT = "import os\ndef work():\n    os._exit(3)\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (CRASH, "layers.work: the code crashed Python (Segmentation fault)"),
        (MEMORY, "layers.work: stopped; it needed more memory than it may use (300 MB)"),
        (SLEEP, "layers.work: stopped after 1 s: the call did not finish; take sleep() out"),
        (PIPE, "layers.work: stopped after 1 s"),
        (ALARM, "layers.work: stopped by an alarm that went off before the call's time was over"),
        (LOOP, "layers.work: stopped after 1 s: the call did not finish; look for an endless loop"),
        (EXIT, "layers.work: the code ended Python itself (exit code 3)"),
    ],
    ids=["crash", "memory", "sleep", "pipe", "alarm", "loop", "exit"],
)
def test_what_the_code_does_itself_is_charged(course: Course, code: str, message: str) -> None:
    record = course.grade(code, seconds=5.0 if code == ALARM else 1.0)  # the alarm is to be far before that
    [case] = record.grades["work"].cases
    assert (case.outcome, record.grades["work"].points, record.fault) == ("failed", 0.0, "")
    assert case.message.startswith(message)
