"""Many submissions: local processes, each grading one submission at a time.

A worker collects the hidden graders once, then takes tasks until told to stop. A worker that dies
is replaced and its submission graded again elsewhere; one that kills two workers becomes an `error`
for a human. What a submission earns depends neither on the number of workers nor on the order.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from autograder import course, grading
from autograder.grading import Task
from autograder.record import Record
from autograder.sandbox.level import Level

MAX_DEATHS = 2  # a submission that took this many workers with it is left to a human
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Plan:
    """What every worker needs to know."""

    assignment: str
    root: Path
    level: Level


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None


Emit = Callable[[Task, Record | None], None]


def run(
    plan: Plan,
    tasks: Sequence[Task],
    jobs: int,
    emit: Emit,
) -> None:
    """Grade every task; `emit(task, record)` as each is done, with None where nothing has changed.

    Raises:
        GradingError: the hidden graders do not load, or no worker can start.
    """
    waiting = deque(tasks)
    deaths: dict[str, int] = {}
    workers = [_start(plan) for _ in range(min(jobs, len(tasks)))]
    try:
        while workers := [w for w in workers if w.task is not None or _give(w, waiting)]:
            ready = wait([w.pipe for w in workers])
            for at, worker in enumerate(workers):
                if worker.pipe not in ready or worker.task is None:
                    continue
                task, reply = worker.task, _receive(worker)
                worker.task = None
                if reply is not None:
                    emit(task, Record.from_json(reply) if reply else None)
                    continue
                workers[at] = _start(plan)
                _again_or_give_up(plan, task, deaths, waiting, emit)
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.process.join()


def _again_or_give_up(
    plan: Plan, task: Task, deaths: dict[str, int], waiting: deque[Task], emit: Emit
) -> None:
    """A worker died over `task`: put it back in front, or call a human."""
    student = task.source.student
    deaths[student] = deaths.get(student, 0) + 1
    if deaths[student] < MAX_DEATHS:
        waiting.appendleft(task)
        return
    reason = f"grading {student} ended {MAX_DEATHS} grading processes; look at it by hand"
    assignment = course.load(plan.assignment, plan.root)
    emit(task, grading.unreadable(assignment, student, reason, plan.level.name))


def _give(worker: _Worker, waiting: deque[Task]) -> bool:
    """Hand the next task to a free worker; False when there is none and the worker has been sent home."""
    if waiting:
        worker.task = waiting.popleft()
        with suppress(BrokenPipeError):  # a worker that died while idle: the next read tells
            worker.pipe.send(worker.task)
        return True
    with suppress(BrokenPipeError):
        worker.pipe.send(None)
    worker.process.join()
    return False


def _receive(worker: _Worker) -> str | None:
    """The worker's reply; "" for unchanged; None if it died. A grader's own failure is raised here."""
    try:
        kind, text = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        return None
    if kind == "failure":
        raise grading.GradingError(text)
    return text


def _start(plan: Plan) -> _Worker:
    ours, theirs = multiprocessing.Pipe()
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)  # read when NumPy is imported, in the new process
    try:
        process = multiprocessing.get_context("spawn").Process(
            target=_work, args=(plan, theirs), daemon=False
        )
        process.start()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    theirs.close()
    return _Worker(process, ours)


def _work(plan: Plan, pipe: Connection) -> None:
    """A worker process: tasks in, records out, until None or the parent is gone."""

    def reply(record: Record | None) -> None:
        pipe.send(("record", record.to_json() if record else ""))

    try:
        assignment = course.load(plan.assignment, plan.root)
        grading.grade_tasks(assignment, iter(partial(_next, pipe), None), reply, plan.level)
    except Exception as error:  # told to the parent, which stops the run with this message
        pipe.send(("failure", f"{type(error).__name__}: {error}"))


def _next(pipe: Connection) -> Task | None:
    try:
        task: Task | None = pipe.recv()
    except (EOFError, KeyboardInterrupt):
        return None
    return task
