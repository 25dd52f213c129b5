"""One worker at a time for one submission: requests, each with its deadline, and whose fault it is when no
answer comes.
"""

import secrets
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.sandbox import wire
from autograder.sandbox.channel import Channel, Gone, TimedOut
from autograder.sandbox.faults import Frame, SandboxError, StudentError
from autograder.sandbox.host import Ended, Host
from autograder.sandbox.library import Broken, Exhausted, Library, Names
from autograder.sandbox.running import Running
from autograder.sandbox.waiting_for import Seen, Until
from autograder.sandbox.wire import Handle

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
SLEEPS = ": it sleeps"  # how a doubt over a call ends that did not compute
HELD_UP = "a call's time went by while its process could not run; the machine is overloaded or was suspended"
OWN_USE = 0.5  # of a call's time: what a loop must have computed for, to be one
PATIENCE = 8.0  # times a call's time, for one that computes and has to wait for a processor
ACCOUNTED = 0.8  # of a call's time: what it must have computed or slept, to have used it up itself
NEAR = 0.9  # of a limit that was met
COARSE = 0.5  # seconds: the kernel counts in ticks against the limit, and exactly for us
LONG = 1.0  # seconds of a call of which those are taken off in which it was held up
# What code in a sandbox can bring about in its own process. It can send no signal.
_OWN = ("SEGV", "BUS", "FPE", "ILL", "TRAP", "ABRT", "SYS", "ALRM", "VTALRM", "PROF")
OWN_SIGNALS = frozenset(getattr(signal, f"SIG{name}") for name in _OWN)


class Session:
    """Requests to the worker that holds a submission's code."""

    def __init__(
        self,
        sandbox: Host,
        files: Mapping[str, bytes],
        package: str,
        aliases: Sequence[str],
        solved: Mapping[str, bytes] | None,
    ) -> None:
        self.sandbox, self.package, self.aliases = sandbox, package, tuple(aliases)
        self.files = {path: content for path, content in files.items() if _importable(path)}
        self.printed = ""  # by the code, since begin_case
        self.total_seconds = 0.0  # waited for the code
        self._library = Library(sandbox, solved or {}, package)
        self._running: Running | None = None
        self._era = 0  # counts cases, so that a handle of an earlier one is recognised
        self._seed: int | None = None  # of a case that has begun, and of which the worker does not know yet
        self._first: list[dict[str, Any]] = []  # what goes out with the next request, and is done before it
        self._lost: StudentError | None = None  # why nothing more is run in this case
        self.doubt = ""  # what has ended this case, if others than the code may have done it
        self._shown: set[str] = set()  # doubts that were settled: it is the code's doing
        self._shown_lines: dict[str, list[str]] = {}  # of files that a message has quoted
        self._began = (0.0, 0.0, 0.0)  # of a request: clock, its losses, processor
        self._asks = False  # whether the code has asked, in this request, for what it builds on
        self._overran: Counter[str] = Counter()
        self._returned: set[str] = set()  # what has come to an end at least once

    # one request, exactly one reply

    def _request(self, op: str, what: str, **fields: Any) -> Any:
        if self._lost is not None:
            raise self._lost
        allowed = self._allowed(what)
        if self._running is None:
            raise SandboxError("a grader made a call before begin_case")
        number = secrets.randbits(62)
        frame = self._framed(what, {"op": op, "id": number, "seconds": allowed, **fields})
        self._begin_request(self._running)
        spent = None
        try:
            reply = self._exchange(self._running.channel, frame, self._until(allowed))
            spent = self._own_seconds()
        except TimedOut:
            spent = self._own_seconds()
            raise self._late(what, allowed) from None
        except Gone:
            raise self._died(what, self._stop(GRACE_SECONDS), "the code") from None
        except Broken as broken:
            self._stop()
            raise self._died(what, broken.ended, "what it passed to a function that it builds on") from None
        except Exhausted:
            self._stop()
            many = self.sandbox.limits.outside_calls
            raise self._lose(
                "limit", f"{what}: stopped; it called what it builds on {many:,} times"
            ) from None
        except wire.WireError as error:
            raise self._distrust(what, str(error)) from None
        finally:
            self.total_seconds += self._past() if spent is None else spent
        return self._open(what, number, allowed, reply)

    def _framed(self, what: str, request: dict[str, Any]) -> list[bytes | memoryview]:
        """A request as it goes out, with what waits to be done before it."""
        if self._seed is not None:
            request["seed"] = self._seed
        if self._first:
            request["first"] = self._first
        try:
            frame = wire.pack(request)
        except wire.TooMuch as error:  # a grader's own arguments are small: the code's results are not
            message = f"{what}: results of the code cannot be passed on: {error}"
            raise StudentError("bad_reply", message) from None
        except wire.WireError as error:
            raise SandboxError(f"a grader passed {what} {error}") from None
        self._seed, self._first = None, []
        return frame

    def _exchange(self, channel: Channel, frame: list[bytes | memoryview], until: Until) -> Any:
        if channel.stray():
            raise wire.WireError("something was sent before anything was asked")
        channel.send(frame, until)
        while True:
            most = self.sandbox.limits.reply_mb << 20
            prefix, header, body = channel.frame(until, most, self._library.max_ask)
            if not prefix.startswith(wire.ASK):
                return wire.unpack(header, memoryview(body), kept=lambda number: Handle(number, self._era))
            self._asks = True
            channel.send(self._library.answer((prefix, header, body), until), until)

    def _begin_request(self, running: Running) -> None:
        self._asks = False
        running.channel.worker.seen = Seen()
        self._library.seen = Seen()
        clock = self.sandbox.clock
        self._began = clock.now(), clock.lost, running.channel.worker.cpu() + self._library.cpu()

    def _until(self, allowed: float) -> Until:
        """How long a call is waited for."""

        def left() -> float:
            past = self._past()
            longest = PATIENCE if past > allowed + SLACK_SECONDS and self._starved(allowed) else 1.0
            return longest * allowed + SLACK_SECONDS - past

        return left

    def _starved(self, allowed: float) -> bool:
        """Whether a call would go on computing if it had a processor."""
        seen = self._seen()
        return self._busy() < OWN_USE * allowed and seen.runs >= ACCOUNTED * seen.all

    def _past(self) -> float:
        """Seconds since the request began."""
        return self.sandbox.clock.now() - self._began[0]

    def _seen(self) -> Seen:
        """What was seen of the code, and of what answers for it, while nothing came from them."""
        here = self._running.channel.worker.seen if self._running is not None else Seen()
        return here + self._library.seen

    def _busy(self) -> float:
        """Seconds that the code, and what answers for it, computed; or had something to say, where it only
        had to answer. Whoever asks waits, many times and briefly, for a processor and for who answers."""
        here = self._running.channel.worker.cpu() if self._running is not None else 0.0
        said = 0.0 if self._asks else self._past() - self._seen().all
        return max(said, here + self._library.cpu() - self._began[2])

    def _own_seconds(self, least: float = LONG) -> float:
        """Seconds of the request that the code used itself, sleep included; all, if these are few."""
        past = self._past()
        return past if past < least else min(past, self._busy() + self._seen().sleeps)

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
                    return rest["value"]
        raise self._distrust(what, "an answer to something else than was asked")

    # what can go wrong

    def _reported(self, what: str, allowed: float, error: Any) -> StudentError:
        """An error as the worker reports it. Only its words are taken over."""
        match error:
            case {"kind": "overran", "frames": list(frames)}:
                return self._late(what, allowed, self._frames(frames))
            case {"kind": "memory", "frames": list(frames)}:
                self._stop()
                limit = self.sandbox.limits.memory_mb
                text = f"{what}: stopped; it needed more memory than it may use ({limit} MB)"
                return self._lose("limit", text, self._frames(frames), f"{what}: no memory")
            case {"kind": str(kind), "message": str(message), "frames": list(frames)} if kind in KINDS:
                return StudentError(kind, _readable(message), self._frames(frames))
        return self._distrust(what, WRONG_FORM)

    def _frames(self, frames: list[Any]) -> list[Frame]:
        return [frame for frame in map(self._frame, frames[:MAX_FRAMES]) if frame]

    def _frame(self, frame: Any) -> Frame | None:
        """A line of the student's own; its text is taken from the file we have, not from the worker."""
        match frame:
            case (str(file), int(line), str(function)) if file in self.files:
                lines = self._lines(file)
                source = lines[line - 1].strip() if 0 < line <= len(lines) else ""
                return Frame(file, line, _readable(function)[:80], _readable(source)[:200])
        return None

    def _lines(self, file: str) -> list[str]:
        if file not in self._shown_lines:
            text = self.files[file] if len(self.files[file]) <= MAX_SHOWN else b""
            self._shown_lines[file] = text.decode("utf-8", "replace").splitlines()
        return self._shown_lines[file]

    def _late(self, what: str, allowed: float, frames: Sequence[Frame] = ()) -> StudentError:
        """What it means that a call has met its limit by the clock.

        Raises:
            SandboxError: the code was held up: by the machine, or by whoever stopped its process.
        """
        busy, own = self._busy(), self._own_seconds(0.0)
        early = self._past() < NEAR * allowed
        held = self.sandbox.clock.lost > self._began[1] if early else own < ACCOUNTED * allowed
        if early and not held:  # SIGALRM, from whoever
            self._stop()
            text = f"{what}: stopped by an alarm that went off before the call's time was over"
            return self._lose("limit", text, frames, f"{what}: an alarm")
        if busy >= OWN_USE * allowed:
            return self._too_slow(what, allowed, frames)
        if held:
            self._stop()
            raise SandboxError(HELD_UP)
        error, doubt = self._too_slow(what, allowed, frames), what + SLEEPS
        if doubt not in self._shown:
            self._overran[what] -= 1  # until it is shown
            self.doubt = doubt
        return error

    def shown(self) -> None:
        """The doubt over this case is settled: it is the code's own doing, here and in cases to come."""
        self._shown.add(self.doubt)
        if self.doubt.endswith(SLEEPS):
            self._overran[self.doubt.removesuffix(SLEEPS)] += 1
        self.doubt = ""

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

    def _died(self, what: str, end: Ended, who: str) -> StudentError:
        """What it means that a worker has come to its end; `who` may have done it.

        Raises:
            SandboxError: it was ended from outside.
        """
        limits, code = self.sandbox.limits, end.code
        if code in (-signal.SIGXCPU, -signal.SIGKILL) and end.cpu > NEAR * limits.cpu_seconds - COARSE:
            return self._lose("limit", f"{what}: stopped after {limits.cpu_seconds:g} s of processor time")
        if end.how == "lost":
            raise SandboxError("a worker was ended from outside, with the process that had started it")
        if end.how == "killed":
            text = f"{what}: the code closed its connection to the grader"
            return self._lose("crash", text, doubt=f"{what}: closed")
        if code >= 0:
            return self._lose("crash", f"{what}: {who} ended Python itself (exit code {code})")
        name = signal.Signals(-code).name
        if -code not in OWN_SIGNALS and "seccomp" in self.sandbox.level.layers:
            hint = "; perhaps the machine ran out of memory" if code == -signal.SIGKILL else ""
            raise SandboxError(f"a worker was ended from outside ({name}){hint}")
        hint = "; often recursion without end" if code == -signal.SIGSEGV else ""
        text = f"{what}: {who} crashed Python ({signal.strsignal(-code)}){hint}"
        return self._lose("crash", text, doubt=f"{what}: {name}")

    def _distrust(self, what: str, why: str) -> StudentError:
        self._stop()
        return self._lose("bad_reply", f"{what}: the answer cannot be used: {why}")

    def _lose(self, kind: str, message: str, frames: Sequence[Frame] = (), doubt: str = "") -> StudentError:
        """The case is lost; until the next one begins, nothing more is run. `doubt` says what of, if others
        than the code may have done it."""
        self.doubt = doubt if doubt not in self._shown else ""
        self._lost = StudentError(kind, f"not run: earlier in this check, {message}")
        return StudentError(kind, message, frames)

    # the worker

    def _start(self, outside: Names, absent: Sequence[str]) -> None:
        """A new worker, with the submission's files in it and none of its code run yet."""
        self._stop()
        draws = self._library.begin(outside)
        self._running = Running(self.sandbox, self.files, self.package, self.aliases, draws, absent)

    def _stop(self, grace: float = 0.0) -> Ended:
        """End the worker; how it ended."""
        running, self._running = self._running, None
        return Ended("killed") if running is None else running.stop(grace)


def _importable(path: str) -> bool:
    """Whether Python could import a file of this name; others may hold anything, even no valid text."""
    return path.endswith(".py") and all(part.isidentifier() for part in path[:-3].split("/"))


def _readable(text: str) -> str:
    text = text[:MAX_MESSAGE]
    return text if text.isprintable() else "".join(c for c in text if c.isprintable() or c in "\n\t")
