"""Reply with lists nested a thousand deep, and with millions of values, to exhaust the grader."""

import pytest

CODE = """
import os
import struct
import msgpack

def attack(kind):
    if kind == "deep":
        header = b"\\x92\\xa1l" * 1000 + b"\\x91\\xa1l"
    else:
        header = msgpack.packb(["l", *[1] * 3_000_000])
    os.write(3, struct.pack("<4sIQ", b"CSW1", len(header), 0))
    while header:
        header = header[os.write(3, header):]
"""


@pytest.mark.parametrize("kind", ["deep", "wide"])
def test_is_refused(arena, kind):
    seen = arena.run(CODE, kind)
    assert seen.error.kind == "bad_reply"
    arena.report("depth and count are capped", seen)
    arena.next_student_is_graded()
