"""The judge's end of the socket to a worker: whole frames, each with a deadline.

The other end belongs to student code. It may write too little, too much, too slowly or nothing, so every
step waits no longer than the one deadline of the whole exchange, and lengths are checked before memory is
taken.
"""

import select
import socket
import time
from typing import Any

from autograder.sandbox import wire


class Gone(Exception):
    """The worker has closed its end."""


class Late(Exception):
    """The deadline has passed."""


class Channel:
    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.end.setblocking(False)

    def close(self) -> None:
        self.end.close()

    def stray(self) -> bool:
        """Whether the worker has sent something before it was asked.

        Raises:
            Gone: it has closed its end instead.
        """
        if not self._ready(select.POLLIN, 0.0):
            return False
        try:
            if self.end.recv(1, socket.MSG_PEEK):
                return True
        except OSError:
            pass
        raise Gone

    def send(self, frame: list[bytes | memoryview], until: float) -> None:
        for part in frame:
            view = memoryview(part)
            while view:
                self._wait(select.POLLOUT, until)
                try:
                    view = view[self.end.send(view) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise Gone from None

    def receive(self, until: float, max_body: int) -> Any:
        """The value in the next frame.

        Raises:
            Gone, Late: no whole frame came.
            WireError: what came is no frame, or too long.
        """
        header, body = wire.sizes(bytes(self._read(wire.PREFIX.size, until)), max_body)
        text = bytes(self._read(header, until))
        return wire.unpack(text, memoryview(self._read(body, until)))

    def _read(self, size: int, until: float) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            self._wait(select.POLLIN, until)
            try:
                got = self.end.recv_into(view)
            except BlockingIOError:
                continue
            except OSError:
                raise Gone from None
            if not got:
                raise Gone
            view = view[got:]
        return data

    def _wait(self, event: int, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0 or not self._ready(event, left):
            raise Late

    def _ready(self, event: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.end, event)
        return bool(poll.poll(seconds * 1000))
