"""The judge's side: a sandbox, and submissions in it.

    with Sandbox(Limits()) as sandbox:
        with sandbox.submission(files) as student:
            student.begin_case(seed=1)
            area, cache = student.call("shapes.area", width, height, keep=1)

Use a sandbox from the thread that started it: bubblewrap ends when that thread does.
"""

import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any, NoReturn

from autograder.inherited import refuse_low_limits
from autograder.sandbox import harden, launch
from autograder.sandbox import seccomp as policy
from autograder.sandbox.channel import Channel
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.host import Ended
from autograder.sandbox.level import Level, probe
from autograder.sandbox.limits import Limits
from autograder.sandbox.sandboxed_student import SandboxedStudent
from autograder.sandbox.waiting_for import Clock

START_SECONDS = 120.0  # of a zygote, with NumPy on a cold disk of a busy machine
ANSWER_SECONDS = 60.0  # of a zygote that runs; it forks in milliseconds
END_SECONDS = 2.0


class Sandbox:
    """A zygote, and the workers it forks.

    Args:
        limits: what a submission may use.
        level: the layers to use; by default the best that works here.
        packages: what student code may import besides NumPy.

    Raises:
        SandboxError: this machine offers no isolation.
        LimitError: a limit of ours is lower than a worker's.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        level: Level | None = None,
        packages: tuple[str, ...] = (),
    ) -> None:
        self.packages, self.limits, self.clock = packages, limits or Limits(), Clock()
        self.level = level or probe()
        if not (self.level.safe or self.level.accepted):
            reasons = "; ".join(self.level.advice) or f"level {self.level.name} does not isolate"
            raise SandboxError(f"student code cannot be isolated on this machine: {reasons}")
        refuse_low_limits(self.limits.memory_mb)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._complaints: IO[bytes] | None = None
        self._starts = False  # the zygote has been started, and has not said that it is ready
        self._workers: set[int] = set()  # of the zygote that runs now
        self.hello: dict[str, Any] = {}  # what the zygote said of itself

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submission(
        self,
        files: Mapping[str, bytes],
        package: str = "",
        aliases: Sequence[str] = (),
        solved: Mapping[str, bytes] | None = None,
    ) -> SandboxedStudent:
        """The code of one submission, ready to be called.

        Args:
            files: posix path relative to the submission's root -> content.
            package: the folder whose modules are called; if not given, that of the first file.
            aliases: other names under which the submission's own imports find that package.
            solved: the solved package's files, of which a second worker answers what a case builds on.
        """
        package = package or next(iter(files), "").partition("/")[0]
        return SandboxedStudent(self, files, package, aliases, solved)

    def start(self) -> None:
        """Start the zygote if it is not running, and wait until it is ready."""
        self.begin()
        if not self._starts:
            return
        self._starts = False
        self.hello = self._ask(None, START_SECONDS)
        if not self.hello["ready"]:
            self._fail(self.hello["message"])

    def begin(self) -> None:
        """Start the zygote if it is not running. While it loads NumPy, there is other work."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        layers = self.level.layers
        if "dumpable" in layers and "bwrap" not in layers:
            harden.hide_memory()  # ours: the worker may run as the same user, and see our process
        settings = {
            "program": policy.program().hex() if "seccomp" in layers else "",
            "uid": launch.NOBODY if "uid" in layers else None,
            "memory_mb": self.limits.memory_mb,
            "cpu_seconds": self.limits.cpu_seconds,
            "output_kb": self.limits.output_kb,
            "reply_mb": self.limits.reply_mb,
        }
        try:
            self._process, self._control, self._complaints = launch.start(layers, settings, self.packages)
        except OSError as error:
            raise SandboxError(f"the sandbox's own process does not start: {error}") from error
        self._starts = True

    def close(self) -> None:
        """End the zygote, and with it any worker."""
        if self._control is not None:
            with suppress(OSError):  # it has ended already
                self._control.shutdown(socket.SHUT_RDWR)  # a child of ours may hold a copy
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._complaints is not None:
            self._complaints.close()
        self._process = self._control = self._complaints = None
        self._starts = False
        self._workers.clear()

    def fork(self) -> tuple[int, Channel]:
        """A new worker: its process number as the zygote knows it, and the channel to it."""
        try:
            return self._fork()
        except SandboxError:  # the zygote may have been killed since the last fork; a new one may work
            return self._fork()

    def _fork(self) -> tuple[int, Channel]:
        self.start()
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # for `Channel.meet`
        with theirs:
            reply = self._ask({"op": "fork"}, ANSWER_SECONDS, [theirs.fileno()])
        if "failed" in reply:
            ours.close()
            self._fail(reply["failed"])
        self._workers.add(reply["pid"])
        return reply["pid"], Channel(ours, self.clock)

    def reap(self, pid: int, grace: float) -> Ended:
        """End a worker, and learn how it ended if it did so by itself within `grace` seconds."""
        if pid not in self._workers:
            return Ended("lost")
        self._workers.discard(pid)
        try:
            return Ended(**self._ask({"op": "reap", "pid": pid, "grace": grace}, ANSWER_SECONDS))
        except SandboxError:
            return Ended("lost")

    def _ask(
        self, request: dict[str, Any] | None, seconds: float, descriptors: Sequence[int] = ()
    ) -> dict[str, Any]:
        """One request to the zygote, which is trusted: no student code ever runs in it."""
        if self._control is None:
            raise SandboxError("the sandbox is not running")
        try:
            self._control.settimeout(seconds)
            if request is not None:
                socket.send_fds(self._control, [json.dumps(request).encode()], list(descriptors))
            reply = self._control.recv(1 << 16)
        except ConnectionError:
            reply = b""
        except OSError as error:
            self._fail(f"no answer ({error})")
        if not reply:
            self._fail("it ended")
        return dict(json.loads(reply))

    def _fail(self, why: str) -> NoReturn:
        said = ""
        if self._complaints is not None:
            self._complaints.seek(0)
            said = self._complaints.read(4000).decode("utf-8", "replace").strip()
        self.close()
        raise SandboxError(f"the sandbox's own process failed: {why}" + (f"\n{said}" if said else ""))
