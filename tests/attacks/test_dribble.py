"""Send the reply one byte at a time, so that no single read takes long."""

import os

from autograder.sandbox.limits import Limits

from .naive_judge import bytes_with_a_timeout_for_each_read, run_beside

CODE = """
import os
import signal
import time

def attack():
    signal.setitimer(signal.ITIMER_REAL, 0)
    for byte in b"CSW1" + bytes([200]) + bytes(27):
        os.write(3, bytes([byte]))
        time.sleep(0.1)  # 3 s in all: the judge waits for 1.3 s, or longer where it is held up
"""


def test_one_deadline_for_all(arena):
    child, end = run_beside(CODE, "attack()")
    with end:
        assert bytes_with_a_timeout_for_each_read(end, 32, timeout=10) == 32
    os.waitpid(child, 0)
    seen = arena.run(CODE, limits=Limits(call_seconds=0.3))
    assert seen.error.kind == "limit"
    arena.report("one deadline for the whole reply", seen)
    arena.next_student_is_graded()
