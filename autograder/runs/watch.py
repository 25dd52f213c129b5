"""A warm grader over a drop folder.

What is dropped is copied first, into `OUT/hand-ins/`, and graded from there: nothing that happens in the
drop folder later can hurt it. Then, for each student, `attempts` says which hand-in is graded; a record is
written, and from it what the student sees, in `OUT/results/<student>/`. Each of these steps writes a file
that is whole or not there, and each follows from those before it; so a run that was killed looks at all
students once and goes on. Nothing is kept that is not one of these files.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from autograder import bounded
from autograder.course import roster as rosters
from autograder.course.assignment import Assignment
from autograder.errors import GradingError, IntakeError
from autograder.files import text_of, write_atomically
from autograder.intake import Source, Submission, drop_folder, facts
from autograder.intake import archive_of_hand_ins as archive
from autograder.intake.archive_of_hand_ins import StoredHandIn
from autograder.intake.drop_folder import DropFolder, Dropped
from autograder.intake.facts import Facts
from autograder.judge.task import Task
from autograder.records import record as records
from autograder.records.record import Record
from autograder.records.store import Store
from autograder.reports import before_due, feedback, gradescope, pages
from autograder.reports.score import UNREAD, needed
from autograder.runs import attempts
from autograder.runs.attempts import Chosen, clock
from autograder.runs.course_changes import CourseChanges
from autograder.runs.health import Health
from autograder.safe_text import shown
from autograder.sandbox.level import Level
from autograder.workers.pool import Plan, Warm

HAND_INS, RESULTS = "hand-ins", "results"  # in OUT
PAGE, DATA = "feedback.html", "results.json"  # of each student
LOOK_SECONDS = 0.25
RETRY_SECONDS, LONGEST_RETRY = 60.0, 1800.0  # after a fault of ours
NOT_THERE = "no file was handed in; ask whether the upload was the right one"
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
        self.drop = DropFolder(request.folder, self.assignment, self.people)
        self.store = Store(request.out)
        self.kept = facts.kept(request.out / HAND_INS, self.assignment.name)
        self.health = Health(request.out, self.assignment.name)
        self.opens = self._opens()
        self.queue: dict[str, float] = {}  # student -> since when they wait
        self.known: deque[str] = deque()  # students of an earlier run, looked at when nobody waits
        self.at_work: dict[str, str] = {}  # student -> which hand-in
        self.done: deque[tuple[str, Record | None]] = deque()  # not on disk yet
        self.alarms: dict[str, datetime] = {}  # student -> when another hand-in's turn comes
        self.retries: dict[str, tuple[float, float]] = {}  # student -> when again, and how long they waited
        self.unreadable: dict[str, set[str]] = {}  # student -> hand-ins in which nothing could be read
        self.troubles: dict[str, str] = {}  # what it is about -> what keeps it from going on
        self.stopping = self.changed = False
        self.course_changes = CourseChanges(self.assignment)
        for name in ("before_due.html", "feedback.html"):
            pages.template(name)  # compiled once, not in each process that makes a page

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
            with self._graders() as pool:
                self._say(f"watching {self.request.folder}, isolation {self.request.level.name}")
                while not self._is_over():
                    self.round(pool)

    def resume(self) -> None:
        """Sweep up what a run that was killed left half, and look at all students again."""
        self.kept.mkdir(parents=True, exist_ok=True)
        for half in (self.request.out / RESULTS).glob("*/.*.part"):
            half.unlink()
        for half in self.kept.glob(f"*/{archive.PART}*"):
            shutil.rmtree(half)
        self.known.extend(self._students())

    @contextmanager
    def _graders(self) -> Iterator[Warm]:
        plan = Plan(self.assignment.name, self.assignment.root, self.request.level)
        pool = Warm(plan, self.request.jobs, lambda task, graded: self._graded(task.source.student, graded))
        try:
            yield pool
        except GradingError as error:
            self._trouble("graders", str(error))
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
        while not self.done and not self.stopping and pool.busy < self.request.jobs:
            task = self._next()
            if task is None:
                break
            pool.feed(task)
        self._count()
        pool.listen(LOOK_SECONDS)
        self._publish_done()

    def _is_over(self) -> bool:
        if self.at_work or self.done:
            return False
        waiting = self.queue or self.known or self.drop.arriving or self.drop.looks < 2
        return self.stopping or (self.request.once and not waiting)

    # taking

    def _look(self) -> None:
        self._look_at_settings()
        try:
            found = self.drop.look()
        except OSError as error:  # a share that is gone for a while
            self._trouble("folder", f"{self.request.folder}: cannot be read ({error.strerror})")
            return
        self._well("folder")
        students = set[str]()
        for dropped in found:
            if dropped.student in students:  # one of each at a look: nobody fills the queue
                continue
            students.add(dropped.student)
            try:
                self._take(dropped)
                self._well(f"keeping {dropped.student}")
            except (IntakeError, OSError) as error:
                what = f"{dropped.name} is not kept, and tried again: {error}"
                self._trouble(f"keeping {dropped.student}", what)

    def _take(self, dropped: Dropped) -> None:
        """Keep a hand-in as it came. What is kept already is not kept twice."""
        room, when = self.kept / dropped.student, dropped.signature.changed.isoformat()
        before = attempts.in_order(list(archive.load(room)))
        if any(k.where == dropped.name and k.handed_in == when for k in before):
            self.drop.taken(dropped)
            return
        files, unreadable, unusual = drop_folder.read(dropped)
        if not self.drop.unchanged(dropped):
            return  # it is looked at again
        if before and archive.key(files, before[-1].handed_in, unreadable) == before[-1].key:
            self.drop.taken(dropped)  # the same, sent or touched once more
            return
        kept = StoredHandIn(
            dropped.student,
            dropped.name,
            seen=now().isoformat(),
            handed_in=when,
            order=f"{max((int(k.order) for k in before if k.order.isdecimal()), default=0) + 1:06}",
            problems=(*dropped.problems, *unusual),
            unreadable=unreadable,
            key=archive.key(files, when, unreadable),
        )
        archive.keep(room, kept, files)
        archive.to_disk(room / kept.key)
        self.drop.taken(dropped)
        self.health.taken += 1
        self._wait_for(dropped.student)
        self._say(f"{dropped.student}: {dropped.name} taken")

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

    def _opens(self) -> datetime | None:
        """When full pages are shown: once nobody can hand in in time any more."""
        late = self.assignment.late
        people = self.people or ()
        latest = max((p.extension_days(self.assignment.name) for p in people), default=0.0)
        due = late.due_for(latest)
        return due + timedelta(days=late.grace_days) if due else None

    def _open(self) -> None:
        """Once, when the time has come, all are looked at again. A clock that is set back hides nothing."""
        if not self.health.after_due and self.opens and now() >= self.opens:
            self.health.after_due = True
            self.known = deque(dict.fromkeys((*self.known, *self.at_work, *self._students())))
            self._say("the due date has passed: what counts is graded, and full pages are shown")

    def _students(self) -> Iterable[str]:
        return sorted(room.name for room in self.kept.glob("[!.]*"))

    # grading

    def _next(self) -> Task | None:
        """The next hand-in to grade: of who has waited longest, and is not being graded."""
        for student in [*self.queue, *self.known]:
            if student in self.at_work:
                continue
            self.queue.pop(student, None)
            if student in self.known:
                self.known.remove(student)
            try:
                return self._task(student)
            except IntakeError as error:
                self._trouble(student, str(error))
        return None

    def _task(self, student: str) -> Task:
        chosen = self._chosen(student)
        kept, extension = chosen.now, self._extension(student)
        self.at_work[student] = kept.key
        about = Facts(handed_in=kept.handed_in, extension_days=extension, problems=kept.problems)
        place = self.kept / student / kept.key / facts.FILES
        source = Source(student, place, self.request.aliases, about, extension_days=extension)
        if kept.unreadable or not place.is_dir():
            nothing = Submission(student, unreadable=kept.unreadable or NOT_THERE)
            return Task(source, submission=nothing)
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

    def _graded(self, student: str, graded: Record | None) -> None:
        self.done.append((student, graded))

    # publishing

    def _publish_done(self) -> None:
        """Write what is graded. Where the disk is full it waits, and nothing new is begun."""
        while self.done:
            student, graded = self.done[0]
            try:
                self._publish(student, graded)
                self._well(student)
            except IntakeError as error:
                self._trouble(student, str(error))
            except OSError as error:
                self._trouble("writing", f"a result is not written, and tried again: {error}")
                if self.stopping:
                    raise
                return
            self._well("writing")
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
            self._say(f"{student}: graded in {graded.seconds:.1f} s")
        key = self.at_work.get(student, "")
        if graded is None:  # taken away since
            self._wait_for(student)
        else:
            if needed(graded) == UNREAD and not graded.fault and key:
                self._note_unreadable(student, key)
            self._show(student, graded, again)

    def _save(self, graded: Record) -> None:
        records.save(graded, self.store.published)
        (self.store.pending / f"{graded.student}.json").unlink(missing_ok=True)  # of a run that was killed

    def _failed(self, graded: Record) -> tuple[Record, list[str]]:
        """What is shown after a fault of ours: the result of before, if there is one; it is tried again."""
        student = graded.student
        waited = min(LONGEST_RETRY, 2 * self.retries.get(student, (0.0, RETRY_SECONDS / 2))[1])
        self.retries[student] = (time.monotonic() + waited, waited)
        self.health.failed += 1
        self._say(f"{student}: not graded, by a fault of ours: {graded.fault}; again in {waited:g} s")
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
        if graded.handed_in != chosen.now.handed_in:
            when = "This is about an earlier hand-in of yours."
        said = [when, *notes, *chosen.said(zone)]
        folder = self.request.out / RESULTS / student
        try:
            page, data = bounded.call(partial(self._rendered, graded, said))
        except OSError:
            raise
        except Exception as error:
            self._say(f"{student}: no page ({type(error).__name__}: {error})")
            page, data = feedback.not_made(student, self.assignment), ""
        for name, text in ((DATA, data), (PAGE, page)):
            if not text:
                (folder / name).unlink(missing_ok=True)
            elif not _holds(folder / name, text):
                write_atomically(folder / name, text)

    def _rendered(self, graded: Record, said: list[str]) -> tuple[str, str]:
        view = "all" if self.health.after_due else self.rules.before_due
        if view == "all":
            noted = replace(graded, problems=(*said, *graded.problems))
            person = self.people.get(graded.student) if self.people else None
            names = {graded.student: person.called if person else ""}
            page = feedback.render(noted, self.assignment, names=names)
            return page, gradescope.results_json(noted, self.assignment)
        zone = self.assignment.late.zone
        until = f"{self.opens.astimezone(zone):%d %B %Y, %H:%M} ({zone})" if self.opens else ""
        page = before_due.page(graded, self.assignment, view, said, until)
        return page, before_due.results_json(graded, self.assignment, view, said)

    # the rest

    def _count(self, at_once: bool = False) -> None:
        health, here = self.health, time.monotonic()
        health.queue, health.at_work = len(self.queue) + len(self.known), len(self.at_work)
        health.arriving, health.refused = self.drop.arriving, sorted(self.drop.refused.values())
        health.oldest_waiting_seconds = round(here - min(self.queue.values(), default=here), 1)
        health.trouble = "; ".join(self.troubles.values())
        health.beat(at_once)

    def _look_at_settings(self) -> None:
        """Where the course's own files have changed, this run drains and another one begins."""
        if self.course_changes.changed():
            self._say("the course's files have changed: what runs is finished, then all begins anew")
            self.changed = True
            self.stop()
        elif why := self.course_changes.why_not:
            self._trouble("settings", f"{why}; until then the settings of before hold")
        else:
            self._well("settings")

    def _trouble(self, about: str, what: str) -> None:
        """Say it once, for as long as it is the same."""
        if self.troubles.get(about) != what:
            self._say(what)
        self.troubles[about] = shown(what)

    def _well(self, about: str) -> None:
        self.troubles.pop(about, None)

    def _say(self, what: str) -> None:
        print(f"autograder: {shown(what)}", file=sys.stderr, flush=True)


def now() -> datetime:
    return datetime.now(UTC)


def _holds(path: Path, text: str) -> bool:
    try:
        return text_of(path) == text
    except (OSError, UnicodeDecodeError):
        return False
