"""Hand-ins out of each student's git repository.

What counts is the last commit that was there before the student's deadline. When it was there, only the
host knows: a bare repository on this machine that logs its pushes (`core.logAllRefUpdates`) is asked.
Elsewhere the date of the commit stands in, which the student's own machine wrote; the report says so.

A repository is content like any other hand-in: no hook, filter or submodule of it is followed, and what it
holds is read as a zip, inside the limits that every hand-in has.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course.assignment import Assignment
from autograder.course.roster import Roster, RosterEntry
from autograder.errors import IntakeError, RosterError
from autograder.files import text_of
from autograder.intake.archives import ZipTree
from autograder.intake.downloads import HandIn, Person, Survey

SECONDS = 300  # for one command of git
MAX_PACKED = 256 * 2**20  # bytes of a commit as a zip
ADDRESS = re.compile(r"(https|ssh|file)://\S+|[\w.-]+@[\w.-]+:\S+|/\S.*")
OWN = "times are those of the commits, which students' machines write; the host's log of pushes was not there"
SAFE = (
    *("-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"),
    *("-c", "protocol.file.allow=always", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
)
CREDENTIALS = re.compile(r"//[^/@\s]+@")  # a token in an address, which git may repeat
LOGGED = re.compile(r"[0-9a-f]{40,64} (?P<commit>[0-9a-f]{40,64}) .*> (?P<time>\d+) [+-]\d{4}(\t.*)?")


@dataclass(frozen=True)
class Candidate:
    """A commit, and when it was there."""

    commit: str
    when: datetime


def git(*arguments: str, folder: Path | None = None) -> str:
    """What a command of git prints.

    Raises:
        IntakeError: it fails, or takes too long.
    """
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C"}
    command = ["git", *SAFE, *(["-C", str(folder)] if folder else []), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  no shell; addresses are checked
            command, capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise IntakeError("git: expected the program, found none; install it") from None
    except subprocess.TimeoutExpired:
        raise IntakeError(
            f"git {_verb(arguments)}: no end after {SECONDS} s; see that the host can be reached, and run "
            "the same command again"
        ) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise IntakeError(f"git {_verb(arguments)}: {CREDENTIALS.sub('//', said[-1])}")
    return done.stdout.decode("utf-8", "replace")


def _verb(arguments: tuple[str, ...]) -> str:
    return next(word for word in arguments if not word.startswith("-") and "=" not in word)


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
    clone = room / f"{student.id}.git"
    git("clone", "--quiet", "--bare", "--single-branch", "--no-tags", "--", student.repository, str(clone))
    pushes = _pushes(student.repository, clone)
    chosen = _chosen(pushes or _commits(clone), assignment, student)
    packed = room / f"{student.id}.zip"
    # What was pushed over since is with the host alone.
    place = Path(_local(student.repository)) if pushes else clone
    git("archive", "--format=zip", f"--output={packed}", chosen.commit, folder=place)
    if packed.stat().st_size > MAX_PACKED:
        raise IntakeError(f"more than {MAX_PACKED // 2**20} MB in one commit; hand in your own work only")
    tree = ZipTree(opened.enter_context(packed.open("rb")), f"repository of {student.id}")
    where = f"repository of {student.id} at {chosen.commit[:10]}"
    files = {name: name for name in tree.names()}
    return HandIn(where, (Person((student.id,)),), tree, files, chosen.when), bool(pushes)


def _local(address: str) -> str:
    return address.removeprefix("file://")


def _chosen(candidates: list[Candidate], assignment: Assignment, student: RosterEntry) -> Candidate:
    """The last that was in time; if none was, the last."""
    if not candidates:
        raise IntakeError("no commit yet")
    days = student.extension_days(assignment.name)
    in_time = [one for one in candidates if assignment.late.in_time(one.when, days)]
    return (in_time or candidates)[-1]


def _commits(clone: Path) -> list[Candidate]:
    """The commits of the main line, the oldest first, by their own dates."""
    printed = git("log", "--first-parent", "--reverse", "--format=%H %ct", "HEAD", "--", folder=clone)
    return [
        Candidate(commit, datetime.fromtimestamp(int(seconds), UTC))
        for commit, seconds in map(str.split, printed.splitlines())
    ]


def _pushes(address: str, clone: Path) -> list[Candidate]:
    """What the host logged of pushes to the main branch, the oldest first; empty where it is not on this
    machine or keeps no log."""
    path = Path(_local(address))
    branch = git("symbolic-ref", "HEAD", folder=clone).strip()
    log = path / "logs" / branch
    if not path.is_absolute() or not log.is_file():
        return []
    lines = text_of(log, errors="replace").splitlines()
    matches = [m for line in lines if (m := LOGGED.fullmatch(line))]
    there = [m for m in matches if m["commit"].strip("0")]  # zeros: the branch was deleted
    return [Candidate(m["commit"], datetime.fromtimestamp(int(m["time"]), UTC)) for m in there]
