"""Kill itself, so that the grader has nothing to grade."""

import subprocess
import sys

CODE = """
import os
import signal

def attack():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_is_the_students_failure(arena):
    naive = subprocess.run([sys.executable, "-c", CODE + "\nattack()\nprint('graded')"], capture_output=True)
    assert naive.stdout == b""
    seen = arena.run(CODE)
    assert seen.error.kind == "raised"
    arena.report("seccomp", seen)
    arena.next_student_is_graded()
