"""What nbgrader opens in a hand-in: ordinary files only, each without waiting.

nbgrader opens whatever lies there by its name: a pipe holds `autograde` and formgrader up for ever, a device
never ends, and a `timestamp.txt` that holds no time stops the whole class.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import base
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files

from autograder.errors import IntakeError
from autograder.intake.submission import stamp


def configure() -> None:
    """Put our functions in the place of nbgrader's; it has no setting for them."""
    base.find_all_files = ordinary_files
    CourseDirectory.get_existing_timestamp = _existing_timestamp
    NbGraderAPI.get_submitted_timestamp = _submitted_timestamp


def ordinary_files(path: str, exclude: list[str] | None = None) -> list[str]:
    """As nbgrader's `find_all_files`, for what it copies."""
    return [name for name in find_all_files(path, exclude) if os.path.isfile(name)]


def _existing_timestamp(courses: Any, folder: str) -> datetime | None:
    try:
        when = stamp(Path(folder))
    except (IntakeError, OSError) as error:
        courses.log.warning("%s: %s; no time is taken from it", folder, error)
        return None
    return when.replace(tzinfo=None) if when else None  # nbgrader's times are UTC without saying so


def _submitted_timestamp(api: Any, assignment: str, student: str) -> datetime | None:
    courses = api.coursedir
    folder = courses.format_path(courses.submitted_directory, student, assignment)
    return _existing_timestamp(courses, os.path.abspath(folder))
