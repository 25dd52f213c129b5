"""Submissions in, whatever their wrapping.

In reading order: `archives` (folders, zips and tars, and what is refused), `arrange` (every file to its
place), `notebooks` (recognised, and read), `submission` (one hand-in in memory), `downloads` (what an LMS
gives out), `collect` (many hand-ins to nbgrader's layout, none lost).
"""

from autograder.intake.archives import IntakeError
from autograder.intake.notebooks import answers, is_placeholder, read_cells
from autograder.intake.submission import Source, Submission, arrange, find, read

__all__ = [
    "IntakeError",
    "Source",
    "Submission",
    "answers",
    "arrange",
    "find",
    "is_placeholder",
    "read",
    "read_cells",
]
