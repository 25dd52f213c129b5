"""The worker's end of the socket to the judge: whole frames, no deadline, as few system calls as may be."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from autograder.sandbox import wire

AHEAD = 1 << 16  # bytes that are read at once: most frames are shorter
JOINED = 1 << 18  # bytes of a frame that is written in one piece


class ReceivedFrame(NamedTuple):
    asks: bool  # whether it comes from student code, through the judge
    header: bytes
    body: bytearray


class Reader:
    """Exactly as many bytes as are asked for; what came with them is read next.

    Args:
        some: at most so many bytes, as many as are there.
        into: the same, put where they belong.
    """

    def __init__(self, some: Callable[[int], bytes], into: Callable[[memoryview], int]) -> None:
        self._some, self._into = some, into
        self._ahead = b""

    def _read(self, size: int, received: Callable[[memoryview], int]) -> bytearray:
        """The next `size` bytes; `received(view)` is `_received`, with what may happen meanwhile."""
        if size <= len(self._ahead):
            whole, self._ahead = bytearray(self._ahead[:size]), self._ahead[size:]
            return whole
        data = bytearray(size)
        have = min(size, len(self._ahead))
        data[:have], self._ahead = self._ahead[:have], self._ahead[have:]
        view = memoryview(data)[have:]
        while view:
            view = view[received(view) :]
        return data

    def _received(self, view: memoryview) -> int:
        """Take what is there into `view`; 0 at the end of all."""
        if len(view) >= AHEAD:
            return self._into(view)
        data = self._some(AHEAD)
        got = min(len(data), len(view))
        view[:got], self._ahead = data[:got], data[got:]
        return got


class Line(Reader):
    def __init__(self, number: int) -> None:
        super().__init__(partial(os.read, number), lambda view: os.readv(number, [view]))
        self.number = number  # of the file descriptor

    def send(self, frame: Sequence[bytes | memoryview]) -> None:
        if sum(map(len, frame)) <= JOINED:
            frame = [b"".join(frame)]
        for part in frame:
            view = memoryview(part)
            while view:
                view = view[os.write(self.number, view) :]

    def receive(self) -> ReceivedFrame:
        prefix = bytes(self._read(wire.PREFIX.size, self._more))
        asks = prefix.startswith(wire.ASK)
        header, body = wire.sizes(prefix, 1 << 40, wire.ASK if asks else wire.MAGIC)
        return ReceivedFrame(asks, bytes(self._read(header, self._more)), self._read(body, self._more))

    def _more(self, view: memoryview) -> int:
        return self._received(view) or os._exit(0)  # the judge is done with us
