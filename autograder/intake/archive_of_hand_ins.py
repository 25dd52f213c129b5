"""Every hand-in ever collected, as it came, below `DIR/.collected/<assignment>/`.

    hand-ins/<student>/<time>_<hash>/hand-in.json      what is known about it
    hand-ins/<student>/<time>_<hash>/files/…           its files, archives unopened
    hand-ins/<student>/<time>_<hash>/time.txt          when it came, if that was given later
    unmatched/<label>/…                                the same, of people whom the roster does not know
    written/<student>.txt                              hashes of what was laid out in DIR/<student>/
    collected.json                                     what is known of the hand-ins that count (`facts`)

A hand-in is written beside its place and moved there whole, so one that is there is complete, unless the
power failed before the disk had it all: so what is there is compared with what comes again. None is ever
changed or deleted.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from autograder.course.policy import Late
from autograder.errors import IntakeError
from autograder.files import text_of, to_disk, whole, write_atomically
from autograder.intake.archives import odd
from autograder.intake.facts import FILES, hash_of
from autograder.records.record import moment

ABOUT = "hand-in.json"
WRITTEN = "written"  # of each student, hashes of what was laid out, one a line
TIME = "time.txt"  # when it came, if somebody said so later
PART = ".part-"


@dataclass(frozen=True)
class StoredHandIn:
    """What is known about a hand-in in the store."""

    student: str
    where: str  # it came from
    seen: str  # when it was first collected
    handed_in: str = ""  # ISO 8601 in UTC; empty if the download does not say
    late: bool = False  # so marked by the LMS
    order: str = ""  # among hand-ins that carry no time
    problems: tuple[str, ...] = ()
    unreadable: str = ""  # why its files could not even be copied
    key: str = ""

    @property
    def time(self) -> datetime | None:
        return moment(self.handed_in)

    def in_time(self, late: Late, extension_days: float) -> bool:
        """Whether the deadline was kept; where no time is known, whether the LMS marked it as late."""
        return late.in_time(self.time, extension_days) if self.handed_in else not self.late

    @property
    def rank(self) -> tuple[bool, str, str]:
        """Orders a student's hand-ins: by time, else by what the LMS counts up, else as they were seen."""
        return (bool(self.handed_in), self.handed_in or self.order or self.seen, self.order)


def key(files: Mapping[str, bytes], handed_in: str, reason: str) -> str:
    """A name for a hand-in that is the same whenever the same is collected again."""
    when = "".join(c for c in handed_in[:19] if c.isalnum()) + "Z" if handed_in else "undated"
    return f"{when}_{hash_of(files, reason)[:12]}"


def keep(folder: Path, kept: StoredHandIn, files: Mapping[str, bytes]) -> bool:
    """Add a hand-in to `folder`; False if it is there already."""
    place = folder / kept.key
    files = {name: data for name, data in files.items() if not odd(name)}
    if _is_whole(place, files):
        return False
    with replacing(place) as part:
        (part / FILES).mkdir()
        for name, data in files.items():
            write(part / FILES / name, data)
        write(part / ABOUT, (json.dumps(asdict(kept), indent=1, ensure_ascii=False) + "\n").encode())
    return True


def all_to_disk(place: Path) -> None:
    """Have the disk hold a hand-in before anything follows from it. (`collect` syncs once for all.)"""
    for path in [*sorted(place.rglob("*")), place, place.parent]:
        to_disk(path)


def _is_whole(place: Path, files: Mapping[str, bytes]) -> bool:
    try:
        json.loads(whole(place / ABOUT))
        return all(whole(place / FILES / name) == data for name, data in files.items())
    except (OSError, ValueError):
        return False


def load(folder: Path) -> Iterator[StoredHandIn]:
    """The hand-ins in `folder`, a student's. Raises IntakeError where a failing disk or a hand damaged
    one."""
    for about in sorted(folder.glob(f"[!.]*/{ABOUT}")):
        try:
            facts = json.loads(text_of(about))
            noted = about.parent / TIME
            later = {"handed_in": text_of(noted)} if noted.is_file() else {}
            yield StoredHandIn(**{**facts, "problems": tuple(facts["problems"]), **later})
        except (OSError, ValueError, TypeError, KeyError) as error:
            what = "collect the download it came from again, or move its folder away"
            raise IntakeError(f"{about}: damaged ({type(error).__name__}); {what}") from None


def written(folder: Path, student: str) -> set[str]:
    """Hashes of all that was ever laid out for a student."""
    path = folder / WRITTEN / f"{student}.txt"
    return set(text_of(path).split()) if path.is_file() else set()


def will_write(folder: Path, student: str, total: str) -> None:
    """Note what is about to be laid out, so that it is known as ours whenever this run is killed."""
    hashes = sorted({*written(folder, student), total})
    write_atomically(folder / WRITTEN / f"{student}.txt", "\n".join(hashes) + "\n")


def date(folder: Path, kept: StoredHandIn, when: datetime) -> None:
    """Note when a hand-in came whose download does not say."""
    write_atomically(folder / kept.key / TIME, when.isoformat())


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `place` whole once it is full. Killed in between, the
    old one or nothing is at `place`, and collecting again makes it anew."""
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in place.parent.glob(f"{PART}*"):  # by a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    part = Path(tempfile.mkdtemp(dir=place.parent, prefix=PART))
    part.chmod(0o755)
    try:
        yield part
        if place.exists():
            old = Path(tempfile.mkdtemp(dir=place.parent, prefix=PART))
            place.rename(old / "old")
            part.rename(place)
            shutil.rmtree(old)
        else:
            part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
