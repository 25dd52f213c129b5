"""What the judge does where a call was held up by the machine: it tries again."""

from collections.abc import Callable
from typing import TypeVar

from autograder.sandbox.faults import SandboxError
from autograder.sandbox.session import HELD_UP

T = TypeVar("T")
TRIES = 5


def unless_held_up(case: Callable[[], T]) -> T:
    """What a case comes to, begun anew where the machine let its time go by; limits of tests are short."""
    for _ in range(TRIES - 1):
        try:
            return case()
        except SandboxError as error:
            if str(error) != HELD_UP:
                raise
    return case()
