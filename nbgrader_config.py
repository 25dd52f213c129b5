"""nbgrader's settings for this course, read by `nbgrader`, by formgrader and by `make release` alike."""

import os
import sys
from pathlib import Path

from autograder.bridge import autograde, formgrader
from autograder.bridge import feedback as nbgrader_feedback
from autograder.release.preprocessors import release_preprocessors

# nbgrader calls `alembic` by name for its gradebook; it lies beside Python, also where no venv is activated.
scripts = str(Path(sys.executable).parent)
if scripts not in os.environ["PATH"].split(os.pathsep):
    os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]

c = get_config()  # noqa: F821  nbgrader puts it here

# Strip the library along with the notebooks, and refuse a release that gives an answer away.
c.GenerateAssignment.preprocessors = release_preprocessors()
c.GenerateAssignment.post_convert_hook = "autograder.release.build.write_archive_after"

c.ClearSolutions.code_stub = {
    "python": (
        "# Write your code here, in place of the next line.\n"
        'raise NotImplementedError("this cell is not written yet")'
    )
}

# Grade in the sandbox, with the hidden graders. nbgrader's own list would run the notebook right here.
autograde.configure(c)

# What [late] in assignment.toml takes off.
c.AssignLatePenalties.plugin_class = "autograder.gradebook.lateness.LatePenalty"

# Formgrader: a student's text made harmless, the rubric below each answer.
formgrader.configure(c)

# Feedback: our page in place of the notebook with its test cells.
nbgrader_feedback.configure(c)

c.ClearSolutions.text_stub = "*Your answer here.*"
# The last two are running times that Jupyter can record: they differ from run to run.
c.ClearOutput.remove_metadata_fields = {"collapsed", "scrolled", "execution", "ExecuteTime"}
