"""Many submissions on a Dask cluster: the work of `pool`, on other machines.

Kit, graders and course are sent once to each worker, each submission with its task. Submissions are read
here, a few ahead of the workers. A worker that dies has its submission graded elsewhere; what a submission
earns is the same as with local processes.
"""

from __future__ import annotations

import logging
import pickle
import uuid
from asyncio import wait_for
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import dask
from distributed import Client, Future, KilledWorker, wait
from distributed.comm import CommClosedError  # type: ignore[attr-defined]

from autograder import safe_text
from autograder.course import assignment as course
from autograder.course.shipped import engine_files, files_to_grade
from autograder.errors import GradingError
from autograder.files import packed
from autograder.judge.digests import environment, hashes, libraries
from autograder.judge.task import Task, read
from autograder.records.record import Record
from autograder.workers import dask_worker as far
from autograder.workers import process
from autograder.workers.pool import MAX_DEATHS, Emit, Plan, Run, Say

AHEAD = 2  # tasks at the cluster for each of its threads, so that none waits for the next
JOIN_SECONDS = 60  # for the scheduler to answer, and for a worker to be there
LOOK_SECONDS = 5  # between two looks at whether anybody is left
ANSWER_SECONDS = 60  # for a scheduler to answer, in the middle of a run
LOST = "scheduler-connection-lost"  # why Dask has cancelled a task
LARGE_TASK = "1GiB"  # Dask warns of large tasks; a hand-in with its trained models is one


class _ByValue:
    """A function that unpickles where its module is not to be had; by itself, Dask refers to the module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.pickled = cloudpickle.dumps(function)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return cloudpickle.loads, (self.pickled,)

    def __call__(self, *arguments: Any) -> Any:
        return cloudpickle.loads(self.pickled)(*arguments)


class PatientClient(Client):
    """A client that waits for no answer of its scheduler without end: one may be frozen."""

    async def _start(self, *args: Any, **kwargs: Any) -> Any:
        """Connect. Dask's own waits without end for the first answer."""
        try:
            connected = super()._start(*args, **kwargs)  # type: ignore[no-untyped-call]
            return await wait_for(connected, JOIN_SECONDS + LOOK_SECONDS)
        except TimeoutError:
            await self._close(fast=True)
            raise

    def sync(self, func: Any, *args: Any, callback_timeout: Any = None, **kwargs: Any) -> Any:
        return super().sync(func, *args, callback_timeout=callback_timeout or ANSWER_SECONDS, **kwargs)  # type: ignore[no-untyped-call]

    def leave(self, name: str) -> None:
        """Take the graders of this name away, and close. A scheduler that is frozen keeps them."""
        with suppress(OSError, ValueError):  # the last: they were never sent
            self.unregister_worker_plugin(name)  # type: ignore[no-untyped-call]
        with suppress(OSError):
            self.close(timeout=LOOK_SECONDS)  # type: ignore[no-untyped-call]


class _ClusterRun(Run):
    def __init__(self, plan: Plan, client: Client, emit: Emit, say: Say) -> None:
        super().__init__(plan, emit, say)
        self.client = client
        self.name = f"autograder-{uuid.uuid4().hex}"
        self.asked: dict[Future[Any], Task] = {}
        self.grade = _ByValue(far.grade_there)

    def all(self, tasks: Iterable[Task]) -> None:
        waiting = self._changed(tasks)
        self._more(waiting)
        while self.asked:
            self._wait()
            for future in [future for future in self.asked if future.done()]:
                self._hear(future)
            self._more(waiting)

    def _wait(self) -> None:
        """Until something is done. A cluster that stays without workers is not waited for.

        Raises:
            GradingError: no worker has been there for JOIN_SECONDS.
        """
        for _ in range(max(1, round(JOIN_SECONDS / LOOK_SECONDS))):
            try:
                with self.client.as_current():  # it is nobody's default, and `wait` asks for one
                    wait(list(self.asked), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
                return
            except TimeoutError:
                if self.client.nthreads():
                    return
        raise GradingError(
            f"Dask cluster: no worker has been there for {JOIN_SECONDS} s; start workers and run the same "
            "command again"
        )

    def _changed(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """Tasks with their submission, read no sooner than needed; unchanged ones are reported at once."""
        for task in tasks:
            submission = read(task.source, self.assignment)
            if task.known == hashes(self.assignment, submission):
                self.emit(task, None)
            else:
                yield Task(task.source, None, submission)

    def _more(self, waiting: Iterator[Task]) -> None:
        wanted = max(1, AHEAD * sum(self.client.nthreads().values()))
        while len(self.asked) < wanted and (task := next(waiting, None)) is not None:
            self._ask(task)

    def _ask(self, task: Task) -> None:
        key = f"{self.name}-{uuid.uuid4().hex}"
        future = self.client.submit(self.grade, self.name, pickle.dumps(task), key=key, pure=False)
        self.asked[future] = task

    def _hear(self, future: Future[Any]) -> None:
        """Take a result; the task is asked again if whoever had it died."""
        task = self.asked.pop(future)
        try:
            reply = future.result(timeout=ANSWER_SECONDS)
        except KilledWorker:  # Dask itself has tried it elsewhere, and lost those workers as well
            self.deaths[task.source.student] = MAX_DEATHS - 1
            reply = None
        match reply:
            case ("record", text):
                self.emit(task, Record.from_json(text))
            case ("failure", text):
                raise GradingError(f"on a Dask worker: {text}")
            case ("late", _):
                self.over_time(task)
            case _:
                if self.died(task, "its grading process, or the Dask worker that had it, ended"):
                    self._ask(task)


def run(plan: Plan, tasks: Iterable[Task], scheduler: str, emit: Emit, say: Say = safe_text.say) -> None:
    """Grade every task on the cluster whose scheduler has this address; see `pool.run`.

    Raises:
        GradingError: no scheduler or no worker answers, or a worker cannot grade.
        LimitError: as `pool.run`.
    """
    plan.refuse_low_limits()
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it says, we say
    for module in (far, process):  # workers have no kit to import these from
        cloudpickle.register_pickle_by_value(module)
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": LARGE_TASK}):
        try:
            client = _client(scheduler)
            there = _ClusterRun(plan, client, emit, say)
            try:
                graders = far.GradersOnWorker(there.name, pack(plan), pickle.dumps(_away(plan)), plan.longest)
                client.register_plugin(graders, name=there.name)
                there.all(tasks)
            finally:
                client.leave(there.name)
        except (OSError, CancelledError) as error:
            why = _why(error)
            raise GradingError(
                f"Dask cluster at {scheduler}: {why}; see that scheduler and workers run, and run the same "
                "command again, which goes on from what is graded"
            ) from error


def _client(scheduler: str) -> PatientClient:
    try:
        return PatientClient(scheduler, timeout=JOIN_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except ValueError as error:  # of who reads the address
        raise GradingError(f"Dask cluster at {scheduler}: no address of a scheduler ({error})") from None


def _why(error: BaseException) -> str:
    """What has gone wrong at the scheduler, where Dask's own words are none, or about its insides."""
    if isinstance(error, TimeoutError):
        return "the scheduler does not answer"
    lost = isinstance(error, CommClosedError) or LOST in str(error)
    return "the connection to the scheduler is lost" if lost else str(error)


def _away(plan: Plan) -> Plan:
    """The plan for a machine that has the bundle: paths from its root, the level by its name."""
    here, used = Path(), libraries(course.load(plan.assignment, plan.root))
    found = (*environment(), *used)
    return replace(plan, root=here, home=here, level=plan.level_name, environment=found)


def pack(plan: Plan) -> bytes:
    """The kit, the course's settings and what it gives to students, as one zip."""
    assignment = course.load(plan.assignment, plan.root)
    engine = {path.relative_to(plan.home).as_posix(): path for path in engine_files(plan.home)}
    own = {path.relative_to(assignment.root).as_posix(): path for path in files_to_grade(assignment)}
    return packed({**engine, **own})
