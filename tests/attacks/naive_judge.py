"""A judge without our guards: the first bytes that come are the reply, whatever they say."""

import os
import select
import socket

from autograder.sandbox import wire


def first_frame(end: socket.socket) -> object:
    """The value in the first frame that arrives, with no look at what it answers."""
    header, body = wire.sizes(_read(end, wire.PREFIX.size), 1 << 62)
    return wire.unpack(_read(end, header), memoryview(bytearray(_read(end, body))))


def _read(end: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += end.recv(size - len(data))
    return data


def run_beside(code: str, ask: str) -> tuple[int, socket.socket]:
    """Run code in a child with the line to the judge as descriptor 3, as a worker has it."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        os.dup2(theirs.fileno(), 3)
        space: dict[str, object] = {}
        exec(code, space)
        exec(ask, space)
        os._exit(0)
    theirs.close()
    return child, ours


def bytes_with_a_timeout_for_each_read(end: socket.socket, size: int, timeout: float) -> int:
    """How many bytes a judge reads, however long it takes, if only each single read has a deadline."""
    got = 0
    while got < size and select.select([end], [], [], timeout)[0]:
        got += len(end.recv(1))
    return got
