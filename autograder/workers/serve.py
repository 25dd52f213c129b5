"""Inside a grading process: `python -m autograder.workers.serve FD PARENT` takes a plan, then answers tasks.

The hidden graders are collected once; "ready" is the first thing said. When the process that started
this one goes away, however it does, so does this one, and the sandbox with it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection

from autograder import bounded, inherited
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import GradingError
from autograder.judge.digests import environment, libraries
from autograder.judge.grading import grade_tasks
from autograder.judge.task import Task
from autograder.records.record import Record
from autograder.sandbox import level
from autograder.workers.pool import HOME, Plan
from autograder.workers.process import BEAT_SECONDS

Say = Callable[..., None]  # a kind of reply, and its text


def main(descriptor: int, parent: int) -> None:
    bounded.end_with(parent)  # the kernel does it: a thread would wait for whoever holds Python's lock
    inherited.settle()
    inherited.own_signals()
    pipe = Connection(descriptor)
    plan: Plan = pipe.recv()
    bounded.limit_memory(inherited.JUDGE_MB)  # a student's worker has its own
    lock = threading.Lock()

    def say(kind: str, text: str = "") -> None:
        with lock:
            pipe.send_bytes(f"{kind} {text}".encode())

    def reply(record: Record | None) -> None:
        say("record", record.to_json(indent=None)) if record else say("unchanged")

    threading.Thread(target=_beat, args=(say,), daemon=True).start()

    try:
        assignment = course.load(plan.assignment, HOME / plan.root)
        _same_environment(plan, assignment)
        grade_tasks(assignment, _tasks(pipe, say), reply, _level(plan))
    except Exception as error:  # reported to the parent, which stops the run with this message
        with suppress(OSError):  # unless it has ended, having said why
            say("failure", f"{type(error).__name__}: {error}")


def _beat(say: Say) -> None:
    """Say that this process lives, until the other side is gone."""
    with suppress(OSError):
        while True:
            time.sleep(BEAT_SECONDS)
            say("alive")


def _tasks(pipe: Connection, say: Say) -> Iterator[Task]:
    """Tasks as they come. Asked for only once the graders are collected, so that "ready" means it."""
    say("ready")
    with suppress(EOFError):
        while True:
            yield pipe.recv()


def _level(plan: Plan) -> level.Level:
    """The level of the plan; one given by name is looked for on this machine."""
    if not isinstance(plan.level, str):
        return plan.level
    return level.unsafe() if plan.level == "none" else level.by_name(plan.level)


def _same_environment(plan: Plan, assignment: Assignment) -> None:
    here = (*environment(), *libraries(assignment))
    if plan.environment and plan.environment != here:
        raise GradingError(
            f"this worker has {', '.join(here)}, the run was started with {', '.join(plan.environment)}; "
            "results could differ, so use the same on all machines"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
