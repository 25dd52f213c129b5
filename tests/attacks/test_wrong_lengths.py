"""Announce a reply of four exabytes, and others that do not hold what they announce."""

import pytest

from autograder.sandbox import wire

CODE = """
import os
import struct

def attack(header, body, rest):
    os.write(3, struct.pack("<4sIQ", b"CSW1", header, body) + rest.encode("latin-1"))
"""
FRAMES = {
    "huge body": (10, 1 << 62, "x" * 10),
    "huge header": (0xFFFFFFFF, 0, "x" * 10),
    "more body than arrays": (1, 8, "\xc0" + "x" * 8),
    "not msgpack": (10, 0, "\xc1" * 10),
}


@pytest.mark.parametrize("name", FRAMES)
def test_is_refused(arena, name):
    header, body, rest = FRAMES[name]
    prefix = wire.PREFIX.pack(wire.MAGIC, header, body)
    assert wire.PREFIX.unpack(prefix) == (
        wire.MAGIC,
        header,
        body,
    )  # a naive reader would take so much memory
    seen = arena.run(CODE, header, body, rest)
    assert seen.error.kind == "bad_reply"
    arena.report("lengths checked first", seen)
    arena.next_student_is_graded()
