"""End Python with os._exit, so that no test is seen to fail."""

import subprocess
import sys

CODE = """
import os

def attack():
    os._exit(0)
"""


def test_is_a_failure(arena):
    program = CODE + "\nassert attack() == 'the right answer'"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    seen = arena.run(CODE)
    assert (seen.error.kind, seen.error.message) == (
        "crash",
        "layers.attack: the code ended Python itself (exit code 0)",
    )
    arena.report("the judge outlives it", seen)
    arena.next_student_is_graded()
