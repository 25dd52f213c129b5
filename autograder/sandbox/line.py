"""The worker's end of the socket to the judge: whole frames, no deadline, as few system calls as may be."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from autograder.sandbox import wire

AHEAD = 1 << 16  # bytes that are read at once: most frames are shorter
JOINED = 1 << 18  # bytes of a frame that is written in one piece


class ReceivedFrame(NamedTuple):
    asks: bool  # whether it comes from student code, through the judge
    header: bytes
    body: bytearray


class Line:
    def __init__(self, number: int) -> None:
        self.number = number  # of the file descriptor
        self._ahead = b""

    def send(self, frame: Sequence[bytes | memoryview]) -> None:
        if sum(map(len, frame)) <= JOINED:
            frame = [b"".join(frame)]
        for part in frame:
            view = memoryview(part)
            while view:
                view = view[os.write(self.number, view) :]

    def receive(self) -> ReceivedFrame:
        prefix = bytes(self._read(wire.PREFIX.size))
        asks = prefix.startswith(wire.ASK)
        header, body = wire.sizes(prefix, 1 << 40, wire.ASK if asks else wire.MAGIC)
        return ReceivedFrame(asks, bytes(self._read(header)), self._read(body))

    def _read(self, size: int) -> bytearray:
        if size <= len(self._ahead):
            whole, self._ahead = bytearray(self._ahead[:size]), self._ahead[size:]
            return whole
        data = bytearray(size)
        have = min(size, len(self._ahead))
        data[:have], self._ahead = self._ahead[:have], self._ahead[have:]
        view = memoryview(data)[have:]
        while view:
            if len(view) >= AHEAD:
                got = os.readv(self.number, [view])
            else:
                more = os.read(self.number, AHEAD)
                got = min(len(more), len(view))
                view[:got], self._ahead = more[:got], more[got:]
            if not got:
                os._exit(0)  # the judge is done with us
            view = view[got:]
        return data
