"""A warm grader over a drop folder.

What is dropped is copied first, into `OUT/hand-ins/`, and graded from there: nothing that happens in the
drop folder later can hurt it. Then, for each student, `attempts` says which hand-in is graded; a record is
written, and from it what the student sees, in `OUT/results/<student>/`. Each of these steps writes a file
that is whole or not there, and each follows from those before it; so a run that was killed looks at all
students once and goes on. Nothing is kept that is not one of these files.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder import intake
from autograder.course import roster as rosters
from autograder.course.assignment import Assignment
from autograder.errors import GradebookError, GradingError, IntakeError
from autograder.intake import Source, facts
from autograder.intake import archive_of_hand_ins as archive
from autograder.intake.drop_folder import DropFolder
from autograder.intake.facts import Facts
from autograder.judge.task import Task
from autograder.records import record as records
from autograder.records.record import Record
from autograder.records.store import Store
from autograder.reports.score import UNREAD, needed
from autograder.runs import attempts
from autograder.runs.attempts import Chosen, clock
from autograder.runs.course_changes import CourseChanges
from autograder.runs.health import Health
from autograder.runs.student_pages import StudentPages, opening
from autograder.runs.taking import Taking, Troubles, say
from autograder.runs.typed_points import note_typed
from autograder.sandbox.level import Level
from autograder.workers.pool import Plan, Warm

HAND_INS, RESULTS, GRADEBOOK = "hand-ins", "results", "gradebook.db"  # in OUT
LOOK_SECONDS = 0.25
RETRY_SECONDS, LONGEST_RETRY = 60.0, 1800.0  # after a fault of ours
AGAIN = "Your newest hand-in could not be graded yet, by a fault of ours. It is kept, and tried again."


@dataclass(frozen=True)
class WatchRequest:
    assignment: Assignment
    folder: Path
    out: Path
    level: Level
    jobs: int = 1
    aliases: tuple[str, ...] = ()
    once: bool = False  # end when all that is there is done


class FolderWatch:
    """One run; `stop` drains it."""

    def __init__(self, request: WatchRequest) -> None:
        self.request, self.assignment = request, request.assignment
        course = self.assignment.course
        self.rules = course.watch
        self.people = rosters.read(course.roster) if course.roster else None
        self.troubles = Troubles()
        self.drop = DropFolder(request.folder, self.assignment, self.people)
        self.store = Store(request.out)
        self.kept = facts.kept(request.out / HAND_INS, self.assignment.name)
        self.taking = Taking(self.drop, self.kept, self.troubles)
        self.health = Health(request.out, self.assignment.name)
        self.opens = opening(self.assignment, self.people or ())
        self.looked, self.look_seconds = 0.0, LOOK_SECONDS
        self.queue: dict[str, float] = {}  # student -> since when they wait
        self.known: deque[str] = deque()  # students of an earlier run, looked at when nobody waits
        self.at_work: dict[str, str] = {}  # student -> which hand-in
        self.ahead = 0  # of these, how many are not begun yet
        self.done: deque[tuple[str, Record | None]] = deque()  # not on disk yet
        self.alarms: dict[str, datetime] = {}  # student -> when another hand-in's turn comes
        self.retries: dict[str, tuple[float, float]] = {}  # student -> when again, and how long they waited
        self.withdrawn = set[str]()  # whose hand-ins are kept, and no more
        self.unreadable: dict[str, set[str]] = {}  # student -> hand-ins in which nothing could be read
        self.stopping = self.changed = False
        self.course_changes = CourseChanges(self.assignment)
        self.pages = StudentPages(self.assignment, request.out / RESULTS, self.people)

    def stop(self) -> None:
        """Finish what runs, take nothing new."""
        self.stopping, self.health.state = True, "draining"

    def run(self) -> None:
        """Until stopped, or until the course's own files have changed (`changed`).

        Raises:
            RecordError: another run is at work in OUT.
            FolderError: OUT holds another assignment.
            GradingError: the hidden graders do not load, or no process can start.
            OSError: OUT cannot be written at the start.
        """
        with self.store.locked():
            self.store.refuse_other(self.assignment.name)
            self.store.publish()
            self.resume()
            self._close_to_others()
            with self._graders() as pool:
                say(f"watching {self.request.folder}, isolation {self.request.level.name}")
                while not self._is_over():
                    self.round(pool)

    def resume(self) -> None:
        """Sweep up what a run that was killed left half, and look at all students again."""
        for half in (self.request.out / RESULTS).glob("*/.*.part"):
            half.unlink()
        self.known.extend(self.taking.resume())
        self.withdrawn = set(self.store.withdrawn())
        if self.assignment.intake.counts == "best":
            say('counts = "best": students see their last hand-in; which one counts, collect finds out')

    def _close_to_others(self) -> None:
        """Records say what hidden checks found, and hand-ins are other people's; students may have accounts
        on this machine. What the group may do stays as it is."""
        mode = self.request.out.stat().st_mode
        with suppress(PermissionError):  # it is somebody else's, who decides
            self.request.out.chmod(mode & ~0o007)

    @contextmanager
    def _graders(self) -> Iterator[Warm]:
        plan = Plan(self.assignment.name, self.assignment.root, self.request.level)
        pool = Warm(
            plan, self.request.jobs, lambda task, graded: self.done.append((task.source.student, graded))
        )
        try:
            yield pool
        except GradingError as error:
            self.troubles.note("graders", str(error))
            raise
        finally:
            pool.close()
            self.health.state = "ended"
            self._count(at_once=True)

    def round(self, pool: Warm) -> None:
        """One look, and what follows from it."""
        self._open()
        if not self.stopping:
            self._look()
            self._wake()
        self._publish_done()
        self._feed(pool)
        self.ahead = len(pool.waiting)
        self._count()
        pool.listen(LOOK_SECONDS)
        self._publish_done()

    def _feed(self, pool: Warm) -> None:
        """One hand-in ahead of each grading process, so that none waits while results are written."""
        while not self.done and not self.stopping and pool.busy < 2 * self.request.jobs:
            task = self._next()
            if task is None:
                break
            pool.feed(task)
        while self.stopping and pool.waiting:  # not begun yet
            self.at_work.pop(pool.waiting.pop().source.student, None)

    def _is_over(self) -> bool:
        if self.at_work or self.done:
            return False
        waiting = self.queue or self.known or self.drop.coming or self.drop.looks < 2
        return self.stopping or (self.request.once and not waiting)

    def _look(self) -> None:
        # of a folder full of entries no more than half the time is spent on looking
        if time.monotonic() - self.looked < max(self.look_seconds, 2 * self.drop.took):
            return
        self.looked = time.monotonic()
        self._look_at_settings()
        for student in self.taking.look():
            self.health.taken += 1
            self._wait_for(student)

    def _wait_for(self, student: str) -> None:
        self.queue.setdefault(student, time.monotonic())

    def _wake(self) -> None:
        """Students whose turn has come since."""
        here, today = time.monotonic(), now()
        for student in [s for s, when in self.alarms.items() if when <= today]:
            del self.alarms[student]
            self._wait_for(student)
        for student in [s for s, (when, _) in self.retries.items() if when <= here]:
            self.retries[student] = (float("inf"), self.retries[student][1])
            self._wait_for(student)

    # the due date

    def _open(self) -> None:
        """Once, when the time has come, all are looked at again. A clock that is set back hides nothing."""
        if not self.health.after_due and self.opens and now() >= self.opens:
            self.health.after_due = True
            self.known = deque(dict.fromkeys((*self.known, *self.at_work, *self.taking.students())))
            say("the due date has passed: what counts is graded, and full pages are shown")

    # grading

    def _next(self) -> Task | None:
        """The next hand-in to grade: of who has waited longest, and is not being graded."""
        for student in [*self.queue, *self.known]:
            if student in self.at_work:
                continue
            self.queue.pop(student, None)
            if student in self.known:
                self.known.remove(student)
            if student in self.withdrawn:
                continue
            try:
                return self._task(student)
            except IntakeError as error:
                self.troubles.note(student, str(error))
        return None

    def _task(self, student: str) -> Task:
        chosen = self._chosen(student)
        kept, extension = chosen.now, self._extension(student)
        self.at_work[student] = kept.key
        about = Facts(handed_in=kept.handed_in, extension_days=extension, problems=kept.problems)
        place = self.kept / student / kept.key / facts.FILES
        source = Source(student, place, self.request.aliases, about, extension_days=extension)
        if kept.unreadable:
            return Task(source, submission=intake.empty(source, kept.unreadable))
        return Task(source, self.store.known(student))

    def _extension(self, student: str) -> float:
        listed = self.people.get(student) if self.people else None
        return listed.extension_days(self.assignment.name) if listed else 0.0

    def _chosen(self, student: str) -> Chosen:
        kept = attempts.in_order(list(archive.load(self.kept / student)))
        if not kept:
            raise IntakeError(f"{self.kept / student}: no hand-in is left; drop it again")
        counts = self.assignment.intake.counts
        if self.health.after_due:
            unreadable = self.unreadable.get(student, ())
            late, days = self.assignment.late, self._extension(student)
            return attempts.after_due(kept, late, counts, days, unreadable)
        chosen = attempts.before_due(kept, self.rules, counts, now())
        if chosen.when:
            self.alarms[student] = chosen.when
        return chosen

    # publishing

    def _publish_done(self) -> None:
        """Write what is graded. Where the disk is full it waits, and nothing new is begun."""
        while self.done:
            student, graded = self.done[0]
            try:
                self._publish(student, graded)
                self.troubles.over(student)
            except IntakeError as error:
                self.troubles.note(student, str(error))
            except (OSError, GradebookError) as error:
                self.troubles.note("writing", f"a result is not written, and tried again: {error}")
                if self.stopping:
                    raise
                return
            self.troubles.over("writing")
            self.at_work.pop(student, None)
            self.done.popleft()

    def _publish(self, student: str, graded: Record | None) -> None:
        again: list[str] = []
        if graded is None:
            graded = self.store.before(student)
        elif graded.fault:
            graded, again = self._failed(graded)
        else:
            self._save(graded)
            self.retries.pop(student, None)
            self.health.graded += 1
            say(f"{student}: graded in {graded.seconds:.1f} s")
        key = self.at_work.get(student, "")
        if graded is None:  # taken away since
            self._wait_for(student)
        else:
            if needed(graded) == UNREAD and not graded.fault and key:
                self._note_unreadable(student, key)
            self._show(student, graded, again)

    def _save(self, graded: Record) -> None:
        book = self.request.out / GRADEBOOK
        if book.exists():  # of a `grade` between two runs
            from autograder.gradebook.url import sqlite_url  # SQLAlchemy, which few runs need

            changes = [(self.store.before(graded.student), graded)]
            note_typed(lambda: sqlite_url(book), self.assignment, changes)
        records.save(graded, self.store.published)
        (self.store.pending / f"{graded.student}.json").unlink(missing_ok=True)  # of a run that was killed

    def _failed(self, graded: Record) -> tuple[Record, list[str]]:
        """What is shown after a fault of ours: the result of before, if there is one; it is tried again."""
        student = graded.student
        waited = min(LONGEST_RETRY, 2 * self.retries.get(student, (0.0, RETRY_SECONDS / 2))[1])
        self.retries[student] = (time.monotonic() + waited, waited)
        self.health.failed += 1
        say(f"{student}: not graded, by a fault of ours: {graded.fault}; again in {waited:g} s")
        before = self.store.before(student)
        if before is not None and not before.fault:
            return before, [AGAIN]
        self._save(graded)
        return graded, []

    def _note_unreadable(self, student: str, key: str) -> None:
        """One that cannot be read does not count, after the due date, while another can be read."""
        keys = self.unreadable.setdefault(student, set())
        if self.health.after_due and key not in keys:
            self._wait_for(student)
        keys.add(key)

    def _show(self, student: str, graded: Record, notes: list[str]) -> None:
        chosen, zone = self._chosen(student), self.assignment.late.zone
        when = f"This is about your hand-in of {clock(chosen.now, zone)} ({zone})."
        if graded.handed_in not in ("", chosen.now.handed_in):
            when = "This is about an earlier hand-in of yours."
        said = [when, *notes, *chosen.said(zone)]
        if fault := self.pages.write(graded, said, self.opens, self.health.after_due):
            say(f"{student}: no page ({fault})")

    # the rest

    def _count(self, at_once: bool = False) -> None:
        health, here = self.health, time.monotonic()
        health.queue = len(self.queue) + len(self.known) + self.ahead
        health.at_work = len(self.at_work) - self.ahead
        health.arriving = self.drop.arriving
        health.refuse(self.drop.refused.values())
        health.oldest_waiting_seconds = round(here - min(self.queue.values(), default=here), 1)
        health.trouble = self.troubles.said()
        health.beat(at_once)

    def _look_at_settings(self) -> None:
        """Where the course's own files have changed, this run drains and another one begins."""
        if self.course_changes.changed():
            say("the course's files have changed: what runs is finished, then all begins anew")
            self.changed = True
            self.stop()
        elif why := self.course_changes.why_not:
            self.troubles.note("settings", f"{why}; until then the settings of before hold")
        else:
            self.troubles.over("settings")


def now() -> datetime:
    return datetime.now(UTC)
