"""What a process has from whoever started it, and no result may depend on: limits, signals, umask, cores.

`settle` is called where a program of ours begins. It raises limits as far as they may be raised; where that
is too little for grading, `refuse_low_limits` says so before anything is graded. A student's worker has fixed
limits and signals of its own (`sandbox/harden.py`).
"""

from __future__ import annotations

import math
import os
import resource
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import LimitError

UNLIMITED = resource.RLIM_INFINITY
MIB = 1 << 20
PAGE = resource.getpagesize()
ROOM_MB = 512  # Python, NumPy and what else a process of ours maps; 240 are usual
JUDGE_MB = 4096  # what a judge may use on top, see `workers.serve`
STACK = 8 * MIB  # of every process: at how deep a recursion Python ends depends on it
PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # Python ignores them: a write then fails with an error
REAL_TIME = (os.SCHED_FIFO, os.SCHED_RR) if hasattr(os, "SCHED_FIFO") else ()
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Limit:
    """A limit that can be too low to grade under. `needed` and what is shown are in `unit`s."""

    which: int
    what: str
    option: str  # of the shell's `ulimit`
    needed: int
    unit: int = 1
    unit_name: str = ""

    def shown(self, amount: int) -> str:
        return f"{amount // self.unit:,}{self.unit_name}"


FIXED = (
    Limit(resource.RLIMIT_STACK, "the stack", "s", STACK, 1024, " KB"),
    Limit(resource.RLIMIT_CPU, "processor time", "t", 3600, 1, " s"),
    Limit(resource.RLIMIT_FSIZE, "the size of a file", "f", 256 * MIB, 1024, " KB"),
    Limit(resource.RLIMIT_NOFILE, "open files", "n", 256),
    Limit(resource.RLIMIT_NPROC, "processes", "u", 64),
)
RAISED = (  # as far as may be: too little of these is noticed by itself, and is no student's doing
    *("RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NPROC"),
    *("RLIMIT_SIGPENDING", "RLIMIT_RTTIME"),
)


def limits(memory_mb: int) -> tuple[Limit, ...]:
    """What grading needs, with so much memory for one process on top of what it maps; never less than for a
    judge, so that nobody is asked twice."""
    needed = (max(memory_mb, JUDGE_MB) + max(ROOM_MB, mapped() // MIB)) * MIB
    return (
        Limit(resource.RLIMIT_AS, "address space", "v", needed, 1024, " KB"),
        Limit(resource.RLIMIT_DATA, "memory for data", "d", needed, 1024, " KB"),
        *FIXED,
    )


def refuse_low_limits(memory_mb: int = JUDGE_MB) -> None:
    """Raises LimitError where this process has a limit that would cut off our work or a student's."""
    low = []
    for limit in limits(memory_mb):
        _, hard = resource.getrlimit(limit.which)
        if hard != UNLIMITED and hard < limit.needed:
            low.append(
                f"the limit of {limit.what} (ulimit -H{limit.option}) is {limit.shown(hard)}, and "
                f"{limit.shown(limit.needed)} are needed"
            )
    if low:
        raise LimitError(
            f"nothing is graded under the limits of this shell, service or batch job: {'; '.join(low)}; "
            "raise that where it is set and run the same command again"
        )


def refuse_no_room() -> None:
    """Raises LimitError where not even the engine itself can be imported."""
    for which in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        _, hard = resource.getrlimit(which)
        if hard != UNLIMITED and hard < ROOM_MB * MIB:
            refuse_low_limits()


def mapped() -> int:
    """Bytes that this process maps now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * PAGE


def settle() -> None:
    """Take limits, signals and a umask under which this program, and those it starts, can work."""
    for name in RAISED:
        if hasattr(resource, name):
            _, hard = resource.getrlimit(getattr(resource, name))
            _limit(getattr(resource, name), hard)
    _limit(resource.RLIMIT_STACK, STACK)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != UNLIMITED and soft < 4096:
        _limit(resource.RLIMIT_NOFILE, 4096)
    os.umask(os.umask(0o077) & 0o077)  # what is ours we may read and write ourselves
    if REAL_TIME and os.sched_getscheduler(0) in REAL_TIME:  # an endless loop would keep everybody else out
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, nobody learns how a process ended


def _limit(which: int, soft: int) -> None:
    """Set the limit in force, no higher than it may be."""
    _, hard = resource.getrlimit(which)
    if hard != UNLIMITED and (soft == UNLIMITED or soft > hard):
        soft = hard
    resource.setrlimit(which, (soft, hard))


def own_signals() -> None:
    """No signal is ignored or held back because whoever started us did so, as `nohup` does."""
    for number in signal.valid_signals() - PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def cores() -> int:
    """Processors that this process may use: by its affinity, and by the share that its container has."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(here, _share())))


def _share() -> float:
    """Processors that the container's time is worth."""
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # "max": as many as there are
        return math.inf
