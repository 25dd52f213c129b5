"""nbgrader's settings for a course: all that a course's `nbgrader_config.py` has to call.

The file is needed only by who types `nbgrader …` or opens formgrader; our own commands read none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from autograder.bridge import autograde, feedback_exporter, formgrader, ordinary
from autograder.course import course as courses
from autograder.release import nbgrader_settings


def configure(config: Any, course: str | Path | None = None) -> None:
    """Set nbgrader up for the course in this folder; without one, for the course we are in."""
    found = courses.find(Path(course) if course else None)
    _show_scripts()
    ordinary.configure()
    config.OfCourse.course = str(found.root)
    nbgrader_settings.configure(config)
    autograde.configure(config, found)
    formgrader.configure(config)
    feedback_exporter.configure(config)
    # What [late] in assignment.toml takes off.
    config.AssignLatePenalties.plugin_class = "autograder.bridge.late_penalty.LatePenalty"
    config.ExportApp.plugin_class = "autograder.bridge.export.CsvExport"
    nbgrader_settings.add_own(config, found)


def _show_scripts() -> None:
    """nbgrader calls `alembic` by name; it lies beside Python, also where no environment is activated."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
