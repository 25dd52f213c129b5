"""A grading process as seen by whoever gives it work: tasks go out, replies come back.

Standard library only: on a Dask cluster this file travels to workers that have no kit of their own.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.judge.variables import ONE_THREAD

SERVE = "autograder.workers.serve"
END_SECONDS = 5.0
BEAT_SECONDS = 5.0  # a grading process says this often that it lives
QUIET_SECONDS = 60.0  # one that says nothing for so long is frozen, and is ended
MAX_UNREADY = 3  # processes in a row that end before they are ready
MAX_REPLY = 64 * 2**20  # bytes of a record; a long one has 100,000

Reply = tuple[str, str]  # alive | ready | record | unchanged | failure | late, and its text


def patient_pair() -> tuple[socket.socket, socket.socket]:
    """Our end and theirs. Ours waits no longer than QUIET_SECONDS for the rest of a message, or for room."""
    ours, theirs = socket.socketpair()
    longest = struct.pack("ll", int(QUIET_SECONDS), 0)
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        ours.setsockopt(socket.SOL_SOCKET, option, longest)
    return ours, theirs


class GradingProcess:
    """`python -m autograder.workers.serve`, with the package found in the folder `home`.

    The kernel ends it when the thread that started it ends.
    """

    def __init__(self, home: Path, plan: bytes) -> None:
        ours, theirs = patient_pair()
        path = os.pathsep.join([str(home), *filter(None, [os.environ.get("PYTHONPATH")])])
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", SERVE, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # ours is for results; a grader may print
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us: we end it when we end
            )
        self.pipe = Connection(ours.detach())
        self.quiet = 0.0  # seconds since it was last heard
        self.spent = 0.0  # seconds on what it was last given
        self.send(plan)

    def send(self, message: bytes) -> None:
        """Hand over a plan or a task, pickled; whether it arrived, the next `receive` shows."""
        self.spent = 0.0
        with suppress(BrokenPipeError, ConnectionResetError):
            try:
                self.pipe.send_bytes(message)
            except BlockingIOError:  # it is frozen, and half of a message is nothing that it could go on from
                self.quiet = QUIET_SECONDS
                self.process.kill()

    def waited(self, seconds: float) -> bool:
        """Count a wait in which nothing came; whether the process is frozen. One wait counts for a beat at
        the most: where this side was stopped itself, nobody knows what the other did."""
        self.quiet += min(seconds, BEAT_SECONDS)
        return self.quiet >= QUIET_SECONDS

    def answer(self, seconds: float) -> Reply | None:
        """The next reply that is more than a sign of life, or "late" after so many seconds; None if the
        process has died or is frozen."""
        deadline = time.monotonic() + seconds
        while True:
            if time.monotonic() > deadline:
                return "late", ""
            if not self.pipe.poll(BEAT_SECONDS):
                if self.waited(BEAT_SECONDS):
                    return None
            elif (reply := self.receive()) is None or reply[0] != "alive":
                return reply

    def receive(self) -> Reply | None:
        """What came; None if the process has died."""
        self.quiet = 0.0
        try:
            kind, _, text = self.pipe.recv_bytes(MAX_REPLY).decode().partition(" ")
        except BlockingIOError:  # frozen in the middle of a reply
            self.quiet = QUIET_SECONDS
            return None
        except (EOFError, OSError):
            return None
        return kind, text

    def how_it_ended(self) -> str:
        """In words, once `end` has been called: the signal, or the exit code."""
        code = self.process.returncode
        if self.quiet >= QUIET_SECONDS:
            return f"by us (it had said nothing for {QUIET_SECONDS:g} s)"
        if code >= 0:
            return f"with exit code {code} (what it complained of, if anything, stands above)"
        names = {int(known): known.name for known in signal.Signals}
        return f"by {names.get(-code, f'signal {-code}')}"

    def end(self) -> None:
        self.pipe.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
