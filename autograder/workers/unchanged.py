"""Whose hand-in is as it was when it was graded, found out before a grading process is started.

A few children read many hand-ins each, inside the same limits. A grading process starts a child for each,
which takes twice the processor time, and collects graders that nobody then needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from autograder import bounded, intake
from autograder.course.assignment import Assignment
from autograder.judge.digests import environment_digest, graders_digest, hashes
from autograder.judge.task import Task


def unchanged(tasks: Sequence[Task], assignment: Assignment, jobs: int) -> set[str]:
    """The students with a known result and nothing changed since. Of a hand-in over which reading fails, the
    grading process says why."""

    def same(task: Task) -> bool:
        return hashes(assignment, intake.read(task.source, assignment)) == task.known

    ours = graders_digest(assignment), environment_digest()
    known = [task for task in tasks if task.known and (task.known.graders, task.known.environment) == ours]
    found = set()
    parts = [known[at::jobs] for at in range(jobs)]
    for row in zip_longest(*(zip(part, bounded.each(same, part), strict=True) for part in parts)):
        found |= {one[0].source.student for one in row if one is not None and one[1] is True}
    return found
