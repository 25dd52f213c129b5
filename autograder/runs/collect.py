"""`autograder collect`: the class's hand-ins from an LMS's download to where they are graded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.intake import Collector, Report, Source
from autograder.runs import git_hosts
from autograder.sandbox.level import Level
from autograder.workers import pool


def collect(
    assignment: Assignment,
    sources: Sequence[Path],
    to: Path,
    roster_file: Path | None,
    times_file: Path | None,
    aliases: tuple[str, ...],
    level: Level,
    jobs: int,
    git: bool = False,
) -> Report:
    """Collect, grading first where the rule is "best" and a student handed in more than once; with `git` also
    from the repositories that the roster names."""

    def points(several: Sequence[Source]) -> list[float]:
        return [record.points for record in pool.graded(assignment, several, level, jobs)]

    people = roster.read(roster_file) if roster_file else None
    collector = Collector(
        assignment,
        to,
        people,
        aliases,
        roster.read_times(times_file, assignment.course.time_zone) if times_file else {},
        points=points,
    )
    if not git or people is None:
        return collector.collect(sources)
    with git_hosts.survey(people, assignment) as found:
        return collector.collect(sources, [found])
