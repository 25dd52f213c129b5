"""One submission as a grader sees it: named functions to call, objects to keep, plain values back."""

import secrets
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.channel import Channel, Gone, Late
from autograder.sandbox.describe import Calls
from autograder.sandbox.errors import Echo, Frame, SandboxError, StudentError
from autograder.sandbox.host import Ended, Host
from autograder.sandbox.wire import Handle

READY_SECONDS = 60.0  # for a forked worker to harden itself; it takes milliseconds
GRACE_SECONDS = 2.0  # for a process that has closed its socket to be gone
SLACK_SECONDS = 1.0  # between the worker's own alarm and the moment it is killed
LEASH = 4.0  # a function that did not finish once gets this much less time at its next call
SHORTEST = 0.25  # seconds, of that
GIVE_UP = 3  # a function stopped this often that has never returned is not called again
KINDS = ("not_implemented", "raised", "import", "missing", "bad_reply")
MAX_MESSAGE = 4000
MAX_FRAMES = 20
MAX_SHOWN = 1 << 20  # bytes of a file whose lines are shown; splitting longer ones takes too long
NOTICE = 100  # characters, for the worker's line that says there was more
WRONG_FORM = "an answer of the wrong form"

Keep = int | tuple[int, ...] | str | None


class Student:
    """The functions of one submission, each call run in the worker. Made by `Sandbox.submission`."""

    def __init__(
        self,
        sandbox: Host,
        files: Mapping[str, bytes],
        package: str,
        aliases: Sequence[str],
        fresh_cases: bool,
    ) -> None:
        self.sandbox, self.package, self.aliases = sandbox, package, tuple(aliases)
        self.fresh_cases = fresh_cases
        self.files = {path: content for path, content in files.items() if _importable(path)}
        self.printed = ""  # by the code, since begin_case
        self.seconds = 0.0  # waited for the code, since begin_case
        self.total_seconds = 0.0
        self._pid = 0
        self._channel: Channel | None = None
        self._used = False  # whether this worker has run student code
        self._era = 0  # counts cases, so that a handle of an earlier one is recognised
        self._lost: StudentError | None = None  # why nothing more is run in this case
        self._loaded: set[str] = set()
        self._broken: dict[str, StudentError] = {}  # modules that do not import, in any worker
        self._overran: Counter[str] = Counter()
        self._returned: set[str] = set()  # what has come to an end at least once
        self._names: dict[int, str] = {}  # what a handle was made by
        self.calls = Calls()  # in words, since begin_case
        self.excuses: set[tuple[str, ...]] = set()  # noted by the grader, since begin_case

    def __enter__(self) -> "Student":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def begin_case(self, seed: int) -> None:
        """Forget kept objects, reseed the random state, and bring back a worker that was lost."""
        self._era += 1
        self.printed, self.seconds, self._lost = "", 0.0, None
        self._names.clear()
        self.calls.clear()
        self.excuses.clear()
        if self._left() <= 0:
            return  # any call says so
        if self._channel is not None and self._used and not self.fresh_cases:
            try:
                self._request("begin", "the start of a check", seed=seed)
                return
            except StudentError:
                self._lost = None  # left over from the check before, and worth no more than a new worker
        if self._channel is None or self._used:
            self._start()
        self._set_up("begin", seed=seed)

    def call(
        self, function: str | Handle, /, *args: Any, keep: Keep = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        """Call a function by its name in the package, or a kept callable.

        Args:
            function: such as "layers.affine_forward", or a handle.
            keep: indices into a returned tuple that stay in the worker and come back as handles;
                "all" keeps the whole result.
            echo: return an `Echo`, which also shows the arguments after the call.

        Raises:
            StudentError: the code did not deliver.
            SandboxError: we did not.
        """
        if isinstance(function, Handle):
            return self._call(function, self._name(function), args, kwargs, keep, echo)
        return self._call(self._load(function), function, args, kwargs, keep, echo)

    def new(self, name: str, /, *args: Any, **kwargs: Any) -> Handle:
        """Make an object that stays in the worker."""
        return self.call(name, *args, keep="all", **kwargs)

    def method(
        self, handle: Handle, name: str, /, *args: Any, keep: Keep = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        """Call a method of a kept object."""
        return self._call((handle, name), f"{self._name(handle)}.{name}", args, kwargs, keep, echo)

    def get(self, handle: Handle, *path: str | int) -> Any:
        """A value inside a kept object; each step is a key, an index or an attribute."""
        what = ".".join(map(str, (self._name(handle), *path)))
        return self._request("get", what, handle=self._sent(handle), path=list(path))

    def set(self, handle: Handle, *path: str | int, value: Any) -> None:
        """Change a value inside a kept object."""
        what = ".".join(map(str, (self._name(handle), *path)))
        self._request("set", what, handle=self._sent(handle), path=list(path), value=self._sent(value))

    def define(self, source: str, name: str) -> Handle:
        """Run a grader's own helper source in the worker, and keep what it calls `name`.

        The student's code can read it: it must hold nothing that is to stay hidden.
        """
        value = self._request("define", name, source=source, name=name)
        self.calls.helper(name)
        return self._handle(name, value)

    # calls

    def _call(self, target: Any, what: str, args: Any, kwargs: Any, keep: Keep, echo: bool) -> Any:
        self.calls.note(target, args, kwargs, keep)
        indices = list(keep) if isinstance(keep, tuple) else keep
        sent = {"target": self._sent(target), "args": self._sent(list(args)), "kwargs": self._sent(kwargs)}
        value = self._request("call", what, keep=indices, echo=echo, **sent)
        if not echo:
            return self._kept(what, value, keep)
        match value:
            case (result, list() as after, dict() as named):
                return Echo(self._kept(what, result, keep), after, named)
        raise self._distrust(what, WRONG_FORM)

    def _kept(self, what: str, value: Any, keep: Keep) -> Any:
        """`value`, checked to hold handles where `keep` asked for them."""
        if keep == "all":
            return self._handle(what, value)
        if isinstance(keep, int | tuple):
            indices = (keep,) if isinstance(keep, int) else keep
            if not isinstance(value, tuple) or len(value) <= max(indices):
                raise self._distrust(what, WRONG_FORM)
            for index in indices:
                self._handle(what, value[index])
        return value

    def _handle(self, what: str, value: Any) -> Handle:
        if not isinstance(value, Handle):
            raise self._distrust(what, WRONG_FORM)
        self._names[value.number] = what
        self.calls.keep(value.number)
        return value

    def _name(self, handle: Handle) -> str:
        return self._names.get(handle.number, "the object")

    def _load(self, name: str) -> tuple[str, str]:
        """Import the module a name lives in: (module, rest of the name)."""
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            stem = "/".join([self.package, *parts[:end]])
            path = next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in self.files), None)
            if path is None:
                continue
            module = ".".join([self.package, *parts[:end]])
            self._import(module, path)
            return module, ".".join(parts[end:])
        wanted = "/".join([self.package, *parts[:-1]]) + ".py"
        raise StudentError("missing", f"{wanted} was not handed in, so there is no {parts[-1]}")

    def _import(self, module: str, path: str) -> None:
        if module in self._broken:
            raise self._broken[module]
        if module in self._loaded:
            return
        if self._lost is not None:
            raise self._lost  # what was lost earlier in this case says nothing about the module
        try:
            self._request("load", f"importing {path}", module=module)
        except StudentError as error:
            if self._left() > 0:
                self._broken[module] = error
            raise
        self._loaded.add(module)

    def _sent(self, value: Any) -> Any:
        """`value` as it goes out; a handle must be of this case."""
        if isinstance(value, Handle) and value.era != self._era:
            raise SandboxError("a grader used a handle of an earlier case")
        if isinstance(value, list | tuple):
            return type(value)(self._sent(item) for item in value)
        if isinstance(value, dict):
            return {key: self._sent(item) for key, item in value.items()}
        return value

    # one request, exactly one reply

    def _request(self, op: str, what: str, **fields: Any) -> Any:
        if self._lost is not None:
            raise self._lost
        allowed = self._allowed(what)
        if self._channel is None:
            raise SandboxError("a grader made a call before begin_case")
        number = secrets.randbits(62)
        try:
            frame = wire.pack({"op": op, "id": number, "seconds": allowed, **fields})
        except wire.TooMuch as error:  # a grader's own arguments are small: the code's results are not
            message = f"{what}: results of the code cannot be passed on: {error}"
            raise StudentError("bad_reply", message) from None
        except wire.WireError as error:
            raise SandboxError(f"a grader passed {what} {error}") from None
        self._used = True
        started = time.monotonic()
        try:
            reply = self._exchange(self._channel, frame, started + allowed + SLACK_SECONDS)
        except Late:
            raise self._too_slow(what, allowed) from None
        except Gone:
            raise self._died(what) from None
        except wire.WireError as error:
            raise self._distrust(what, str(error)) from None
        finally:
            spent = time.monotonic() - started
            self.seconds += spent
            self.total_seconds += spent
        return self._open(what, number, allowed, reply)

    def _exchange(self, channel: Channel, frame: list[bytes | memoryview], until: float) -> Any:
        if channel.stray():
            raise wire.WireError("something was sent before anything was asked")
        channel.send(frame, until)
        return channel.receive(until, self.sandbox.limits.reply_mb << 20)

    def _left(self) -> float:
        return self.sandbox.limits.submission_seconds - self.total_seconds

    def _allowed(self, what: str) -> float:
        """Seconds for the next call; fewer if an earlier call of the same function did not finish."""
        limits = self.sandbox.limits
        if self._left() <= 0:
            text = f"not run: the submission had used its {limits.submission_seconds:g} s for all checks"
            raise StudentError("limit", text)
        if self._overran[what] >= GIVE_UP and what not in self._returned:
            text = f"{what}: not run again: none of {GIVE_UP} calls before finished; look for an endless loop"
            raise StudentError("limit", text)
        leash = limits.call_seconds / LEASH ** self._overran[what]
        return min(max(leash, SHORTEST), limits.call_seconds, self._left())

    def _open(self, what: str, number: int, allowed: float, reply: Any) -> Any:
        """The value in a reply, or the error it reports; a reply of any other form ends the worker."""
        match reply:
            case {"id": int(same), "printed": str(printed), **rest} if same == number and len(rest) == 1:
                room = (self.sandbox.limits.output_kb << 10) + NOTICE
                self.printed = (self.printed + printed)[:room]
                if "error" in rest:
                    raise self._reported(what, allowed, rest["error"])
                if "value" in rest:
                    self._returned.add(what)
                    return self._stamped(rest["value"])
        raise self._distrust(what, "an answer to something else than was asked")

    def _stamped(self, value: Any) -> Any:
        if isinstance(value, Handle):
            return Handle(value.number, self._era)
        if isinstance(value, list | tuple):
            return type(value)(self._stamped(item) for item in value)
        if isinstance(value, dict):
            return {key: self._stamped(item) for key, item in value.items()}
        return value

    # what can go wrong

    def _reported(self, what: str, allowed: float, error: Any) -> StudentError:
        """An error as the worker tells it. Only its words are taken over."""
        match error:
            case {"kind": "overran", "frames": list(frames)}:
                return self._too_slow(what, allowed, self._frames(frames))
            case {"kind": "memory", "frames": list(frames)}:
                self._stop()
                limit = self.sandbox.limits.memory_mb
                text = f"{what}: stopped; it needed more memory than it may use ({limit} MB)"
                return self._lose("limit", text, self._frames(frames))
            case {"kind": str(kind), "message": str(message), "frames": list(frames)} if kind in KINDS:
                return StudentError(kind, _readable(message), self._frames(frames))
        return self._distrust(what, WRONG_FORM)

    def _frames(self, frames: list[Any]) -> list[Frame]:
        return [frame for frame in map(self._frame, frames[:MAX_FRAMES]) if frame]

    def _frame(self, frame: Any) -> Frame | None:
        """A line of the student's own; its text is taken from the file we have, not from the worker."""
        match frame:
            case (str(file), int(line), str(function)) if file in self.files:
                text = self.files[file] if len(self.files[file]) <= MAX_SHOWN else b""
                lines = text.decode("utf-8", "replace").splitlines()
                source = lines[line - 1].strip() if 0 < line <= len(lines) else ""
                return Frame(file, line, _readable(function)[:80], _readable(source)[:200])
        return None

    def _too_slow(self, what: str, allowed: float, frames: Sequence[Frame] = ()) -> StudentError:
        self._stop()
        limits = self.sandbox.limits
        self._overran[what] += 1
        if self._left() <= 0:
            text = (
                f"{what}: stopped; the submission had used its {limits.submission_seconds:g} s for all checks"
            )
        elif self._overran[what] > 1:
            text = f"{what}: stopped after {allowed:g} s; an earlier call took over {limits.call_seconds:g} s"
        else:
            waits = bool(frames) and "sleep(" in frames[-1].source
            advice = "take sleep() out: nothing waits while grading" if waits else "look for an endless loop"
            text = f"{what}: stopped after {allowed:g} s: the call did not finish; {advice}"
        return self._lose("limit", text, frames)

    def _died(self, what: str) -> StudentError:
        limits, end = self.sandbox.limits, self._stop(GRACE_SECONDS)
        code, outside = end.code, end.code == -signal.SIGKILL and self.sandbox.level.safe
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and end.cpu >= limits.cpu_seconds):
            return self._lose("limit", f"{what}: stopped after {limits.cpu_seconds:g} s of processor time")
        if end.how == "lost" or outside:
            raise SandboxError("a worker was killed from outside; perhaps the machine ran out of memory")
        if end.how == "killed":
            return self._lose("crash", f"{what}: the code closed its connection to the grader")
        if code >= 0:
            return self._lose("crash", f"{what}: the code ended Python itself (exit code {code})")
        hint = "; often recursion without end" if code == -signal.SIGSEGV else ""
        return self._lose("crash", f"{what}: the code crashed Python ({signal.strsignal(-code)}){hint}")

    def _distrust(self, what: str, why: str) -> StudentError:
        self._stop()
        return self._lose("bad_reply", f"{what}: the answer cannot be used: {why}")

    def _lose(self, kind: str, message: str, frames: Sequence[Frame] = ()) -> StudentError:
        """The case is lost; until the next one begins, nothing more is run."""
        self._lost = StudentError(kind, f"not run: earlier in this check, {message}")
        return StudentError(kind, message, frames)

    # the worker

    def _start(self) -> None:
        """A new worker, with the submission's files in it and none of its code run yet."""
        self._stop()
        self._pid, self._channel = self.sandbox.fork()
        self._used = False
        self._loaded.clear()
        hello = self._ours(lambda channel, until: channel.receive(until, 1 << 20))
        if hello.get("ready") != list(self.sandbox.level.layers):
            self._stop()
            raise SandboxError(f"a worker could not be hardened: {hello.get('failed')}")
        files = {path: np.frombuffer(content, np.uint8) for path, content in self.files.items()}
        self._set_up("files", files=files, package=self.package, aliases=list(self.aliases))

    def _set_up(self, op: str, **fields: Any) -> None:
        """A request to a worker that has run no student code: what fails is our fault."""
        frame = wire.pack({"op": op, "id": 0, "seconds": READY_SECONDS, **fields})
        reply = self._ours(lambda channel, until: self._exchange(channel, frame, until))
        if "value" not in reply:
            self._stop()
            raise SandboxError(f"a worker could not be set up: {reply}")

    def _ours(self, step: Callable[[Channel, float], dict[str, Any]]) -> dict[str, Any]:
        if self._channel is None:
            raise SandboxError("there is no worker")
        try:
            return step(self._channel, time.monotonic() + READY_SECONDS)
        except (Gone, Late, wire.WireError) as error:
            self._stop()
            raise SandboxError(f"a worker did not start ({type(error).__name__})") from error

    def _stop(self, grace: float = 0.0) -> Ended:
        """End the worker; how it ended."""
        if self._channel is None:
            return Ended("killed")
        self._channel.close()
        self._channel = None
        return self.sandbox.reap(self._pid, grace)


def _importable(path: str) -> bool:
    """Whether Python could import a file of this name; others may hold anything, even no valid text."""
    return path.endswith(".py") and all(part.isidentifier() for part in path[:-3].split("/"))


def _readable(text: str) -> str:
    return "".join(c for c in text[:MAX_MESSAGE] if c.isprintable() or c in "\n\t")
