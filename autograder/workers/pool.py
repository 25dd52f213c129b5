"""Many submissions: local processes, each grading one submission at a time.

A process collects the hidden graders once, then takes tasks until it is ended. One that dies is replaced
and its submission graded again elsewhere; a submission that ends three processes is left to a person. What
a submission earns depends neither on the number of processes nor on the order. `cluster.py` does the same
on many machines.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from autograder import inherited, safe_text
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import GradingError
from autograder.intake import Source
from autograder.judge.task import Task, unreadable
from autograder.records.record import Record
from autograder.sandbox.level import Level
from autograder.workers.process import BEAT_SECONDS, MAX_UNREADY, GradingProcess

MAX_DEATHS = 3  # a submission that took this many processes with it is left to a person
AROUND = 300.0  # seconds for reading a hand-in, its answers, and starting sandboxes
ATTEMPTS = 3  # more than the judge makes, of calling everything
HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plan:
    """What every grading process needs to know."""

    assignment: str
    root: Path
    level: Level | str  # a name: to be found on the machine that grades
    home: Path = HOME  # the folder that holds the package `autograder` which grades
    environment: tuple[str, ...] = ()  # what the processes must run on, where that is to be checked
    seconds: float = 0.0  # for one hand-in, whatever holds it up; 0: what the assignment's limits allow

    @property
    def level_name(self) -> str:
        return self.level if isinstance(self.level, str) else self.level.name

    @property
    def longest(self) -> float:
        limits = course.load(self.assignment, self.root).limits
        return self.seconds or ATTEMPTS * limits.submission_seconds + AROUND

    def refuse_low_limits(self) -> None:
        memory = course.load(self.assignment, self.root).limits.memory_mb
        inherited.refuse_low_limits(memory)


Emit = Callable[[Task, Record | None], None]
Say = Callable[[str], None]  # what has gone wrong and is gone on from, in a line


class Run:
    """What is done where no result comes."""

    def __init__(self, plan: Plan, emit: Emit, say: Say) -> None:
        self.plan, self.emit, self.say = plan, emit, say
        self.assignment = course.load(plan.assignment, plan.root)
        self.longest = plan.longest
        self.deaths: Counter[str] = Counter()  # of whoever graded a student's submission

    def over_time(self, task: Task) -> None:
        """Grading took too long, and is ended: the submission is left to a person."""
        student = task.source.student
        fault = f"grading took more than {self.longest:g} seconds"
        self.say(f"{student}: {fault}; its process is ended, and it needs review")
        self.emit(task, self._ungraded(student, fault))

    def died(self, task: Task, whoever: str, elsewhere: str = "") -> bool:
        """Whether a submission over which `whoever` ended is graded again; else it is left to a person."""
        student = task.source.student
        self.deaths[student] += 1
        again = self.deaths[student] < MAX_DEATHS
        then = f"it is graded again{elsewhere}" if again else f"after {MAX_DEATHS} of them it needs review"
        self.say(f"{student}: {whoever}; {then}")
        if not again:
            self.emit(task, self._ungraded(student, f"grading ended {MAX_DEATHS} grading processes"))
        return again

    def _ungraded(self, student: str, fault: str) -> Record:
        then = "the same command tries it again; if it comes to the same, look at it by hand"
        return unreadable(self.assignment, student, f"{fault}; {then}", self.plan.level_name, fault)


class _Pool(Run):
    """Processes that end when nothing is left to grade."""

    def __init__(self, plan: Plan, tasks: Iterable[Task], emit: Emit, say: Say = safe_text.say) -> None:
        super().__init__(plan, emit, say)
        self.waiting = deque(tasks)
        self.at_work: dict[GradingProcess, Task | None] = {}  # None: starting or idle
        self.unready = 0  # processes in a row that ended before they were ready

    def start(self) -> None:
        self.at_work[GradingProcess(self.plan.home, pickle.dumps(self.plan))] = None

    def give(self, process: GradingProcess) -> None:
        """The next task, or the end."""
        if self.waiting:
            self.at_work[process] = self.waiting.popleft()
            process.send(pickle.dumps(self.at_work[process]))
        else:
            del self.at_work[process]
            process.end()

    def listen(self, seconds: float | None = None) -> None:
        """Take what comes within a beat, and end whom nothing has come from for long."""
        by_pipe = {process.pipe: process for process in self.at_work}
        patience = BEAT_SECONDS if seconds is None else seconds  # as it stands now, also in a test
        started = time.monotonic()
        ready = {by_pipe[pipe] for pipe in wait(by_pipe, patience)}  # type: ignore[index]
        waited = time.monotonic() - started
        for process in by_pipe.values():
            process.spent += min(waited, BEAT_SECONDS)
            if process in ready:
                self.hear(process)
            elif process.waited(waited):
                self.ended(process)
            if self.at_work.get(process) and process.spent > self.longest:
                self.late(process)

    def hear(self, process: GradingProcess) -> None:
        task = self.at_work[process]
        match process.receive():
            case ("failure", text):
                raise GradingError(text)
            case ("alive", _):
                pass
            case ("ready", _):
                self.unready = 0
                self.give(process)
            case (kind, text) if task is not None:
                self.emit(task, Record.from_json(text) if kind == "record" else None)
                self.give(process)
            case _:
                self.ended(process)

    def late(self, process: GradingProcess) -> None:
        """A process is over its time: its task is left to a person."""
        task = self.at_work.pop(process)
        process.process.kill()
        process.end()
        if task is not None:
            self.over_time(task)
        if self.waiting:
            self.start()

    def did_not_start(self, process: GradingProcess) -> None:
        """Another takes its place; raises GradingError after so many in a row."""
        self.unready += 1
        if self.unready >= MAX_UNREADY:
            raise GradingError(
                f"{MAX_UNREADY} grading processes in a row ended before they were ready, the last one "
                f"{process.how_it_ended()}; put that right and run the same command again"
            )
        self.say(f"a grading process ended {process.how_it_ended()} before it was ready; another is started")
        if self.waiting:
            self.start()

    def ended(self, process: GradingProcess) -> None:
        """A process died or froze: its task is put back in front, or left to a person."""
        task = self.at_work.pop(process)
        process.end()
        if task is None:
            self.did_not_start(process)
            return
        if self.died(task, f"its grading process ended {process.how_it_ended()}", " in another"):
            self.waiting.appendleft(task)
        if self.waiting:
            self.start()


class Warm(_Pool):
    """Processes that stay, for hand-ins as they come."""

    def __init__(self, plan: Plan, jobs: int, emit: Emit) -> None:
        def settled(task: Task, record: Record | None) -> None:
            self.deaths.pop(task.source.student, None)  # of what they hand in next, nothing is known
            emit(task, record)

        super().__init__(plan, (), settled)
        plan.refuse_low_limits()
        self.jobs, self.idle = jobs, list[GradingProcess]()
        for _ in range(jobs):
            self.start()

    @property
    def busy(self) -> int:
        """How many hand-ins are being graded, or are about to be."""
        return len(self.waiting) + sum(task is not None for task in self.at_work.values())

    def feed(self, task: Task) -> None:
        self.waiting.append(task)
        if self.idle:
            self.give(self.idle.pop())
        elif len(self.at_work) < self.jobs:
            self.start()

    def give(self, process: GradingProcess) -> None:
        if self.waiting:
            super().give(process)
        else:
            self.at_work[process] = None
            self.idle.append(process)

    def ended(self, process: GradingProcess) -> None:
        if process not in self.idle:
            super().ended(process)
            return
        self.idle.remove(process)
        del self.at_work[process]
        process.end()
        self.say(f"a grading process with nothing to do ended {process.how_it_ended()}")

    def close(self) -> None:
        for process in self.at_work:
            process.end()


def run(
    plan: Plan,
    tasks: Iterable[Task],
    jobs: int,
    emit: Emit,
    say: Say = safe_text.say,
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """Grade every task; `emit(task, record)` as each is done, with None where nothing has changed.
    `say(line)` where a process is replaced. `meanwhile` is called while the processes start.

    Raises:
        GradingError: the hidden graders do not load, or no process can start.
        LimitError: a limit of ours is too low to grade under.
    """
    plan.refuse_low_limits()
    pool = _Pool(plan, tasks, emit, say)
    try:
        for _ in range(min(jobs, len(pool.waiting))):
            pool.start()
        if meanwhile:
            meanwhile()
        while pool.at_work:
            pool.listen()
    finally:
        for process in pool.at_work:
            process.end()


def graded(assignment: Assignment, sources: Sequence[Source], level: Level, jobs: int = 1) -> list[Record]:
    """The record of each of these submissions, graded anew. Raises as `run` does."""
    found: dict[Path, Record] = {}

    def keep(task: Task, record: Record | None) -> None:
        if record is not None:
            found[task.source.path] = record

    run(Plan(assignment.name, assignment.root, level), [Task(source) for source in sources], jobs, keep)
    return [found[source.path] for source in sources]
