"""Submissions in, whatever their wrapping.

In reading order: `archives` (folders, zips and tars, and what is refused), `arrange` (every file to its
place), `notebooks` (recognised, and read), `submission` (one hand-in in memory), `downloads` (what an LMS
gives out), `store` (every hand-in as it came), `collect` (the ones that count, to nbgrader's layout).
"""

from autograder.errors import IntakeError
from autograder.intake.collect import Collector, Report
from autograder.intake.notebook_files import answers, is_placeholder, read_cells
from autograder.intake.submission import Source, Submission, arrange, find, read

__all__ = [
    "Collector",
    "IntakeError",
    "Report",
    "Source",
    "Submission",
    "answers",
    "arrange",
    "find",
    "is_placeholder",
    "read",
    "read_cells",
]
