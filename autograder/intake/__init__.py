"""Submissions in, whatever their wrapping.

In reading order: `archives` (what is refused), `unpacked`, `changed_names`, `given` (the release, to compare
with), `harmless` (what of outputs and pictures may be shown), `notebook_files` and `source_text` (read),
`copies` (which of several counts), `elsewhere`, `written` (answers, wherever they stand), `arrange` (every
file to its place), `facts` (what the collector knows), `handed_in` and `submission` (one hand-in),
`downloads` (what an LMS gives out), `archive_of_hand_ins` (every one as it came), `collector` (those that
count, to nbgrader's layout).
"""

from autograder.intake.arrange import arrange
from autograder.intake.collector import Collector, Report
from autograder.intake.handed_in import Submission
from autograder.intake.notebook_files import read_cells
from autograder.intake.submission import Source, beside, empty, find, read, source_of
from autograder.intake.written import is_placeholder
from autograder.intake.written import read as read_answers

__all__ = [
    "Collector",
    "Report",
    "Source",
    "Submission",
    "arrange",
    "beside",
    "empty",
    "find",
    "is_placeholder",
    "read",
    "read_answers",
    "read_cells",
    "source_of",
]
