"""Many hand-ins to nbgrader's layout: the one of each student that counts, and none lost.

Whatever is found is kept first as it came; then the rule of the assignment chooses among all that was ever
kept of a student, and the chosen one is written to `DIR/<student>/<assignment>/` under the assignment's own
names. So collecting again, or collecting an older download later, changes nothing that should stay.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from autograder import bounded
from autograder.bounded import Exceeded
from autograder.course.assignment import Assignment
from autograder.course.policy import counting
from autograder.course.roster import ID, Roster
from autograder.errors import IntakeError, alone
from autograder.files import write_atomically
from autograder.intake import archive_of_hand_ins as store
from autograder.intake import facts
from autograder.intake.archive_of_hand_ins import StoredHandIn
from autograder.intake.archives import Budget, FolderTree, ignored, odd
from autograder.intake.downloads import HandIn, Person, Survey, placed, read_all, survey
from autograder.intake.facts import STAMP, Facts
from autograder.intake.handed_in import Submission, limited
from autograder.intake.submission import Source, empty, read
from autograder.intake.unpacked import read_files
from autograder.safe_text import shown

REPORT = "report.json"
NOT_THERE = "No notebook was handed in, or none that can be read. The hand-in is kept as it came."
STAND_IN = json.dumps(
    {
        "cells": [{"cell_type": "markdown", "id": "not-there", "metadata": {}, "source": NOT_THERE}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
).encode()
Points = Callable[[Sequence[Source]], Sequence[float]]  # what hand-ins earn; needed for the rule "best"


class Report(msgspec.Struct):
    """What collecting came to: `autograder collect --json`."""

    assignment: Annotated[str, Meta(description="The name of the assignment's folder.")]
    kinds: Annotated[list[str], Meta(description="What the downloads were.")] = []
    students: Annotated[int, Meta(description="Who handed in.")] = 0
    hand_ins: Annotated[int, Meta(description="All uploads.")] = 0
    new: Annotated[int, Meta(description="Hand-ins never collected before.")] = 0
    written: Annotated[list[str], Meta(description="Students whose counting hand-in is new.")] = []
    late: Annotated[list[str], Meta(description="Students who are late.")] = []
    missing: Annotated[list[str], Meta(description="On the roster, with no hand-in.")] = []
    unmatched: Annotated[list[str], Meta(description="Hand-ins of people not on the roster.")] = []
    unusual: Annotated[list[tuple[str, str]], Meta(description="Student (or empty), and what.")] = []

    def to_json(self) -> str:
        return json.dumps(msgspec.to_builtins(self), indent=1, ensure_ascii=False) + "\n"


@dataclass
class Collector:
    """One run of `autograder collect`."""

    assignment: Assignment
    to: Path
    roster: Roster | None = None
    aliases: tuple[str, ...] = ()  # of the package, in place of the assignment's
    times: Mapping[str, datetime] = field(default_factory=dict)  # of hand-ins whose download does not say
    points: Points | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.report = Report(self.assignment.name)
        self.store = self.to / facts.HIDDEN / self.assignment.name
        self.before: dict[str, Facts] = {}
        self.facts: dict[str, Facts] = {}

    def collect(self, sources: Sequence[Path], surveys: Sequence[Survey] = ()) -> Report:
        """Keep all hand-ins of `sources` and `surveys`, and write out those that count. Raises IntakeError
        where a source holds none, or is the folder that is written to."""
        self.before = facts.load(self.to, self.assignment.name)
        for path in sources:
            if path.resolve() == self.to.resolve():
                raise IntakeError(f"{path}: this is where hand-ins go; give --to another folder")
        with ExitStack() as opened:
            found = [opened.enter_context(survey(p, self.assignment)) for p in sources]
            for each in (*found, *surveys):
                self._take(each)
            self._keep_strays()
        self._date()
        faults: dict[str, str] = {}
        for folder in sorted((self.store / "hand-ins").glob("[!.]*")):
            with alone(folder.name, "what was handed in could not be laid out", faults):
                self._choose(folder)
        for student, what in faults.items():
            self._note(student, f"{what}; what was collected before stays")
            if student in self.before:
                self.facts.setdefault(student, self.before[student])
        if self.facts != self.before:
            facts.save(self.to, self.assignment.name, self.facts)
        if self.roster is not None:
            here = {p.name for p in (self.store / "hand-ins").glob("[!.]*")}
            self.report.missing = sorted(set(self.roster.students) - here)
        os.sync()  # once for all: a sync for each file would take minutes
        write_atomically(self.store / REPORT, self.report.to_json())
        return self.report

    def _note(self, student: str, what: str) -> None:
        entry = (student, shown(what))
        if entry not in self.report.unusual:
            self.report.unusual.append(entry)

    # keeping

    def _keep_strays(self) -> None:
        """Hand-ins that something else put where ours go, such as `nbgrader collect`."""
        for folder in sorted(self.to.glob(f"[!.]*/{self.assignment.name}")):
            student, faults = folder.parent.name, dict[str, str]()
            with alone(student, "what lies at its place could not be kept", faults):
                if folder.is_dir() and not self._is_ours(folder):
                    self._keep(placed(folder, self.assignment), student)
            for what in faults.values():
                self._note(student, what)

    def _is_ours(self, folder: Path) -> bool:
        """Whether a run of ours wrote what lies there, be it one that was killed."""
        student = folder.parent.name
        try:
            files = bounded.call(
                lambda: read_files(FolderTree(folder), self.assignment.course.data_folders)[0]
            )
        except (IntakeError, Exceeded):
            return False
        if facts.hash_of(files) in store.written(self.store, student):
            return True
        known = self.before.get(student)
        return known is not None and self._is_damaged(student, known, files)

    def _is_damaged(self, student: str, known: Facts, files: Mapping[str, bytes]) -> bool:
        """Whether it is what we wrote, but for files that a power cut left empty."""
        room = self.store / "hand-ins" / student
        kept = next((k for k in store.load(room) if k.key == known.hand_in), None)
        if kept is None:
            return False
        ours = self._laid_out(self._read_all(room, [kept])[kept.key])
        return set(files) <= set(ours) and all(not data or data == ours[name] for name, data in files.items())

    def _take(self, found: Survey) -> None:
        if found.kind not in self.report.kinds:
            self.report.kinds.append(found.kind)
        for what in found.noted:
            self._note("", what)
        for hand_in, person in ((h, p) for h in found.hand_ins for p in h.people):
            faults: dict[str, str] = {}
            with alone(person.label, f"{hand_in.where} could not be kept", faults):
                members = self.roster.group(person.group) if self.roster and person.group else []
                for student, why in [(m.id, "") for m in members] or [self._student(person)]:
                    if why:
                        self.report.unmatched.append(shown(f"{hand_in.where}: {why}"))
                    self._keep(hand_in, student, "unmatched" if why else "hand-ins")
            for label, what in faults.items():
                self.report.unmatched.append(shown(f"{label}: {what}"))

    def _student(self, person: Person) -> tuple[str, str]:
        """(student id, why the roster does not say whose this is)."""
        if self.roster is not None:
            match person.on(self.roster):
                case [student]:
                    return student.id, ""
                case []:
                    return safe_id(person.label), f"{person.label} is not on the roster"
                case several:
                    ids = " or ".join(s.id for s in several)
                    return safe_id(person.label), f"{person.label} may be {ids}; add what the LMS calls them"
        label = safe_id(person.label)
        if label != person.label:
            self._note(label, f"called {person.label!r}; no id for a folder, so {label} stands for it")
        return label, ""

    def _keep(self, hand_in: HandIn, student: str, room: str = "hand-ins") -> None:
        when = hand_in.handed_in.isoformat() if hand_in.handed_in else ""
        try:
            files, unreadable = read_all(hand_in, Budget().spend), ""
        except IntakeError as error:
            files, unreadable = {}, shown(str(error))
        unkept = [f"{name!r} is not kept: {why}" for name in files if (why := odd(name))]
        if more := len(hand_in.files) - len(files) if files else 0:
            unkept.append(f"{more:,} files more than are looked at are not kept; hand in your own work only")
        kept = StoredHandIn(
            student,
            shown(hand_in.where),
            self.now.isoformat(),
            when,
            hand_in.late,
            hand_in.order,
            (*hand_in.problems, *unkept),
            unreadable,
            store.key(files, when, unreadable),
        )
        added = store.keep(self.store / room / student, kept, files)
        self.report.new += added and room == "hand-ins"

    def _date(self) -> None:
        """Give the newest hand-in of each student in `times` its time, if it has none."""
        for label, when in self.times.items():
            found = self.roster.match((label,)) if self.roster else []
            student = found[0].id if len(found) == 1 else label
            folder = self.store / "hand-ins" / safe_id(student)
            newest = max(store.load(folder), key=lambda k: k.rank, default=None)
            if newest is None:
                self._note("", f"a time for {label!r}, of whom there is no hand-in")
            elif not newest.handed_in:
                store.date(folder, newest, when)
            elif newest.time != when:
                self._note(student, f"a time is given, but the newest hand-in came {_named(newest)[8:]}")

    # choosing

    def _choose(self, folder: Path) -> None:
        """Write out the hand-in of one student that counts."""
        student = folder.name
        listed = self.roster.get(student) if self.roster else None
        before = self.before.get(student, Facts()).extension_days  # of an earlier run, with a roster
        extension = listed.extension_days(self.assignment.name) if listed else before
        all_kept = sorted(store.load(folder), key=lambda k: k.rank)
        read = self._read_all(folder, all_kept)
        chosen, why = all_kept[0], list[str]()
        if len(all_kept) > 1:
            chosen, why = self._counts(folder, all_kept, read, extension)
        found = read[chosen.key]
        late = [noted] if (noted := self.assignment.late.in_words(chosen.time, extension)) else []
        problems = limited((*why, *chosen.problems, *self._unknown_time(chosen)))
        self.report.students += 1
        self.report.hand_ins += len(all_kept)
        self.report.late += [student] if late or (chosen.late and not chosen.handed_in) else []
        unreadable = [f"cannot be read: {found.unreadable}"] if found.unreadable else []
        for what in (*unreadable, *late, *problems, *found.problems):
            self._note(student, what)
        self.facts[student] = Facts(
            hand_in=chosen.key,
            where=chosen.where,
            handed_in=chosen.handed_in,
            extension_days=extension,
            problems=problems,
            unreadable=found.unreadable,
            not_counted=tuple(k.key for k in all_kept if k.key != chosen.key),
            written=self._write(student, chosen, found),
        )

    def _read_all(self, folder: Path, all_kept: Sequence[StoredHandIn]) -> dict[str, Submission]:
        """Every hand-in of a student, each inside limits."""
        results = bounded.each(partial(self._read, folder), all_kept)
        read = {}
        for kept, result in zip(all_kept, results, strict=True):
            if isinstance(result, Exception):
                reason = f"the hand-in {result}" if isinstance(result, Exceeded) else f"{result}"
                result = Submission(kept.student, unreadable=shown(f"{reason}; look at it by hand"))
            read[kept.key] = result
        return read

    def _read(self, folder: Path, kept: StoredHandIn) -> Submission:
        source = Source(kept.student, folder / kept.key / facts.FILES, self.aliases, Facts())
        return empty(source, kept.unreadable) if kept.unreadable else read(source, self.assignment)

    def _counts(
        self, folder: Path, all_kept: list[StoredHandIn], read: Mapping[str, Submission], extension: float
    ) -> tuple[StoredHandIn, list[str]]:
        """Of several hand-ins the one that counts, and what a person should know about the choice."""
        reasons = {k.key: read[k.key].unreadable for k in all_kept}
        readable = [k for k in all_kept if not reasons[k.key]]
        pool = readable or all_kept
        rule, late = self.assignment.intake.counts, self.assignment.late
        if rule == "best" and self.points is not None:
            chosen = self._best(folder, pool, extension, self.points)
        else:
            chosen = counting(pool, rule, lambda kept: kept.in_time(late, extension))
        why = [f"{len(all_kept)} hand-ins; by the rule {rule!r} {_named(chosen)} counts, the others are kept"]
        if any(not k.handed_in for k in all_kept):
            why.append(
                "not all hand-ins carry a time; their order is that of their numbers, or of collecting"
            )
        why += [
            f"{_named(k)} cannot be read ({reasons[k.key]}); it does not count"
            for k in all_kept
            if readable and k not in readable
        ]
        return chosen, why

    def _best(self, folder: Path, pool: list[StoredHandIn], extension: float, points: Points) -> StoredHandIn:
        """The one that earns most after what lateness takes off; of equals, the later."""
        late = self.assignment.late
        earned = points([Source(k.student, folder / k.key / facts.FILES, self.aliases) for k in pool])
        left = [
            e - late.penalty(e, late.seconds_late(k.time, extension))
            for k, e in zip(pool, earned, strict=True)
        ]
        return max(zip(left, pool, strict=True), key=lambda pair: (pair[0], pair[1].rank))[1]

    def _unknown_time(self, kept: StoredHandIn) -> list[str]:
        if kept.late and not kept.handed_in:
            return ["marked late by the LMS, which does not say by how much; no points taken off"]
        unknown = not kept.handed_in and self.assignment.late.due is not None
        return ["nobody knows when this was handed in; counted as in time"] if unknown else []

    # writing

    def _write(self, student: str, kept: StoredHandIn, submission: Submission) -> str:
        """Lay the hand-in out for nbgrader; the hash of what was written."""
        files = self._laid_out(submission)
        total = facts.hash_of(files)
        if kept.time:
            files[STAMP] = kept.time.strftime("%Y-%m-%d %H:%M:%S UTC\n").encode()
        place = self.to / student / self.assignment.name
        if _same(place, files, self.assignment.course.data_folders):
            return total
        store.will_write(self.store, student, total)
        with store.replacing(place) as part:
            for name, data in files.items():
                store.write(part / name, data)
        self.report.written.append(student)
        return total

    def _laid_out(self, submission: Submission) -> dict[str, bytes]:
        """nbgrader passes over a hand-in in which it finds no notebook: one that says so stands for each."""
        notebooks = {f"{name}.ipynb": data for name, data in submission.notebooks.items()}
        if not notebooks:
            notebooks = {f"{n.name}.ipynb": STAND_IN for n in self.assignment.notebooks}
        return {**submission.package, **notebooks, **submission.results}


def _named(kept: StoredHandIn) -> str:
    return f"that of {kept.handed_in[:16].replace('T', ' ')} UTC" if kept.handed_in else kept.key


def _same(place: Path, files: dict[str, bytes], data: Collection[str]) -> bool:
    """Whether `place` holds just these files, and at most data beside them."""
    if not place.is_dir():
        return False
    tree = FolderTree(place)
    names = {name for name in tree.names() if not ignored(name, data)}
    return names == set(files) and not tree.noted and all(tree.read(n) == files[n] for n in names)


def safe_id(label: str) -> str:
    """A label as the name of a folder, and as nbgrader takes it."""
    if ID.fullmatch(label):
        return label
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_.@+-]+", "_", plain).strip("_.-+@")[:100]
    digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain or 'student'}-{digest[:6]}"
