"""What the kernel says of a worker while the judge waits for it: whether it computes, sleeps or is held up.

Nothing here is a worker's own word, and nothing is taken from the clock on the wall alone: a machine that is
suspended, frozen or overloaded lets time pass in which no code could run.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

TICK = 0.1  # seconds between two looks
LATE = 0.5  # a look that comes so much too late shows that this process could not run itself
RUNS = "R"  # the state of a process that has a processor, or waits for one
SLEEPS = "S"  # the state of a process that waits for something of its own choice: a clock, a pipe

Until = Callable[[], float]  # seconds that are left of a wait


class Clock:
    """Seconds in which this process could run. All deadlines of one sandbox are by one of these."""

    def __init__(self) -> None:
        self.lost = 0.0  # seconds in which it could not

    def now(self) -> float:
        return time.monotonic() - self.lost

    def until(self, seconds: float) -> Until:
        """A wait of so long from now."""
        end = self.now() + seconds
        return lambda: end - self.now()

    def waited(self, asked: float, took: float) -> bool:
        """Take note of a wait; whether this process was held up in it."""
        late = took - asked
        if late > LATE:
            self.lost += late
        return late > LATE


@dataclass
class Seen:
    """Seconds in which nothing came from a process, by what it did at each look."""

    runs: float = 0.0
    sleeps: float = 0.0
    held: float = 0.0  # stopped, or waiting for a disk

    @property
    def all(self) -> float:
        return self.runs + self.sleeps + self.held

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(self.runs + other.runs, self.sleeps + other.sleeps, self.held + other.held)


class Watched:
    """A process, by its number as we see it; 0 where it is not known."""

    def __init__(self, pid: int = 0) -> None:
        self.pid = pid
        self.seen = Seen()

    def cpu(self) -> float:
        """Seconds of processor time; of one that is gone, none."""
        try:
            return time.clock_gettime(~self.pid << 3 | 2) if self.pid else 0.0  # as clock_getcpuclockid(3)
        except OSError:
            return 0.0

    def look(self, seconds: float) -> None:
        """Note what it does after so long a wait."""
        state = self._state()
        if state == RUNS:
            self.seen.runs += seconds
        elif state == SLEEPS:
            self.seen.sleeps += seconds
        else:
            self.seen.held += seconds

    def _state(self) -> str:
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                return file.read().rpartition(b")")[2].split(maxsplit=1)[0].decode()
        except (OSError, IndexError):
            return ""
