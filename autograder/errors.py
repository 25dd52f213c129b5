"""What a person can put right: each message says where, what was expected, what came, what to do."""

from __future__ import annotations


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


class RubricError(ValueError):
    """A rubric that cannot be used; the message says where, what was expected, what came, what to do."""


class GradebookError(Exception):
    """The gradebook cannot be opened or written."""
