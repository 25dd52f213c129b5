"""What is dropped is copied to where it is kept, each hand-in once."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder import safe_text
from autograder.errors import IntakeError
from autograder.files import folder_at
from autograder.intake import archive_of_hand_ins as archive
from autograder.intake import drop_folder
from autograder.intake.archive_of_hand_ins import StoredHandIn
from autograder.intake.drop_folder import DropFolder, Dropped
from autograder.runs import attempts
from autograder.safe_text import shown

TAKE_SECONDS = 0.5  # at a look: what has been taken is graded meanwhile
MANY, HELD_SECONDS = 100, 60.0  # of who has handed in so often, one in so many seconds is taken
HEAVY = 2**30  # bytes kept of one student in this run; after each so many, half as often
MOST_HALVINGS = 12


def say(what: str) -> None:
    safe_text.say(shown(what))


class Troubles:
    """What keeps a run from going on, by what it is about; said once for as long as it is the same."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def note(self, about: str, what: str) -> None:
        if self.known.get(about) != what:
            say(what)
        self.known[about] = shown(what)

    def over(self, about: str) -> None:
        self.known.pop(about, None)

    def said(self) -> str:
        return "; ".join(self.known.values())


@dataclass
class Taking:
    drop: DropFolder
    kept: Path  # the store, by student
    troubles: Troubles
    taken: set[int] = field(default_factory=set)  # hand-ins that are kept, by entry and time
    held: dict[str, float] = field(default_factory=dict)  # student -> until when nothing more is taken
    bytes: Counter[str] = field(default_factory=Counter)  # kept of each student in this run

    def students(self) -> list[str]:
        """Everybody of whom something is kept."""
        return sorted(room.name for room in self.kept.glob("[!.]*"))

    def resume(self) -> list[str]:
        """Sweep up what was left half, and learn what is kept; the students."""
        folder_at(self.kept)
        for half in self.kept.glob(f"*/{archive.PART}*"):
            shutil.rmtree(half)
        for student in self.students():
            try:
                kept = list(archive.load(self.kept / student))
            except IntakeError as error:
                self.troubles.note(student, str(error))
                continue
            self.taken.update(_identity(student, k.where, k.handed_in) for k in kept)
        return self.students()

    def look(self) -> list[str]:
        """Keep what is new; the students whose it is."""
        try:
            found = self.drop.look()
        except OSError as error:  # a share that is gone for a while
            self.troubles.note("folder", f"{self.drop.folder}: cannot be read ({error.strerror})")
            return []
        self.troubles.over("folder")
        new: list[str] = []
        until = time.monotonic() + TAKE_SECONDS
        passed = {student for student, end in self.held.items() if end > time.monotonic()}
        for dropped in found:
            if _identity(dropped.student, dropped.name, dropped.signature.changed.isoformat()) in self.taken:
                self.drop.taken(dropped)
                continue
            if dropped.student in passed:  # one of each at a look: nobody keeps the others waiting
                continue
            if time.monotonic() > until:
                break
            passed.add(dropped.student)
            about = f"keeping {dropped.student}"
            try:
                new += [dropped.student] if self._take(dropped) else []
                self.troubles.over(about)
            except Exception as error:  # whatever one hand-in holds, the others are taken
                what = str(error) or type(error).__name__
                self.troubles.note(about, f"{dropped.name} is not kept, and tried again: {what}")
        return new

    def _take(self, dropped: Dropped) -> bool:
        """Keep a hand-in as it came; False if it is not new, or has changed meanwhile."""
        room, when = self.kept / dropped.student, dropped.signature.changed.isoformat()
        before = attempts.in_order(list(archive.load(room)))
        files, unreadable, unusual = drop_folder.read(dropped)
        if not self.drop.unchanged(dropped):
            return False  # it is looked at again
        same = before and archive.key(files, before[-1].handed_in, unreadable) == before[-1].key
        if not same:  # else it was sent or touched once more
            kept = StoredHandIn(
                dropped.student,
                dropped.name,
                seen=datetime.now(UTC).isoformat(),
                handed_in=when,
                order=f"{max((int(k.order) for k in before if k.order.isdecimal()), default=0) + 1:06}",
                problems=(*dropped.problems, *unusual),
                unreadable=unreadable,
                key=archive.key(files, when, unreadable),
            )
            archive.keep(room, kept, files)
            archive.all_to_disk(room / kept.key)
            self.bytes[dropped.student] += sum(map(len, files.values()))
            say(f"{dropped.student}: {dropped.name} taken")
        self.drop.taken(dropped)
        self.taken.add(_identity(dropped.student, dropped.name, when))
        self._hold(dropped.student, len(before))
        return not same

    def _hold(self, student: str, count: int) -> None:
        """Who replaces a hand-in again and again does not fill the disk. What lies there last is taken in
        the end, and has come when it came."""
        heavy = self.bytes[student] // HEAVY
        if count >= MANY or heavy:
            self.held[student] = time.monotonic() + HELD_SECONDS * 2 ** min(heavy, MOST_HALVINGS)


def _identity(student: str, where: str, handed_in: str) -> int:
    """Of a hand-in that was taken: a number, as there are many."""
    return hash((student, where, handed_in))
