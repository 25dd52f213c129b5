"""What a submission needs of the sandbox it is in."""

from dataclasses import dataclass
from typing import Protocol

from autograder.sandbox.channel import Channel
from autograder.sandbox.level import Level
from autograder.sandbox.limits import Limits
from autograder.sandbox.waiting_for import Clock


@dataclass(frozen=True)
class Ended:
    """How a worker came to its end."""

    how: str  # ended: by itself; killed: by us; lost: with its zygote, which is our fault
    code: int = 0  # as of `subprocess`: negative for a signal
    cpu: float = 0.0  # seconds


class Host(Protocol):
    """Makes workers and ends them."""

    limits: Limits
    level: Level
    clock: Clock

    def start(self) -> None: ...

    def fork(self) -> tuple[int, Channel]: ...

    def reap(self, pid: int, grace: float) -> Ended: ...
