"""The judge's end of the socket to a worker: whole frames, each with a deadline.

The other end belongs to student code. It may write too little, too much, too slowly or nothing, so every
step waits no longer than the one deadline of the whole exchange, and lengths are checked before memory is
taken.
"""

import select
import socket
import struct
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from autograder.sandbox import wire
from autograder.sandbox.line import Reader
from autograder.sandbox.waiting_for import TICK, Clock, Until, Watched

Buffer = bytes | bytearray | memoryview
Frame = tuple[bytes, bytes, bytearray]  # prefix, header, body
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: what the kernel says of who has sent something
PIECES = 64  # buffers that one system call takes; the kernel's limit is 1024


class Gone(Exception):
    """The worker has closed its end."""


class TimedOut(Exception):
    """The deadline has passed."""


class Channel(Reader):
    def __init__(self, end: socket.socket, clock: Clock | None = None) -> None:
        super().__init__(end.recv, end.recv_into)
        self.end, self.clock = end, clock or Clock()
        self.end.setblocking(False)
        self.worker = Watched()
        self._polls: dict[int, select.poll] = {}  # by the event that they wait for

    def close(self) -> None:
        self.end.close()

    def meet(self, until: Until) -> None:
        """Learn from the kernel who is at the other end. Only what has not run student code may be asked: the
        first to write is believed.

        Raises:
            Gone, TimedOut: nothing came.
        """
        self._wait(select.POLLIN, until)
        _, more, _, _ = self.end.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size), socket.MSG_PEEK)
        for _, kind, data in more:
            if kind == socket.SCM_CREDENTIALS:
                self.worker = Watched(CREDENTIALS.unpack(data[: CREDENTIALS.size])[0])
        self.end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)

    def stray(self) -> bool:
        """Whether the worker has sent something before it was asked.

        Raises:
            Gone: it has closed its end instead.
        """
        if self._ahead:
            return True
        if not self._ready(select.POLLIN, 0.0):
            return False
        try:
            if self.end.recv(1, socket.MSG_PEEK):
                return True
        except OSError:
            pass
        raise Gone

    def send(self, frame: Sequence[Buffer], until: Until) -> None:
        left = [view for part in frame if len(view := memoryview(part))]
        while left:
            try:
                sent = self.end.sendmsg(left[:PIECES])
            except BlockingIOError:
                self._wait(select.POLLOUT, until)
                continue
            except OSError:
                raise Gone from None
            while left and sent >= len(left[0]):
                sent -= len(left.pop(0))
            if sent:
                left[0] = left[0][sent:]

    def receive(self, until: Until, max_body: int) -> Any:
        """The value in the next frame.

        Raises:
            Gone, TimedOut: no whole frame came.
            WireError: what came is no frame, or too long.
        """
        _, header, body = self.frame(until, max_body)
        return wire.unpack(header, memoryview(body))

    def frame(self, until: Until, max_body: int, max_ask: int = 0) -> Frame:
        """The next frame as it came; one that asks something only with `max_ask`, the most it may hold.

        Raises: as `receive`.
        """
        received = partial(self._received_by, until)
        prefix = bytes(self._read(wire.PREFIX.size, received))
        asks = max_ask > 0 and prefix.startswith(wire.ASK)
        header, body = wire.sizes(prefix, *((max_ask, wire.ASK) if asks else (max_body, wire.MAGIC)))
        return prefix, bytes(self._read(header, received)), self._read(body, received)

    def _received_by(self, until: Until, view: memoryview) -> int:
        self._wait(select.POLLIN, until)
        try:
            got = self._received(view)
        except BlockingIOError:
            return 0
        except OSError:
            raise Gone from None
        if not got:
            raise Gone
        return got

    def _wait(self, event: int, until: Until) -> None:
        while (left := until()) > 0:
            asked, started = min(left, TICK), time.monotonic()
            ready = self._ready(event, asked)
            took = time.monotonic() - started
            held_up = self.clock.waited(asked, took)  # also where something came meanwhile
            if ready:
                return
            if not held_up:
                self.worker.look(took)
        raise TimedOut

    def _ready(self, event: int, seconds: float) -> bool:
        poll = self._polls.get(event)
        if poll is None:
            poll = self._polls[event] = select.poll()
            poll.register(self.end, event)
        return bool(poll.poll(seconds * 1000))
