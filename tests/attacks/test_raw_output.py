"""Write 64 MB to the bare descriptors, past Python's print."""

import subprocess
import sys

CODE = """
import os

def attack():
    for _ in range(64):
        os.write(1, bytes(1 << 20))
        os.write(2, bytes(1 << 20))
    return "done"
"""


def test_goes_nowhere(arena, capfd):
    naive = subprocess.run([sys.executable, "-c", CODE + "\nattack()"], capture_output=True, check=True)
    assert len(naive.stdout) == 64 << 20
    with arena.student(CODE) as student:
        student.begin_case(seed=1)
        assert student.call("layers.attack") == "done"
        assert student.printed == ""
    assert capfd.readouterr() == ("", "")
    arena.report("/dev/null", "nothing printed")
