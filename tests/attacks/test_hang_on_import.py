"""Hang while being imported, once for every check."""

from autograder.sandbox.faults import StudentError
from autograder.sandbox.limits import Limits

CODE = """
import time

until = time.process_time() + 1
while time.process_time() < until:
    pass

def attack():
    return "went on"
"""


def test_costs_its_module_once(arena):
    assert arena.run(CODE).value == "went on"
    with arena.student(CODE, limits=Limits(call_seconds=0.3)) as student:
        kinds = []
        for case in range(20):
            student.begin_case(seed=case)
            try:
                student.call("layers.attack")
            except StudentError as error:
                kinds.append(error.kind)
                message = error.message
    assert kinds == ["limit"] * 20
    assert dict(student._overran) == {"importing cs_lib/layers.py": 1}
    assert message.startswith("importing cs_lib/layers.py: stopped after 0.3 s")
    arena.report("a limit", f"limit: {message}")
