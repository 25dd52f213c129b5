"""What nbgrader is set to when it makes a release: our defaults, then `[nbgrader]` of course.toml."""

from __future__ import annotations

from typing import Any

from autograder.course.course import Course
from autograder.release.preprocessors import release_preprocessors

CODE_STUB = (
    "# Write your code here, in place of the next line.\n"
    'raise NotImplementedError("this cell is not written yet")'
)
TEXT_STUB = "*Your answer here: it is not written yet.*"  # a search for its end finds answers, too
# The last two are running times that Jupyter can record: they differ from run to run.
FROM_A_RUN = {"collapsed", "scrolled", "execution", "ExecuteTime"}


def configure(config: Any) -> None:
    """Strip the library along with the notebooks, and refuse a release that gives an answer away."""
    config.GenerateAssignment.preprocessors = release_preprocessors()
    config.GenerateAssignment.post_convert_hook = "autograder.release.build.write_archive_after"
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    config.ClearOutput.remove_metadata_fields = FROM_A_RUN


def add_own(config: Any, course: Course) -> None:
    """The course's own settings, which come last and so count."""
    for name, values in course.nbgrader.items():
        config[name].update(values)
