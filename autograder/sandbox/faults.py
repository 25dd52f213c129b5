"""What can come of a call besides a result, and whose fault it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class SandboxError(Exception):
    """The sandbox itself failed. Never the student's fault; to be retried, then shown to a person."""


@dataclass(frozen=True)
class Frame:
    """One of the student's own lines that an error went through."""

    file: str
    line: int
    function: str
    source: str


class StudentError(Exception):
    """The student's code did not do what it was asked.

    `kind` is not_implemented, raised, import, missing, limit, crash or bad_reply; `message` may be shown
    to the student; `frames` are their own lines, innermost last.
    """

    def __init__(self, kind: str, message: str, frames: Sequence[Frame] = ()) -> None:
        super().__init__(message)
        self.kind, self.message, self.frames = kind, message, tuple(frames)


@dataclass(frozen=True)
class Echo:
    """A result, and the arguments as they are after the call."""

    result: Any
    args: list[Any]
    kwargs: dict[str, Any]
