"""`autograder pipeline gradescope`: the zip that Gradescope builds an autograder from.

Layout: https://gradescope-autograders.readthedocs.io/en/latest/specs/. The zip holds the hidden graders
and the solution: it is for the instructor's Gradescope and nobody else.
"""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from importlib import resources
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.course import FILE
from autograder.course.shipped import files_to_grade
from autograder.errors import CourseError
from autograder.files import packed, text_of, whole, write_atomically
from autograder.pipelines import kit_wheel

SETTINGS = "pipeline.json"  # read by `on_gradescope`
COURSE = "course"  # the course's folder in source/
ROSTER = re.compile(r"^\s*roster\s*=.*\n?", re.MULTILINE)


def write(assignment: Assignment, to: Path, visibility: str) -> int:
    """Write the zip; how many files it holds. Raises CourseError as `course_files` does."""
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


def course_files(assignment: Assignment) -> dict[str, bytes]:
    """Name below the course's root -> content. Raises CourseError where the release is not built, or the
    roster's line cannot be left out."""
    if not (assignment.release_folder / assignment.package).is_dir():
        raise CourseError(
            f"release/{assignment.name}: expected the release, found none; run autograder release first"
        )
    root = assignment.root
    files = {path.relative_to(root).as_posix(): whole(path) for path in files_to_grade(assignment)}
    return {**files, FILE: _without_roster(assignment).encode()}


def _without_roster(assignment: Assignment) -> str:
    """`course.toml` without the class list, which says who the students are and stays here."""
    text = ROSTER.sub("", text_of(assignment.course.settings))
    with suppress(tomllib.TOMLDecodeError):  # half of a value that went over several lines is left
        if "roster" not in tomllib.loads(text):
            return text
    raise CourseError(f'{FILE}: roster: expected one line, roster = "FILE", got another form; write it so')


def template(name: str) -> bytes:
    return resources.files("autograder.pipelines").joinpath(f"templates/{name}.tmpl").read_bytes()
