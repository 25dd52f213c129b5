"""Return subclasses of int, str, list and dict whose methods fail, hang or lie."""

import pytest

from autograder.sandbox.limits import Limits

CODE = """
class Number(int):
    def __eq__(self, other):
        return True
    def __hash__(self):
        return 0
    def __int__(self):
        return 99

class Text(str):
    def __str__(self):
        while True:
            pass

class Items(list):
    def __iter__(self):
        raise RuntimeError("no")

class Endless(dict):
    def __iter__(self):
        while True:
            yield "key"
    def items(self):
        while True:
            yield "key", 1

def attack(kind):
    loop = []
    loop.append(loop)
    values = {"number": Number(5), "text": Text("a"), "items": Items([1]), "endless": Endless(), "loop": loop}
    return values[kind]
"""
WANT = {
    "number": None,
    "text": "limit",
    "items": "raised",
    "endless": ("bad_reply", "limit"),
    "loop": "bad_reply",
}


@pytest.mark.parametrize("kind", WANT)
def test_is_tamed(arena, kind):
    seen = arena.run(
        CODE, kind, limits=Limits(call_seconds=0.5 if WANT[kind] == "limit" else 5, memory_mb=200)
    )
    if WANT[kind] is None:
        assert type(seen.value) is int
    else:
        assert seen.error.kind in WANT[kind]
    arena.report("rebuilt by the judge", seen)
    arena.next_student_is_graded()
