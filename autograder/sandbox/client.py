"""The judge's side: a sandbox, submissions in it, and calls into their functions.

    with Sandbox(Limits()) as sandbox:
        with sandbox.submission(files) as student:
            student.begin_case(seed=1)
            out, cache = student.call("layers.affine_forward", x, w, b, keep=1)

Use a sandbox from one thread, the one that started it: bubblewrap ends when that thread does.
"""

import json
import secrets
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from autograder.sandbox import launch, policy, wire
from autograder.sandbox.level import Level, probe, unsafe
from autograder.sandbox.limits import Limits
from autograder.sandbox.wire import Handle

START_SECONDS = 60.0  # a zygote's start, NumPy's import from a cold disk included
FORK_SECONDS = 30.0
GRACE_SECONDS = 2.0  # for a process that has closed its socket to be gone
KINDS = ("not_implemented", "raised", "import", "missing", "limit", "bad_reply")
MAX_MESSAGE = 4000


class SandboxError(Exception):
    """The sandbox itself failed. Never the student's fault; to be retried, then shown to a human."""


@dataclass(frozen=True)
class Frame:
    """One of the student's own lines that an error went through."""

    file: str
    line: int
    function: str
    source: str


class StudentError(Exception):
    """The student's code did not do what it was asked.

    `kind` is not_implemented, raised, import, missing, limit, crash or bad_reply; `message` may be shown to
    the student; `frames` are their own lines, innermost last.
    """

    def __init__(self, kind: str, message: str, frames: Sequence[Frame] = ()) -> None:
        super().__init__(message)
        self.kind, self.message, self.frames = kind, message, tuple(frames)


@dataclass(frozen=True)
class Echo:
    """A result, and the arguments as they are after the call."""

    result: Any
    args: list[Any]
    kwargs: dict[str, Any]


class _Gone(Exception):
    """The other end of a channel was closed."""


class _Late(Exception):
    """A deadline has passed."""


class Sandbox:
    """A zygote, and one submission's worker at a time.

    Args:
        limits: what a submission may use.
        level: the layers to use; by default the best that works here.
        unsafe: go on without isolation if the machine offers none.

    Raises:
        SandboxError: this machine offers no sandbox.
    """

    def __init__(
        self, limits: Limits | None = None, level: Level | None = None, unsafe: bool = False
    ) -> None:
        self.limits = limits or Limits()
        self.level = level or probe()
        if not (self.level.safe or self.level.accepted or unsafe):
            raise SandboxError(
                "student code cannot be isolated on this machine: "
                + "; ".join(self.level.advice or (f"level {self.level.name} is not safe",))
            )
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._complaints: IO[bytes] | None = None

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submission(
        self, files: Mapping[str, bytes], package: str = "cs_lib", aliases: Sequence[str] = ()
    ) -> "Student":
        """The code of one submission, ready to be called. `files`: posix path -> content."""
        return Student(self, files, package, aliases)

    def start(self) -> None:
        """Start the zygote if it is not running."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        seccomp = policy.program().hex() if "seccomp" in self.level.layers else ""
        settings = {
            "program": seccomp,
            "uid": launch.NOBODY if "uid" in self.level.layers else None,
            "memory_mb": self.limits.memory_mb,
            "cpu_seconds": int(self.limits.cpu_seconds) + 1,
            "output_kb": self.limits.output_kb,
        }
        self._process, self._control, self._complaints = launch.start(self.level.layers, settings)
        hello = self._ask(None, START_SECONDS)
        if not hello["ready"]:
            self._fail(f"cannot harden: {hello['message']}")

    def close(self) -> None:
        """End the zygote, and with it any worker."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._complaints is not None:
            self._complaints.close()
        self._process = self._control = self._complaints = None

    def fork(self) -> tuple[int, socket.socket]:
        """A new hardened worker: its process number in the zygote's view, and the channel to it."""
        self.start()
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._ask({"op": "fork"}, FORK_SECONDS, theirs.fileno())["pid"]
        return pid, ours

    def reap(self, pid: int, grace: float) -> dict[str, Any]:
        """End a worker, and learn how it ended if it did so by itself."""
        return self._ask({"op": "reap", "pid": pid, "grace": grace}, FORK_SECONDS)

    def _ask(
        self, request: dict[str, Any] | None, seconds: float, descriptor: int | None = None
    ) -> dict[str, Any]:
        """One request to the zygote. Trusted: no student code ever runs there."""
        if self._control is None:
            raise SandboxError("the sandbox is not running")
        try:
            self._control.settimeout(seconds)
            if request is not None:
                socket.send_fds(
                    self._control, [json.dumps(request).encode()], [descriptor] if descriptor else []
                )
            reply = self._control.recv(1 << 16)
        except OSError as error:
            self._fail(f"no answer ({error})")
        if not reply:
            self._fail("it ended")
        return json.loads(reply)

    def _fail(self, why: str) -> Any:
        said = ""
        if self._complaints is not None:
            self._complaints.seek(0)
            said = self._complaints.read(2000).decode("utf-8", "replace").strip()
        self.close()
        raise SandboxError(f"the sandbox's process: {why}" + (f"\n{said}" if said else ""))


class Student:
    """The functions of one submission, each call run in the sandboxed worker."""

    def __init__(
        self, sandbox: Sandbox, files: Mapping[str, bytes], package: str, aliases: Sequence[str]
    ) -> None:
        self.sandbox, self.package, self.aliases = sandbox, package, tuple(aliases)
        self.files = {path: content for path, content in files.items() if path.endswith(".py")}
        self.printed = ""  # what the code printed since begin_case
        self.seconds = 0.0  # spent waiting for the code since begin_case
        self.total_seconds = 0.0
        self._pid = 0
        self._channel: socket.socket | None = None
        self._era = 0  # counts cases, so that a handle of an earlier one is recognised
        self._loaded: set[str] = set()
        self._broken: dict[str, StudentError] = {}  # modules whose import failed, in any worker
        self._lost = ""

    def __enter__(self) -> "Student":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def begin_case(self, seed: int) -> None:
        """Forget kept objects, reseed the random state, and bring back a worker that died."""
        self._era += 1
        self.printed, self.seconds, self._lost = "", 0.0, ""
        if self._channel is None:
            self._start()
        try:
            self._request("begin", "the start of a case", seed=seed)
        except StudentError:
            self._start()  # what went wrong was left over from the case before
            self._request("begin", "the start of a case", seed=seed)

    def call(
        self,
        function: "str | Handle",
        *args: Any,
        keep: "int | tuple[int, ...] | str | None" = None,
        echo: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call a function of the submission, by its name in the package, or a kept callable."""
        if isinstance(function, Handle):
            return self._call(function, "the call", args, kwargs, keep, echo)
        module, name = self._load(function)
        return self._call((module, name), function, args, kwargs, keep, echo)

    def new(self, name: str, *args: Any, **kwargs: Any) -> Handle:
        """Make an object that stays in the worker."""
        return self.call(name, *args, keep="all", **kwargs)

    def method(
        self,
        handle: Handle,
        name: str,
        *args: Any,
        keep: "int | tuple[int, ...] | str | None" = None,
        echo: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call a method of a kept object."""
        return self._call((self._own(handle), name), name, args, kwargs, keep, echo)

    def get(self, handle: Handle, *path: str | int) -> Any:
        """A value inside a kept object; each step is a key, an index or an attribute."""
        return self._request("get", _dotted(path), handle=self._own(handle), path=list(path))

    def set(self, handle: Handle, *path: str | int, value: Any) -> None:
        """Change a value inside a kept object."""
        self._request("set", _dotted(path), handle=self._own(handle), path=list(path), value=self._own(value))

    def define(self, source: str, name: str) -> Handle:
        """Run a grader's own helper source in the worker and keep what it calls `name`.

        The student's code can read it: it must hold nothing that is to stay hidden.
        """
        return self._request("define", name, source=source, name=name)

    # one call

    def _call(self, target: Any, what: str, args: Any, kwargs: Any, keep: Any, echo: bool) -> Any:
        sent = {"target": self._own(target), "args": self._own(list(args)), "kwargs": self._own(kwargs)}
        indices = list(keep) if isinstance(keep, tuple) else keep
        value = self._request("call", what, keep=indices, echo=echo, **sent)
        if echo:
            if not isinstance(value, tuple) or len(value) != 3:
                raise self._distrust(what, "an answer of the wrong form")
            value, after, named = value
        self._check_kept(what, value, keep)
        return Echo(value, after, named) if echo else value

    def _check_kept(self, what: str, value: Any, keep: Any) -> None:
        if keep == "all" and not isinstance(value, Handle):
            raise self._distrust(what, "an answer of the wrong form")
        if isinstance(keep, int | tuple):
            indices = (keep,) if isinstance(keep, int) else keep
            if not isinstance(value, tuple) or len(value) <= max(indices):
                raise self._distrust(what, "an answer of the wrong form")
            if not all(isinstance(value[index], Handle) for index in indices):
                raise self._distrust(what, "an answer of the wrong form")

    def _load(self, name: str) -> tuple[str, str]:
        """Import the module a name lives in; returns (module, rest of the name)."""
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            stem = "/".join([self.package, *parts[:end]])
            path = next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in self.files), None)
            if path:
                break
        else:
            wanted = "/".join([self.package, *parts[:-1]])
            raise StudentError("missing", f"{wanted}.py was not handed in, so there is no {parts[-1]}")
        module = ".".join([self.package, *parts[:end]])
        if module in self._broken:
            raise self._broken[module]
        if module not in self._loaded:
            try:
                self._request("load", f"importing {path}", module=module)
            except StudentError as error:
                self._broken[module] = error
                raise
            self._loaded.add(module)
        return module, ".".join(parts[end:])

    def _own(self, value: Any) -> Any:
        """`value` as it is sent; refuses handles that are no longer good."""
        if isinstance(value, Handle) and value.era != self._era:
            raise SandboxError("a grader used a handle from an earlier case")
        if isinstance(value, list | tuple):
            return type(value)(self._own(item) for item in value)
        if isinstance(value, dict):
            return {key: self._own(item) for key, item in value.items()}
        return value

    # the worker

    def _start(self) -> None:
        self._stop()
        self._pid, self._channel = self.sandbox.fork()
        self._loaded.clear()
        try:
            hello = self._receive(time.monotonic() + FORK_SECONDS)
        except (_Gone, _Late, wire.WireError, OSError) as error:
            self._stop()
            raise SandboxError(f"a worker did not start ({type(error).__name__})") from error
        if tuple(hello.get("ready", ())) != self.sandbox.level.layers:
            self._stop()
            raise SandboxError(f"a worker could not be hardened: {hello.get('failed')}")
        files = {path: np.frombuffer(content, np.uint8) for path, content in self.files.items()}
        self._request("files", "reading", files=files, package=self.package, aliases=list(self.aliases))

    def _stop(self, grace: float = 0.0) -> dict[str, Any]:
        """End the worker; how it ended."""
        if self._channel is None:
            return {"killed": True, "code": 0}
        self._channel.close()
        self._channel = None
        return self.sandbox.reap(self._pid, grace)

    def _request(self, op: str, what: str, **fields: Any) -> Any:
        """One request, exactly one reply."""
        if self._channel is None:
            raise StudentError("crash", self._lost or "not run: the code was stopped earlier in this check")
        allowed = min(self.sandbox.limits.call_seconds, self._left())
        number = secrets.randbits(62)
        started = time.monotonic()
        try:
            if select.select([self._channel], [], [], 0)[0]:
                raise self._distrust(what, "sent before anything was asked")
            self._send({"op": op, "id": number, **fields}, started + allowed)
            reply = self._receive(started + allowed)
        except _Late:
            raise self._too_slow(what, allowed) from None
        except (_Gone, ConnectionError):
            raise self._died(what) from None
        except wire.WireError as error:
            raise self._distrust(what, str(error)) from None
        finally:
            spent = time.monotonic() - started
            self.seconds += spent
            self.total_seconds += spent
        return self._open(what, number, reply)

    def _left(self) -> float:
        left = self.sandbox.limits.submission_seconds - self.total_seconds
        if left <= 0:
            limit = self.sandbox.limits.submission_seconds
            raise StudentError(
                "limit", f"not run: the submission had used its {limit:g} s for all checks together"
            )
        return left

    def _open(self, what: str, number: int, reply: Any) -> Any:
        """The value in a reply, or the error it reports; a reply of any other form ends the worker."""
        if (
            not isinstance(reply, dict)
            or reply.get("id") != number
            or not isinstance(reply.get("printed"), str)
        ):
            raise self._distrust(what, "an answer of the wrong form")
        self.printed = (self.printed + reply["printed"])[: self.sandbox.limits.output_kb << 10]
        if "error" in reply:
            raise self._reported(what, reply["error"])
        if "value" not in reply:
            raise self._distrust(what, "an answer of the wrong form")
        return self._stamp(reply["value"])

    def _stamp(self, value: Any) -> Any:
        if isinstance(value, Handle):
            return Handle(value.number, self._era)
        if isinstance(value, list | tuple):
            return type(value)(self._stamp(item) for item in value)
        if isinstance(value, dict):
            return {key: self._stamp(item) for key, item in value.items()}
        return value

    def _reported(self, what: str, error: Any) -> StudentError:
        """An error as the worker tells it; nothing in it is believed but its words."""
        match error:
            case {"kind": str(kind), "message": str(message), "frames": list(frames)} if kind in KINDS:
                return StudentError(kind, _readable(message), [f for f in map(self._frame, frames[:20]) if f])
        return self._distrust(what, "an answer of the wrong form")

    def _frame(self, frame: Any) -> Frame | None:
        match frame:
            case (str(file), int(line), str(function)) if file in self.files:
                lines = self.files[file].decode("utf-8", "replace").splitlines()
                source = lines[line - 1].strip() if 0 < line <= len(lines) else ""
                return Frame(file, line, _readable(function)[:80], source)
        return None

    def _too_slow(self, what: str, allowed: float) -> StudentError:
        self._stop()
        if self.sandbox.limits.submission_seconds - self.total_seconds <= allowed:
            limit = self.sandbox.limits.submission_seconds
            text = f"{what}: stopped; the submission had used its {limit:g} s for all checks together"
        else:
            text = f"{what}: stopped after {allowed:g} s; the call did not finish; look for an endless loop"
        return self._lose("limit", text)

    def _died(self, what: str) -> StudentError:
        end = self._stop(GRACE_SECONDS)
        code = end["code"]
        if code == -signal.SIGXCPU:
            limit = self.sandbox.limits.cpu_seconds
            return self._lose("limit", f"{what}: stopped after {limit:g} s of processor time")
        if end["killed"]:
            return self._lose("crash", f"{what}: the code closed its connection to the grader")
        if code >= 0:
            return self._lose("crash", f"{what}: the code ended Python itself (exit code {code})")
        name = signal.strsignal(-code)
        return self._lose("crash", f"{what}: the code crashed Python ({name}); often recursion without end")

    def _distrust(self, what: str, why: str) -> StudentError:
        self._stop()
        return self._lose("bad_reply", f"{what}: the answer cannot be used: {why}")

    def _lose(self, kind: str, message: str) -> StudentError:
        self._lost = f"not run: earlier in this check, {message}"
        return StudentError(kind, message)

    # bytes

    def _send(self, request: dict[str, Any], until: float) -> None:
        channel = self._open_channel()
        channel.setblocking(False)
        for part in wire.pack(request):
            view = memoryview(part)
            while view:
                _wait(channel, select.POLLOUT, until)
                try:
                    view = view[channel.send(view) :]
                except BlockingIOError:
                    continue

    def _receive(self, until: float) -> Any:
        limit = self.sandbox.limits.reply_mb << 20
        header, body = wire.sizes(bytes(self._read(wire.PREFIX.size, until)), limit)
        text = bytes(self._read(header, until))
        return wire.unpack(text, memoryview(self._read(body, until)))

    def _read(self, size: int, until: float) -> bytearray:
        channel = self._open_channel()
        channel.setblocking(False)
        data = bytearray(size)
        view = memoryview(data)
        while view:
            _wait(channel, select.POLLIN, until)
            try:
                got = channel.recv_into(view)
            except BlockingIOError:
                continue
            if not got:
                raise _Gone
            view = view[got:]
        return data

    def _open_channel(self) -> socket.socket:
        if self._channel is None:
            raise _Gone
        return self._channel


def _wait(channel: socket.socket, event: int, until: float) -> None:
    left = until - time.monotonic()
    poll = select.poll()
    poll.register(channel, event)
    if left <= 0 or not poll.poll(left * 1000):
        raise _Late


def _readable(text: str) -> str:
    return "".join(c for c in text[:MAX_MESSAGE] if c.isprintable() or c in "\n\t")


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


__all__ = [
    "Echo", "Frame", "Handle", "Level", "Limits", "Sandbox", "SandboxError", "Student", "StudentError", "probe", "unsafe",
]  # fmt: skip
