"""`autograder pipeline github`: a scheduled workflow for a repository of the instructors.

Graders never run in a workflow that students can edit; docs/pipelines.md says why.
"""

from __future__ import annotations

from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.files import write_atomically
from autograder.pipelines import kit_wheel
from autograder.pipelines.gradescope_zip import template

KIT = ".github/autograder"  # the wheel and the versions of what it needs


def write(assignment: Assignment, to: Path) -> Path:
    """Write the workflow and the kit into the repository at `to`; where the workflow lies."""
    workflow = to / f".github/workflows/grade-{assignment.name}.yml"
    write_atomically(workflow, template("github.yml").decode().replace("ASSIGNMENT", assignment.name))
    write_atomically(to / KIT / "constraints.txt", kit_wheel.constraints())
    name, wheel = kit_wheel.wheel()
    (to / KIT / name).write_bytes(wheel)
    return workflow
