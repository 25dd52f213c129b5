"""What a person can put right: each message says where, what was expected, what came, what to do.

What goes wrong over one student is noted of that student (`apart`, `alone`), and stops nobody else.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class CourseError(Exception):
    """The course's own files are wrong; the message says which, what was expected, what came, what to do."""


class GradingError(Exception):
    """The hidden graders themselves cannot be used."""


class IntakeError(Exception):
    """A hand-in, or a folder of them, that cannot be read."""


class LimitError(Exception):
    """A limit of the shell, service or batch job is too low to grade under; the message says which."""


class PluginError(Exception):
    """A part that the engine works without was asked for, and something that it needs is not installed."""


class RecordError(Exception):
    """A record file that cannot be read back."""


class MovedError(RecordError):
    """The folder of results was moved or removed while a run was at work in it."""


class FolderError(Exception):
    """A folder of results that is not this assignment's, or a student who is not there."""


class ReleaseError(Exception):
    """A release is refused; the message says where, what was expected, what came, what to do."""


class ExportError(Exception):
    """Records and roster do not fit together; the message says where, what was expected, what to do."""


class ReviewError(Exception):
    """A decision that cannot be carried out; nothing of it is entered."""


class RosterError(Exception):
    """The roster cannot be used; the message says which line, what was expected, what came."""


class GradebookError(Exception):
    """The gradebook cannot be opened or written."""


# The disk or the database is at fault, which meets everybody: going on would say the same of each.
MACHINE = {
    *(errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.EACCES, errno.ENOMEM, errno.EAGAIN),
}


class OfStudent(Protocol):
    @property
    def student(self) -> str: ...


Item = TypeVar("Item", bound=OfStudent)
T = TypeVar("T")


def apart(
    items: Iterable[Item], run: Callable[[Item], T], what: str, faults: dict[str, str]
) -> Iterator[tuple[Item, T]]:
    """Each item with what `run` makes of it; where that fails, `faults` says so of its student."""
    for item in items:
        made: list[T] = []
        with alone(item.student, what, faults):
            made.append(run(item))
        for each in made:
            yield item, each


@contextmanager
def alone(student: str, what: str, faults: dict[str, str]) -> Iterator[None]:
    """What fails in here is noted of this student; what meets everybody is raised: GradebookError,
    FolderError, MovedError, MemoryError, and OSError of the MACHINE."""
    try:
        yield
    except (GradebookError, FolderError, MovedError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in MACHINE:
            raise
        note(faults, student, what, error)


def note(faults: dict[str, str], student: str, what: str, error: Exception) -> None:
    """Add what went wrong to what is known of this student."""
    said = f"{what}: {type(error).__name__}: {error}" if str(error) else f"{what}: {type(error).__name__}"
    before = faults.get(student, "")
    if said not in before:
        faults[student] = "; ".join(filter(None, (before, said)))[:1000]
