"""Exit codes, and which error ends with which."""

from __future__ import annotations

from autograder.errors import (
    CourseError,
    ExportError,
    FolderError,
    GradebookError,
    GradingError,
    IntakeError,
    LimitError,
    PluginError,
    RecordError,
    ReleaseError,
    ReviewError,
    RosterError,
)
from autograder.sandbox.faults import SandboxError

DONE, ATTENTION, USAGE, FAILED = 0, 1, 2, 3
CODES = (
    "exit code 0: done; 1: done, and people are needed; 2: used wrongly, or the course's own files are "
    "wrong; 3: could not run, or not to the end"
)
USED_WRONGLY = (CourseError, ExportError, FolderError, IntakeError, ReleaseError, ReviewError, RosterError)
COULD_NOT_RUN = (GradebookError, GradingError, LimitError, PluginError, RecordError, SandboxError)
