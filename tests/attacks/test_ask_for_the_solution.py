"""Get the solution out of the process that answers what a net builds on."""

import pytest

from autograder.sandbox.faults import StudentError

SOLVED = {
    "cs_lib/layers.py": b"def double(x):\n    return 2 * x  # the secret\n\ndef net(x):\n    return 4 * x\n"
}
CODE = """
import os
from autograder.sandbox import wire

def double(x):
    return x

def net(x):
    return double(x)

def asked(question):
    for part in wire.pack(question, magic=wire.ASK):
        os.write(3, part)
    prefix = os.read(3, 16)
    header, body = wire.sizes(prefix, 1 << 20)
    return str(wire.unpack(os.read(3, header), memoryview(bytearray(body))))

def attack(how, text):
    if how == "request":
        return asked({"op": "define", "id": 1, "seconds": 9, "source": text, "name": "found"})
    if how == "files":
        return asked({"op": "files", "files": {}, "package": "p", "aliases": [], "outside": {}, "absent": []})
    if how == "name":
        return asked({"name": text, "args": [1], "kwargs": {}, "random": None})
    if how == "handle":
        return asked({"name": "layers.double", "args": [wire.Handle(0)], "kwargs": {}, "random": None})
    if how == "reflection":
        return str([getattr(double, name, None) for name in ("__code__", "__wrapped__", "__globals__")])
    for part in wire.pack({"op": "define", "id": 1, "seconds": 9, "source": text, "name": "found"}):
        os.write(3, part)
    return os.read(3, 16).hex()
"""
READ = "found = open('cs_lib/layers.py').read()"


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("request", READ),
        ("files", ""),
        ("name", "layers.net"),
        ("name", "builtins.open"),
        ("name", "layers.double.__code__"),
        ("handle", ""),
        ("reflection", ""),
        ("unasked", READ),
    ],
)
def test_only_answers_come_out(arena, how, text):
    with arena.sandbox().submission({"cs_lib/layers.py": CODE.encode()}, solved=SOLVED) as student:
        student.begin_case(seed=1, builds_on={"layers.double": None})
        try:
            seen = student.call("layers.attack", how, text)
        except StudentError as error:
            seen = f"{error.kind}: {error.message}"
        assert "secret" not in seen
        assert "return 2" not in seen
        if how in ("request", "files", "name", "handle"):
            assert "raised" in seen
        student.begin_case(seed=2, builds_on={"layers.double": None})
        assert student.call("layers.net", 3) == 6
    arena.report("names of the case, plain values", "an error, or an answer")
