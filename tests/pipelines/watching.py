"""A watch whose graders are at hand: what they are given is graded at once, by a rule of thumb."""

import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.intake import drop_folder
from autograder.judge import digests
from autograder.judge.task import Task, read, unread, unreadable
from autograder.records.record import CaseResult, Grade, Record
from autograder.runs import watch as watching
from autograder.runs.watch import FolderWatch, WatchRequest
from autograder.sandbox import level
from tests.small_kit import NAME, POINTS, RIGHT, Kit, notebook

SECRET = "0.7071067811865476 [[3.25, -1.5]] test_secret"  # as a message could hold it


class Graders:
    """In place of warm processes. `graded` lists what was graded, hand-in by hand-in."""

    def __init__(self, watch: FolderWatch) -> None:
        self.watch, self.given, self.graded = watch, list[Task](), list[tuple[str, str]]()
        self.waiting = list[Task]()  # as the pool has it: none of them is begun
        self.hold = False  # keep what is given
        self.fault = ""  # of ours, over every hand-in

    @property
    def busy(self) -> int:
        return len(self.given)

    def feed(self, task: Task) -> None:
        self.given.append(task)

    def listen(self, seconds: float) -> None:
        while self.given and not self.hold:
            task = self.given.pop(0)
            self.watch.done.append((task.source.student, self.record(task)))

    def record(self, task: Task) -> Record | None:
        assignment, student = self.watch.assignment, task.source.student
        if self.fault:
            return unreadable(assignment, student, self.fault, "none", self.fault)
        submission = task.submission or read(task.source, assignment)
        hashes = digests.hashes(assignment, submission)
        if task.known == hashes:
            return None
        self.graded.append((student, task.source.path.parent.name))
        if submission.unreadable:
            return unread(assignment, submission, submission.unreadable, "none", submission.fault)
        right = b"2 * x" in submission.package.get("cs_lib/layers.py", b"")
        outcome = "passed" if right else "failed"
        case = CaseResult("double[small]", "core", 1.0, outcome, SECRET, "Try 2.", "value", 0.1, SECRET)
        grades = {
            "double": Grade("double", "nb", 4.0 if right else 0.0, 4.0, "graded", (case,)),
            "noise": Grade("noise", "nb", 1.0, 1.0, "graded"),
            "inline_nb_1": Grade("inline_nb_1", "nb", None, 2.0, "needs_review", comment=SECRET),
        }
        about = {"problems": submission.problems, "handed_in": submission.handed_in, "seconds": 12.5}
        about |= {"extension_days": submission.extension_days}
        return Record(student, NAME, "none", hashes, grades, **about)


class Desk:
    """A kit, its drop folder, and a watch that goes round by hand; the clock is the test's."""

    def __init__(self, kit: Kit, patch: pytest.MonkeyPatch) -> None:
        self.kit, self.patch = kit, patch
        self.drop, self.out = kit.home / "drop", kit.home / "out"
        self.drop.mkdir()
        self.ticks = 0.0
        self.today: datetime | None = None
        patch.setattr(drop_folder, "monotonic", lambda: self.ticks)
        patch.setattr(watching, "now", lambda: self.today or datetime.now(UTC))
        self.begin()

    def begin(self, **more: object) -> Graders:
        """Another run, as after a kill: nothing of the one before is in memory."""
        self.watch = FolderWatch(WatchRequest(self.assignment, self.drop, self.out, level.unsafe(), **more))
        self.watch.look_seconds = 0.0
        with self.watch.store.locked():
            self.watch.resume()
        self.graders = Graders(self.watch)
        return self.graders

    @property
    def assignment(self) -> Assignment:
        return course.load(NAME, self.kit.home)

    def settings(self, text: str) -> None:
        path = self.kit.home / "course.toml"
        path.write_text(path.read_text() + text)
        self.begin()

    def rounds(self, count: int = 8) -> None:
        for _ in range(count):
            self.ticks += 0.5
            self.watch.round(self.graders)  # type: ignore[arg-type]

    def zip(self, student: str, code: str = RIGHT, name: str = "") -> Path:
        """A hand-in in one file, moved in whole."""
        part = self.kit.home / "made.zip"
        with zipfile.ZipFile(part, "w") as archive:
            archive.writestr("cs_lib/layers.py", code)
            archive.writestr("nb.ipynb", notebook(POINTS, "Because."))
        place = self.drop / (name or f"{student}.zip")
        os.replace(part, place)
        return place

    def exchange(self, student: str, code: str = RIGHT, number: int = 1, stamp: bool = True) -> Path:
        """A hand-in as `nbgrader submit` leaves it."""
        place = self.drop / f"{student}+{NAME}+2026-02-01 12:00:0{number}.0 UTC+rand{number}"
        (place / "cs_lib").mkdir(parents=True)
        (place / "cs_lib/layers.py").write_text(code)
        (place / "nb.ipynb").write_text(notebook(POINTS, "Because."))
        if stamp:
            (place / "timestamp.txt").write_text("2026-02-01 12:00:00 UTC")
        return place

    def page(self, student: str) -> str:
        return (self.out / f"results/{student}/feedback.html").read_text()

    def results(self, student: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.out / f"results/{student}/results.json").read_text())
        return found

    def record(self, student: str) -> Record:
        return Record.from_json((self.out / f"records/{student}.json").read_text())

    def kept(self, student: str) -> list[Path]:
        return sorted((self.out / f"hand-ins/.collected/{NAME}/hand-ins/{student}").glob("[!.]*"))


Make = Callable[..., Desk]
