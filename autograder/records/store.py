"""Where the records of one assignment lie, and how new ones take the place of old ones.

A new record is first `pending/<student>.json`. Once all are graded they are compared with those in
`records/`; what changes is written down; then they are moved there. A run that is killed anywhere in
between goes on where it was: `pending/changes.pending` says that the comparison is done and only the
moving is left, so that a resumed run does not compare half of it again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import FolderError, MovedError, RecordError
from autograder.files import folder_at, write_atomically
from autograder.records import record
from autograder.records.record import Hashes, Record

COMPARED = "changes.json"
OUT_FOLDERS = ("records", "pending", "withdrawn")  # of records, below OUT
LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
IGNORE = "# Results hold student data: git leaves them alone.\n*\n"
COMPARING = "changes.pending"  # the same while publishing; beside it <student>.json, so it must not end so


class Store:
    def __init__(self, out: Path, pending: Path | None = None) -> None:
        self.out = out
        self.published = out / "records"
        self.pending = pending or out / "pending"
        self.apart = out / "withdrawn"
        self._held: tuple[int, int] | None = None  # the lock's device and number, while it is ours
        self.broken: dict[str, str] = {}  # student -> which record could not be read, and why

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time. The lock goes when the process does, however it ends.

        Raises:
            RecordError: another run is at work here.
        """
        folder_at(self.out)
        # a pipe in its place is not waited for
        with os.fdopen(os.open(self.out / ".lock", LOCK_FLAGS, 0o666), "wb", buffering=0) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RecordError(f"{self.out}: another run is at work here; wait until it is done") from None
            held = os.fstat(handle.fileno())
            self._held = held.st_dev, held.st_ino
            self._sweep()
            ignore = self.out / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, IGNORE)
            yield

    def refuse_moved(self) -> None:
        """The lock goes with a folder that is moved, and another run may have begun in its place.

        Raises:
            MovedError: OUT is not the folder that is locked.
        """
        if self._held is None:
            return
        try:
            there = (self.out / ".lock").stat()
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != self._held:
            raise MovedError(
                f"{self.out}: this folder, or .lock in it, was moved or removed while a run was at work in "
                "it, so that run stops; put it back, or leave it, and run the same command again"
            )

    def refuse_other(self, assignment: str) -> None:
        """One folder holds one assignment: another one's results here would be overwritten.

        Raises:
            FolderError: the first record found is of another assignment.
        """
        for name in OUT_FOLDERS:
            for path in sorted((self.out / name).glob("*.json")):
                found = self._read(path.parent, path.stem)
                if found is not None and found.assignment != assignment:
                    raise FolderError(
                        f"{self.out}: holds the results of {found.assignment}; give {assignment} a folder of "
                        f"its own, such as --out {self.out.parent / assignment}"
                    )
                if found is not None:
                    break

    # students who withdrew

    def withdrawn(self) -> list[str]:
        return sorted(path.stem for path in self.apart.glob("*.json"))

    def withdraw(self, student: str) -> None:
        """Put a student's record apart: out of report, grades and exports, until `readmit`.

        Raises:
            FolderError: there is no record of this student.
        """
        for place in (self.published, self.pending):  # the newest last
            path = place / f"{student}.json"
            if path.is_file():
                folder_at(self.apart)
                os.replace(path, self.apart / path.name)
        if student not in self.withdrawn():
            raise FolderError(f"{self.out}: no record of {student!r} to withdraw; correct the id")
        (self.out / "feedback" / f"{student}.html").unlink(missing_ok=True)
        shutil.rmtree(self.out / "autograded" / student, ignore_errors=True)  # what formgrader lists

    def readmit(self, student: str) -> None:
        path = self.apart / f"{student}.json"
        if path.is_file():
            folder_at(self.published)
            os.replace(path, self.published / path.name)

    def _sweep(self) -> None:
        """Away with the halves of files that a killed run left."""
        for place in (self.out, self.published, self.pending, self.out / "feedback"):
            for path in place.glob(".*.part"):
                path.unlink()
        for half in self.out.glob(".gradebook-*"):
            shutil.rmtree(half)

    def known(self, student: str) -> Hashes | None:
        """What the newest record of a student depended on. One that cannot be read is as good as none, and so
        is one with a fault of ours: it is graded again."""
        newest = self.newest(student)
        return newest.hashes if newest and not newest.fault else None

    def newest(self, student: str) -> Record | None:
        self.refuse_moved()
        return self._read(self.pending, student) or self.before(student)

    def before(self, student: str) -> Record | None:
        """The published record of a student."""
        return self._read(self.published, student)

    def fresh(self) -> Iterator[Record]:
        """Records that are graded and not yet published, by student; what is no record goes away."""
        for path in self._waiting():
            graded = self._read(self.pending, path.stem)
            if graded is None:
                path.unlink()
            else:
                yield graded

    def forget(self, student: str) -> None:
        """Forget a record that is not published yet."""
        (self.pending / f"{student}.json").unlink()

    def save(self, graded: Record) -> None:
        self.refuse_moved()
        record.save(graded, self.pending)

    def compared(self, changes: str) -> None:
        """Write down the changes; from here on only the moving is left."""
        self.refuse_moved()
        write_atomically(self.pending / COMPARING, changes)

    def publish(self) -> None:
        """Move every pending record, and last the list of changes, to where they are looked for."""
        done = self.pending / COMPARING
        if not done.exists():
            return
        folder_at(self.published)
        for path in self._waiting():
            os.replace(path, self.published / path.name)
        os.replace(done, self.out / COMPARED)

    def _waiting(self) -> list[Path]:
        return sorted(self.pending.glob("*.json"))

    def _read(self, place: Path, student: str) -> Record | None:
        try:
            return record.load(place / f"{student}.json")
        except (FileNotFoundError, record.OtherSchemaError):
            return None
        except RecordError as error:
            what = str(error).rpartition("; ")[0]  # without the advice: what it says is being done
            self.broken.setdefault(student, f"a broken record is not used: {what}")
            return None
