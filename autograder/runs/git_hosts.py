"""Hand-ins out of each student's git repository.

What counts is the last commit that was there before the student's deadline. When it was there, only the
host knows: a bare repository on this machine that logs its pushes (`core.logAllRefUpdates`) is asked.
Elsewhere the date of the commit stands in, which the student's own machine wrote; the report says so.

A repository is content like any other hand-in: no hook, filter, attribute or submodule of it is followed, and
what it holds is read as a zip, inside the limits that every hand-in has.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course.assignment import Assignment
from autograder.course.policy import counting
from autograder.course.roster import Roster, RosterEntry
from autograder.errors import IntakeError, RosterError
from autograder.files import text_of
from autograder.intake import archives
from autograder.intake.archives import Budget, FolderTree, Tree, ZipTree, odd
from autograder.intake.downloads import HandIn, Person, Survey
from autograder.intake.unpacked import in_order
from autograder.runs.git_program import FETCHED, git, printed

ADDRESS = re.compile(r"(https|ssh|file)://\S+|[\w.-]+@[\w.-]+:\S+|/\S.*")
OWN = "times are those of the commits, which students' machines write; the host's log of pushes was not there"
AHEAD = "the commit is dated in the future, so nobody knows when it was there"
LOGGED = re.compile(r"[0-9a-f]{40,64} (?P<commit>[0-9a-f]{40,64}) .*> (?P<time>\d+) [+-]\d{4}(\t.*)?")
LISTED = re.compile(rb"(?P<mode>\d+) \w+ (?P<blob>[0-9a-f]+) +(?P<size>\d+|-)\t(?P<name>.+)", re.S)
LISTING = 32 * 2**20  # bytes of a list of files: some 300,000
LINE = 200  # bytes that git writes around a file
FILES = (b"100644", b"100755", b"100664")  # modes; others are links and submodules


@dataclass(frozen=True)
class Candidate:
    """A commit, and when it was there; None where its date is none, or is still to come."""

    commit: str
    when: datetime | None


@contextmanager
def survey(people: Roster, assignment: Assignment) -> Iterator[Survey]:
    """The hand-in of everybody who has a repository, to be read while this is open.

    Raises:
        RosterError: nobody has one, or an address is none.
        IntakeError: git is not there.
    """
    listed = [one for one in people if one.repository]
    if not listed:
        raise RosterError("--git: expected a column called repository, with an address, got none; add it")
    for one in listed:
        if not ADDRESS.fullmatch(one.repository):
            what = "https://…, ssh://…, name@host:… or an absolute path"
            raise RosterError(f"repository of {one.id}: expected {what}, got {one.repository!r}; correct it")
    git("version")
    found, own = Survey("git"), False
    with ExitStack() as opened:
        room = Path(opened.enter_context(TemporaryDirectory(prefix="autograder-git-")))
        for one in listed:
            try:
                hand_in, logged = _hand_in(one, assignment, room, opened)
            except IntakeError as error:
                found.noted.append(f"repository of {one.id}: {error}; nothing is collected from it")
                continue
            found.hand_ins.append(hand_in)
            own = own or not logged
        found.noted += [OWN] if own else []
        yield found


def _hand_in(
    student: RosterEntry, assignment: Assignment, room: Path, opened: ExitStack
) -> tuple[HandIn, bool]:
    """What counts, and whether the host's log says so."""
    packed = room / f"{student.id}.zip"
    with TemporaryDirectory(dir=room) as folder:
        clone = Path(folder)
        address = student.repository
        git(
            *("clone", "--quiet", "--bare", "--single-branch", "--no-tags", "--", address, folder),
            most=FETCHED,
        )
        pushes = _pushes(address, clone)
        chosen = _chosen(pushes or _commits(clone), assignment, student)
        where = f"repository of {student.id} at {chosen.commit[:10]}"
        try:
            if pushes:
                _fetch(address, chosen.commit, clone)
            noted = _pack(clone, chosen.commit, packed)
            tree: Tree = ZipTree(opened.enter_context(packed.open("rb")), f"repository of {student.id}")
            files, refused = {name: name for name in tree.names()}, ""
        except IntakeError as error:  # there is a hand-in, so it is not nothing: a person looks at it
            tree, files, noted, refused = FolderTree(room), {}, [], str(error)
    if chosen.when is None:
        noted.append(AHEAD)
    person = Person((student.id,))
    problems = tuple(noted)
    hand_in = HandIn(where, (person,), tree, files, chosen.when, problems=problems, refused=refused)
    return hand_in, bool(pushes)


def _fetch(address: str, commit: str, clone: Path) -> None:
    """Have a commit that may have been pushed over since, which is with the host alone."""
    try:
        git("cat-file", "-e", commit, folder=clone)
    except IntakeError:
        git("fetch", "--quiet", "--no-tags", "--", address, commit, folder=clone, most=FETCHED)


def _pack(clone: Path, commit: str, packed: Path) -> list[str]:
    """Write the files of a commit into a zip, byte by byte as they are in it; what is left out, and why.

    `git archive` would do as the repository's attributes and the settings on this machine say: leave files
    out, put text into them, start filters. Raises IntakeError: they are more than a hand-in may be.
    """
    sizes, noted = _listed(clone, commit)
    names = in_order(sizes)
    if more := len(names) - archives.MAX_ENTRIES:
        noted += [f"{more:,} files more than are looked at are left out"] if more > 0 else []
        names = names[: archives.MAX_ENTRIES]
    budget = Budget()
    blobs = [sizes[name][0] for name in names]
    budget.reserve(sum(sizes[name][1] for name in names))
    most = sum(sizes[name][1] + LINE for name in names)
    data = printed("cat-file", "--batch", folder=clone, most=most, given=b"\n".join([*blobs, b""]))
    at = 0
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            start, size = data.index(b"\n", at) + 1, sizes[name][1]
            archive.writestr(zipfile.ZipInfo(name), data[start : start + size])
            at = start + size + 1
    return noted


def _listed(clone: Path, commit: str) -> tuple[dict[str, tuple[bytes, int]], list[str]]:
    """(name -> blob and its size; what is left out, and why)."""
    found: dict[str, tuple[bytes, int]] = {}
    noted: list[str] = []
    lines = printed("ls-tree", "-r", "-l", "-z", "--full-tree", commit, folder=clone, most=LISTING)
    for match in filter(None, map(LISTED.fullmatch, lines.split(b"\0"))):
        name = match["name"].decode("utf-8", "surrogateescape")
        size = int(match["size"]) if match["mode"] in FILES else 0
        if match["mode"] not in FILES:
            noted.append(f"{name!r} is a link or no ordinary file; not used")
        elif why := odd(name):
            noted.append(f"{name!r} is not used: {why}")
        elif size > archives.MAX_FILE_BYTES:
            noted.append(f"{name}: larger than {archives.MAX_FILE_BYTES // 2**20} MB; not used")
        else:
            found[name] = match["blob"], size
    return found, noted[: archives.MAX_NOTED]


def _chosen(candidates: list[Candidate], assignment: Assignment, student: RosterEntry) -> Candidate:
    """The last that was in time; if none was, the last. What is there now was there now, whatever it says."""
    if not candidates:
        raise IntakeError("no commit yet on its default branch")
    days, today = student.extension_days(assignment.name), datetime.now(UTC)
    return counting(candidates, "last", lambda one: assignment.late.in_time(one.when or today, days))


def _commits(clone: Path) -> list[Candidate]:
    """The commits of the main line, the oldest first, by their own dates."""
    try:
        git("rev-parse", "--quiet", "--verify", "HEAD", folder=clone)
    except IntakeError:
        return []
    lines = git("log", "--first-parent", "--reverse", "--format=%H %ct", "HEAD", "--", folder=clone)
    return [Candidate(line.split()[0], _time(*line.split()[1:])) for line in lines.splitlines()]


def _time(seconds: str = "") -> datetime | None:
    """A time that has come; a commit may carry any number, or none."""
    try:
        when = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return when if when <= datetime.now(UTC) else None


def _pushes(address: str, clone: Path) -> list[Candidate]:
    """What the host logged of pushes to the main branch, the oldest first; empty where it is not on this
    machine or keeps no log."""
    path = Path(address.removeprefix("file://"))
    branch = git("symbolic-ref", "HEAD", folder=clone).strip()
    log = path / "logs" / branch
    if not path.is_absolute() or not log.is_file():
        return []
    lines = text_of(log, errors="replace").splitlines()
    matches = [m for line in lines if (m := LOGGED.fullmatch(line))]
    there = [m for m in matches if m["commit"].strip("0")]  # zeros: the branch was deleted
    return [Candidate(m["commit"], _time(m["time"])) for m in there]
