"""The program git, within limits: whatever a repository holds, a command ends and takes no more than it may.

A few hundred bytes of git's objects can stand for more files than any machine has, so what a command prints
goes to a file that may grow so long, and git's memory is bounded.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from autograder.errors import IntakeError
from autograder.safe_text import shown

SECONDS = 300  # for one command
GONE_SECONDS = 60.0  # for one that was killed to be gone
MEMORY = 4 * 2**30  # bytes of address space of each process, into which git maps packs as well
PRINTED = 64 * 2**20  # bytes that a command may print
FETCHED = 2**30  # bytes of one file, when a history is fetched
SAID = 2**16  # bytes of complaints that are looked at
SAFE = (
    *("-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"),
    *("-c", "protocol.file.allow=always", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
)
# The last: git has a thread for each core, for which the C library would set 64 MB of addresses aside.
VARIABLES = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C", "MALLOC_ARENA_MAX": "2"}
CREDENTIALS = re.compile(r"//[^/@\s]+@")  # a token in an address, which git may repeat
OWNED = "dubious ownership"
CUT_OFF = ("index-pack", "File too large")  # in what git says where it may write no more


def git(*arguments: str, folder: Path | None = None, most: int = PRINTED) -> str:
    """What a command of git prints. Raises IntakeError where it fails, takes too long or more than it may."""
    return printed(*arguments, folder=folder, most=most).decode("utf-8", "surrogateescape")


def printed(*arguments: str, folder: Path | None = None, most: int = PRINTED, given: bytes = b"") -> bytes:
    """The same as bytes. No file that the command writes may be longer than `most`."""
    with TemporaryFile() as asked, TemporaryFile() as answer, TemporaryFile() as complaints:
        asked.write(given)
        asked.seek(0)
        code = _run(arguments, folder, most, asked, answer, complaints)
        if code:
            raise IntakeError(f"git {_verb(arguments)}: {_why(code, _end(complaints), most)}")
        answer.seek(0)
        return answer.read()


def _run(
    arguments: tuple[str, ...],
    folder: Path | None,
    most: int,
    asked: IO[bytes],
    answer: IO[bytes],
    complaints: IO[bytes],
) -> int:
    """The exit code, once it and all that it started have ended."""

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    command = ["git", *SAFE, *(["-C", str(folder)] if folder else []), *arguments]
    try:
        # A session of its own: ssh has no terminal to ask at, and all of it can be ended.
        run = subprocess.Popen(  # noqa: S603  no shell; addresses are checked
            command,
            stdin=asked,
            stdout=answer,
            stderr=complaints,
            env={**os.environ, **VARIABLES},
            preexec_fn=limits,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise IntakeError("git: expected the program, found none; install it") from None
    try:
        return run.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise IntakeError(
            f"git {_verb(arguments)}: no end after {SECONDS} s; see that the host can be reached, and run "
            "the same command again"
        ) from None
    finally:
        if run.returncode is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait(GONE_SECONDS)


def _end(complaints: IO[bytes]) -> str:
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - SAID))
    return complaints.read().decode("utf-8", "replace")


def _why(code: int, said: str, most: int) -> str:
    """The line that says what went wrong; advice may follow it."""
    if code == -signal.SIGXFSZ or any(words in said for words in CUT_OFF):
        return f"more than {most // 2**20} MB; keep data and what programs make out of the repository"
    if code < 0:
        return f"ended by signal {-code}; it may have needed more than {MEMORY // 2**30} GB of memory"
    lines = [line for line in said.strip().splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    line = next((line for line in lines if OWNED in line), (fatal or lines or ["no reason given"])[-1])
    advice = "; run this as the owner, or name it with git config --global --add safe.directory"
    return shown(CREDENTIALS.sub("//", line.strip())) + (advice if OWNED in line else "")


def _verb(arguments: tuple[str, ...]) -> str:
    return next(word for word in arguments if not word.startswith("-") and "=" not in word)
