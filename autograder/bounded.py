"""Do something to each hand-in in a process that can be killed.

A hand-in may hold whatever makes a parser slow, large or fall over. `each` calls a function for every item
in a forked child, `StandingChild` for items that come one by one: the child may map no more than so much
memory, and this side waits no longer and takes no more back than the bounds say. What happens to one item is
said of that item; a new child goes on with the next. The child is our own code and ends with us, so its
replies are pickles.
"""

from __future__ import annotations

import ctypes
import faulthandler
import math
import os
import pickle
import resource
import select
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from autograder.inherited import mapped, refuse_low_limits

Item = TypeVar("Item")
T = TypeVar("T")

PR_SET_PDEATHSIG = 1
HEAD = struct.Struct("<cQ")  # what kind of reply, and how many bytes of it follow
VALUE, ERROR, MEMORY = b"v", b"e", b"m"
LOOK_SECONDS = 1.0  # between two looks at the clock
LATE_SECONDS = 0.5  # a look so much too late shows that this side could not run
BUSY = 0.5  # of its time: what a child must have computed for, to have used it up


class Exceeded(Exception):
    """A hand-in took more than it may; the message says of what, in words that follow its name.

    `outside`: it may well be none of its doing, and has been tried twice. So is every end of the process,
    which runs our code. What we have measured, processor time and a reply's length, is the hand-in's.
    """

    def __init__(self, what: str, outside: bool = False) -> None:
        super().__init__(what)
        self.outside = outside


@dataclass(frozen=True)
class Bounds:
    """What one hand-in may take. An honest one takes a hundredth of this."""

    seconds: float = 60.0
    memory_mb: int = 2048  # on top of what this process maps
    reply_mb: int = 512


DEFAULT = Bounds()


def call(run: Callable[[], T], bounds: Bounds = DEFAULT) -> T:
    """What `run` returns or raises, in a process of its own. Raises Exceeded as well."""
    [result] = each(lambda _: run(), [None], bounds)
    if isinstance(result, Exception):
        raise result
    return result


def each(
    run: Callable[[Item], T], items: Sequence[Item], bounds: Bounds = DEFAULT
) -> Iterator[T | Exception]:
    """For each item in order what `run` returns for it, or the error that it raised, or `Exceeded`.

    An item whose child ends, or is held up from outside, is tried again once. Raises LimitError where this
    process may not let a child use what the bounds allow.
    """
    refuse_low_limits(bounds.memory_mb)
    at, again = 0, -1
    while at < len(items):
        with closing(_Child(run, items[at:], bounds)) as child:
            while at < len(items):
                result, goes_on = child.next()
                if isinstance(result, Exceeded) and result.outside and again != at:
                    again = at
                    break
                yield result
                at += 1
                if not goes_on:
                    break


class StandingChild(Generic[Item, T]):
    """A child that stays for what comes: what everybody was given, it reads once."""

    def __init__(self, run: Callable[[Item], T], bounds: Bounds = DEFAULT) -> None:
        self._run, self._bounds = run, bounds
        self._child: _Child | None = None
        self._to_it = -1

    def __enter__(self) -> StandingChild[Item, T]:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, item: Item) -> T:
        """What `run` returns or raises; tried again, and Exceeded and LimitError raised, as by `each`."""
        result = self._once(item)
        if isinstance(result, Exceeded) and result.outside:
            result = self._once(item)
        if isinstance(result, Exception):
            raise result
        return result

    def _once(self, item: Item) -> T | Exception:
        child = self._child or self._start()
        with suppress(BrokenPipeError):  # it has ended meanwhile, as its reply tells
            _send(self._to_it, VALUE, pickle.dumps(item))
        result, goes_on = child.next()
        if not goes_on:
            self._end()
        found: T | Exception = result
        return found

    def _start(self) -> _Child:
        refuse_low_limits(self._bounds.memory_mb)
        here, self._to_it = os.pipe()
        self._child = _Child(self._run, _coming(here, self._to_it), self._bounds)
        os.close(here)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            os.close(self._to_it)
            self._child.close()
            self._child = None


class _Child:
    """A forked process that works through `items`, and this side of its pipe."""

    def __init__(self, run: Callable[[Item], T], items: Iterable[Item], bounds: Bounds) -> None:
        self.bounds = bounds
        self.pipe, theirs = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            _work(run, items, theirs, parent, bounds)
        os.close(theirs)

    def close(self) -> None:
        os.close(self.pipe)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
            self._ended_by()

    def next(self) -> tuple[Any, bool]:
        """(the next result, whether more can come from this process)."""
        deadline = time.monotonic() + self.bounds.seconds
        self.cpu = _computed(self.pid)
        try:
            kind, size = HEAD.unpack(self._read(HEAD.size, deadline))
            if size > self.bounds.reply_mb << 20:
                raise Exceeded(f"makes more than {self.bounds.reply_mb} MB of data")
            reply = self._read(size, deadline)
        except Exceeded as error:
            return error, False
        if kind == MEMORY:
            return Exceeded(f"needs more than {self.bounds.memory_mb} MB of memory", outside=True), False
        return pickle.loads(reply), True  # noqa: S301  from our own code

    def _read(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            deadline = self._wait(deadline)
            part = os.read(self.pipe, min(size - len(data), 1 << 20))
            if not part:
                number = self._ended_by()
                how = signal.Signals(number).name if number else "it left"
                raise Exceeded(f"ends the process that works on it ({how})", outside=True)
            data += part
        return bytes(data)

    def _wait(self, deadline: float) -> float:
        """Until there is something to read; the deadline, later by what this side could not run."""
        while (left := deadline - (started := time.monotonic())) > 0:
            asked = min(left, LOOK_SECONDS)
            if select.select([self.pipe], [], [], asked)[0]:
                return deadline
            late = time.monotonic() - started - asked
            deadline += late if late > LATE_SECONDS else 0.0
        outside = _computed(self.pid) - self.cpu < BUSY * self.bounds.seconds
        raise Exceeded(f"takes more than {self.bounds.seconds:g} seconds", outside)

    def _ended_by(self) -> int:
        """The signal that ended the child, or 0; waits for it to be gone."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _computed(pid: int) -> float:
    """Seconds of processor time of a child; infinite where the system does not say."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3)
    except OSError:
        return math.inf


def _work(
    run: Callable[[Item], T], items: Iterable[Item], pipe: int, parent: int, bounds: Bounds
) -> NoReturn:
    """Never returns: no `finally` and no handler of the parent's runs here."""
    code = 1
    with suppress(BaseException):
        end_with(parent)
        _quiet()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        limit_memory(bounds.memory_mb)
        for item in items:
            _send(pipe, *_reply(run, item))
        code = 0
    os._exit(code)


def _coming(pipe: int, other_end: int) -> Iterator[Any]:
    """What is sent through a pipe, until its other end, of which this process has a copy, is closed."""
    os.close(other_end)
    with open(pipe, "rb") as file:
        while head := file.read(HEAD.size):
            yield pickle.loads(file.read(HEAD.unpack(head)[1]))  # noqa: S301  from our own code


def _reply(run: Callable[[Item], T], item: Item) -> tuple[bytes, bytes]:
    try:
        return VALUE, pickle.dumps(run(item), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return MEMORY, b""
    except Exception as error:
        return ERROR, _pickled(error)


def _pickled(error: Exception) -> bytes:
    try:
        data = pickle.dumps(error)
        pickle.loads(data)  # noqa: S301  some errors can be written only
        return data
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {str(error)[:1000]}"))


def _send(pipe: int, kind: bytes, reply: bytes) -> None:
    data = memoryview(HEAD.pack(kind, len(reply)) + reply)
    while data:
        data = data[os.write(pipe, data[: 1 << 20]) :]


def end_with(parent: int) -> None:
    """Have the kernel end this process when the thread that started it ends, whatever holds our lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it has ended already
            os._exit(1)


def _quiet() -> None:
    """What libraries say about a hand-in is without bound too."""
    faulthandler.disable()
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)


def limit_memory(megabytes: int) -> None:
    """Let this process map so much more than it does now. The hard limit stays, for those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mapped() + (megabytes << 20)
    resource.setrlimit(
        resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
    )
