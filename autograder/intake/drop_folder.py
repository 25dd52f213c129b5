"""A folder into which hand-ins are dropped: what lies there, whose it is, and whether it is whole yet.

It is looked at again and again: no notice of changes reaches a machine over NFS, SFTP or a synchronised
folder. Three kinds of entry are known:

    <student>+<assignment>+<time>+<random>/    nbgrader's exchange, `inbound/`
    <student>/…, <student>/<assignment>/…      a folder that may change again
    <student>.zip                              an archive, of any kind that is read

Nothing here follows a link, waits for a pipe, or believes a time that a student could have written.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic

from autograder.course.assignment import Assignment
from autograder.course.roster import ID, Roster
from autograder.errors import IntakeError
from autograder.files import opened
from autograder.intake.archives import IGNORED_FOLDERS, MAX_ENTRIES, Budget, FolderTree, is_hidden, odd
from autograder.intake.facts import STAMP
from autograder.intake.submission import is_packed, packed_by, place_of
from autograder.safe_text import shown

STALLED_SECONDS = 60.0  # what is not whole after so long without a change is taken as it is
RESTLESS_SECONDS = 600.0  # what is not taken for so long is named, and nobody waits for it to end
RESTLESS = (
    "not taken for 10 minutes: it keeps changing, is one of very many, or there is no room; tried again"
)
CUT_OFF = f"it may have been cut off while it was sent: nothing more came for {STALLED_SECONDS:g} seconds"
LOOKED_AT = 200  # entries that were taken already are looked into in turn, so many at each look
UNDER_WAY = (".part", ".filepart", ".crdownload", ".tmp", ".swp", ".partial", "~")  # names while uploading
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
TAIL = 64  # bytes at the end of a notebook in which its last brace stands


@dataclass(frozen=True)
class Signature:
    """What lies in an entry, as far as the file system says without reading it."""

    digest: str
    files: int
    changed_ns: int  # when the kernel last saw it changed; no student can set that

    @property
    def changed(self) -> datetime:
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC)


@dataclass(frozen=True)
class Dropped:
    """A hand-in that lies there whole."""

    name: str
    student: str
    path: Path
    signature: Signature
    problems: tuple[str, ...] = ()


@dataclass
class _LookedAt:
    top: tuple[int, int] = (0, 0)  # size and time of the entry itself
    signature: Signature | None = None
    since: float = 0.0  # by the clock that never jumps
    begun: float = 0.0  # when it was first seen since it was last taken
    looks: int = 0  # at which it was the same
    whole: bool | None = None  # None: not looked at since it changed
    marked: bool = False  # something in it shows that all of it is there
    done: bool = False  # taken, as this signature has it


@dataclass
class DropFolder:
    folder: Path
    assignment: Assignment
    roster: Roster | None
    seen: dict[str, _LookedAt] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # what lies there and is no hand-in -> why
    turn: int = 0
    looks: int = 0
    took: float = 0.0  # seconds, the last of them

    def look(self) -> list[Dropped]:
        """What is whole and not taken yet, oldest first. Raises OSError: the folder itself cannot be read."""
        began = monotonic()
        with os.scandir(self.folder) as entries:
            here = sorted(entry.name for entry in entries if _counts(entry.name))
        check = self._owner_counts()
        self.seen = {name: self.seen.get(name) or _LookedAt() for name in here}
        self.refused = {name: why for name, why in self.refused.items() if name in self.seen}
        again = self._in_turn()
        looked = [self._look_at(name, seen, name in again, check) for name, seen in self.seen.items()]
        found = [ready for ready in looked if ready is not None]
        self.looks, self.took = self.looks + 1, monotonic() - began
        return sorted(found, key=lambda d: (d.signature.changed_ns, d.name))

    def taken(self, dropped: Dropped) -> None:
        """Nothing more is to be done about it until it changes."""
        seen = self.seen.get(dropped.name)
        if seen is not None:
            seen.done = seen.signature == dropped.signature

    def unchanged(self, dropped: Dropped) -> bool:
        """Whether it is still what was seen; call it once it has been copied. A folder that was swapped for a
        link and back shows it: the kernel notes when a name in it, or its own, was changed."""
        try:
            return _signature(dropped.path) == dropped.signature
        except OSError:
            return False

    @property
    def arriving(self) -> int:
        """How many are there and not taken: not whole yet, or seen once only."""
        return sum(map(_arrives, self.seen.values()))

    @property
    def coming(self) -> bool:
        """Whether it is worth waiting for one of these."""
        return any(_arrives(seen) and not _is_restless(seen) for seen in self.seen.values())

    def _in_turn(self) -> set[str]:
        """Names of the taken ones that are looked into this time."""
        done = [name for name, seen in self.seen.items() if seen.done]
        start = self.turn % max(1, len(done))
        self.turn = start + LOOKED_AT
        return set(done[start : start + LOOKED_AT])

    def _owner_counts(self) -> bool:
        """Whether a name is believed of its owner only: where others may write, anybody could give it."""
        wanted = self.assignment.course.watch.check_owner
        return bool(self.folder.stat().st_mode & OTHERS_WRITE) if wanted is None else wanted

    def _look_at(self, name: str, seen: _LookedAt, in_turn: bool, check: bool) -> Dropped | None:
        path = self.folder / name
        try:
            top = path.lstat()
            if seen.done and not in_turn and (top.st_size, top.st_ctime_ns) == seen.top:
                return None
            seen.top = top.st_size, top.st_ctime_ns
            student, why = self._whose(name, path, top, check)
            if not student:
                self._refuse(name, seen, why)
                return None
            found = self._look_into(name, student, seen)
        except OSError as error:  # it vanished just now, or may not be read
            if os.path.lexists(path):
                self._refuse(name, seen, f"cannot be read ({error.strerror}); looked at again")
                seen.done = False
            return None
        except Exception as error:  # such as folders in folders without end: that stops nobody else
            self._refuse(name, seen, f"cannot be read ({type(error).__name__}); look at it by hand")
            return None
        self.refused.pop(name, None)
        if found is None and _arrives(seen) and _is_restless(seen):
            self.refused[name] = f"{shown(name)}: {RESTLESS}"
        return found

    def _look_into(self, name: str, student: str, seen: _LookedAt) -> Dropped | None:
        path = self.folder / name
        place = path if _parts(name, self.assignment) else place_of(path, self.assignment)
        if place is None:  # of other assignments
            seen.done = True
            return None
        signature = _signature(place)
        if signature != seen.signature:
            if seen.signature is None or seen.done:
                seen.begun = monotonic()
            seen.signature, seen.since, seen.looks = signature, monotonic(), 0
            seen.whole, seen.done = None, False
        seen.looks += 1
        return None if seen.done or not signature.files else self._ready(name, student, place, seen)

    def _refuse(self, name: str, seen: _LookedAt, why: str) -> None:
        seen.done = True
        if why:
            self.refused[name] = f"{shown(name)}: {why}"

    def _whose(self, name: str, path: Path, top: os.stat_result, check: bool) -> tuple[str, str]:
        """(the student, why it is not taken); both empty if it is of another assignment."""
        if why := odd(name):
            return "", f"{why}; rename it"
        if stat.S_ISLNK(top.st_mode):
            return "", "a link, which is not followed; put the hand-in there itself"
        if not (stat.S_ISDIR(top.st_mode) or stat.S_ISREG(top.st_mode)):
            return "", "no ordinary file or folder; delete it"
        exchanged = _parts(name, self.assignment)
        if exchanged and exchanged[1] != self.assignment.name:
            return "", ""
        if not exchanged and stat.S_ISREG(top.st_mode) and not is_packed(path):
            return "", "no hand-in; put it into a folder named after its student"
        student = exchanged[0] if exchanged else name if stat.S_ISDIR(top.st_mode) else packed_by(name)
        if not ID.fullmatch(student):
            return "", f"{student!r} is no student's id; rename it"
        if check and _owner(top) != student:
            return "", f"claims to be of {student} and is owned by {_owner(top)}; not taken"
        if self.roster is None:
            return student, ""
        found = self.roster.match([student])
        return (found[0].id, "") if len(found) == 1 else ("", "nobody on the roster; complete it")

    def _ready(self, name: str, student: str, place: Path, seen: _LookedAt) -> Dropped | None:
        """The hand-in, once it is whole, or once nothing more has come for long."""
        quiet = monotonic() - seen.since
        if seen.looks < 2 or seen.signature is None:
            return None
        if seen.whole is None:
            seen.whole, seen.marked = _ends_well(place), _parts(name, self.assignment) is not None
            if seen.marked:
                seen.whole = seen.whole and _stamped(place)
            else:  # a zip's list of entries is written last; nothing shows that a folder has all its files
                seen.marked = _is_zip(place)
        if seen.whole and (seen.marked or quiet >= self.assignment.course.watch.settle_seconds):
            return Dropped(name, student, place, seen.signature)
        return Dropped(name, student, place, seen.signature, (CUT_OFF,)) if quiet >= STALLED_SECONDS else None


def read(dropped: Dropped) -> tuple[dict[str, bytes], str, tuple[str, ...]]:
    """(its files as they came, archives unopened; why it cannot be kept as it is; what was unusual). Raises
    OSError where it cannot be read now."""
    spend = Budget().spend
    try:
        if not dropped.path.is_dir():
            with opened(dropped.path) as file:
                data = file.read(Budget().bytes + 1)
            return {dropped.path.name: spend(data)}, "", ()
        tree = FolderTree(dropped.path)
        files = {name: spend(tree.read(name)) for name in tree.names()}
    except IntakeError as error:
        return {}, shown(str(error)), ()
    files.pop("submission_secret.txt", None)  # of nbgrader's exchange, and no work
    files.pop(STAMP, None)
    unkept = (f"{name!r} is not kept: {why}" for name in files if (why := odd(name)))
    return files, "", (*(shown(what) for what in tree.noted), *unkept)


def _arrives(seen: _LookedAt) -> bool:
    return not seen.done and bool(seen.signature and seen.signature.files)


def _is_restless(seen: _LookedAt) -> bool:
    return monotonic() - seen.begun >= RESTLESS_SECONDS


def _counts(name: str) -> bool:
    return not is_hidden(name) and not name.endswith(UNDER_WAY)


def _parts(name: str, assignment: Assignment) -> tuple[str, str] | None:
    """(student, assignment) of a name as nbgrader's exchange makes it; None if it is none."""
    for parts in (name.rsplit("+", 3), name.rsplit("+", 2)):
        if len(parts) >= 3 and parts[1] in assignment.course.assignments:
            return parts[0], parts[1]
    return None


def _stamped(place: Path) -> bool:
    """Whether nbgrader has written the time, which it does once all else is there."""
    try:
        return (place / STAMP).lstat().st_size > 0
    except OSError:
        return False


def _owner(top: os.stat_result) -> str:
    try:
        return pwd.getpwuid(top.st_uid).pw_name
    except KeyError:
        return f"user {top.st_uid}"


def _signature(place: Path) -> Signature:
    total, newest, files = hashlib.sha256(), 0, 0
    for name, found in islice(_stats(place), MAX_ENTRIES + 1):
        # of a folder the names in it count, which follow
        sizes = () if stat.S_ISDIR(found.st_mode) else (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        about = (name, stat.S_IFMT(found.st_mode), found.st_uid, *sizes)
        total.update(repr(about).encode("utf-8", "surrogateescape"))
        newest = max(newest, found.st_ctime_ns)
        files += stat.S_ISREG(found.st_mode)
    return Signature(total.hexdigest(), files, newest)


def _stats(place: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The place itself and all below it, links not followed, without what no hand-in holds."""
    own = place.lstat()
    yield "", own
    if not stat.S_ISDIR(own.st_mode):
        return
    top = len(os.fspath(place)) + 1
    for here, folders, names in os.walk(place, onerror=_raised):
        folders[:] = sorted(f for f in folders if f not in IGNORED_FOLDERS)
        for name in (*folders, *sorted(names)):
            path = os.path.join(here, name)
            yield path[top:], os.lstat(path)


def _raised(error: OSError) -> None:
    raise error


def _ends_well(place: Path) -> bool:
    """Whether no file shows by its name or its end that more is to come. Raises OSError: one cannot be
    read."""
    return all(
        _is_all(place / name if name else place, found.st_size)
        for name, found in islice(_stats(place), MAX_ENTRIES + 1)
        if stat.S_ISREG(found.st_mode)
    )


def _is_all(path: Path, size: int) -> bool:
    name = path.name.lower()
    with opened(path) as file:
        if name.endswith((".zip", ".npz")):
            return zipfile.is_zipfile(file)
        if name.endswith(".ipynb"):
            file.seek(max(0, size - TAIL))
            return file.read(TAIL).rstrip().endswith(b"}")
    return not name.endswith(UNDER_WAY)


def _is_zip(place: Path) -> bool:
    try:
        with opened(place) as file:
            return zipfile.is_zipfile(file)
    except IsADirectoryError:
        return False
