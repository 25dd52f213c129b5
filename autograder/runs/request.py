"""What a grading run is asked for, and whom it reports to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.course.assignment import Assignment
from autograder.course.roster import Roster
from autograder.intake import Source
from autograder.sandbox.level import Level


class Steps(Protocol):
    """What is reported of each hand-in as it is done."""

    def step(self, failing: bool = False, error: bool = False, unchanged: bool = False) -> None: ...

    def say(self, what: str) -> None: ...


Progress = Callable[[str, int], AbstractContextManager[Steps]]  # a title, and how many there are


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    assignment: Assignment
    sources: Sequence[Source]
    level: Level
    out: Path
    gradebook: str  # SQLAlchemy URL; empty: OUT/gradebook.db
    jobs: int
    scheduler: str  # address of a Dask scheduler; empty: processes of this machine
    dry_run: bool
    formgrader: bool  # also write the notebooks that formgrader opens
    roster: Roster | None  # who everybody is, in gradebook, pages and grades
    students: tuple[str, ...]  # only these; empty: all who handed in and have not withdrawn
    withdrawn: tuple[str, ...]  # who are to be left out from now on
    progress: Progress
    unclaimed: tuple[str, ...]  # what lies in the class's folder and is nobody's hand-in

    @property
    def url(self) -> str:
        """Of the gradebook."""
        from autograder.gradebook.url import sqlite_url  # SQLAlchemy, see AFTERWARDS

        return self.gradebook or sqlite_url(self.out / "gradebook.db")
