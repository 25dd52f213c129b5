"""`autograder pipeline gradescope`: the zip that Gradescope builds an autograder from.

Layout: https://gradescope-autograders.readthedocs.io/en/latest/specs/. The zip holds the hidden graders
and the solution: it is for the instructor's Gradescope and nobody else.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.files import write_atomically
from autograder.pipelines import kit_wheel
from autograder.pipelines.course_files import course_files
from autograder.runs.packed import packed

SETTINGS = "pipeline.json"  # read by `on_gradescope`
COURSE = "course"  # the course's folder in source/


def write(assignment: Assignment, to: Path, visibility: str) -> int:
    """Write the zip; how many files it holds.

    Raises:
        CourseError: the release is not built.
    """
    name, wheel = kit_wheel.wheel()
    settings = {"assignment": assignment.name, "visibility": visibility}
    files = {
        "setup.sh": template("gradescope_setup.sh"),
        "run_autograder": template("gradescope_run.sh"),
        "constraints.txt": kit_wheel.constraints().encode(),
        SETTINGS: (json.dumps(settings, indent=1) + "\n").encode(),
        name: wheel,
        **{f"{COURSE}/{path}": data for path, data in course_files(assignment).items()},
    }
    write_atomically(to, packed(files, programs=("setup.sh", "run_autograder")), mode=0o600)
    return len(files)


def template(name: str) -> bytes:
    return resources.files("autograder.pipelines").joinpath(f"templates/{name}.tmpl").read_bytes()
