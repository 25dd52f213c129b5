"""Use files and sockets the grader had open."""

import os
import subprocess
import sys

CODE = """
import os

def attack():
    found = []
    for number in range(1024):
        try:
            found.append((number, os.read(number, 100).decode("latin-1") if number != 3 else "ours"))
        except OSError:
            pass
    return found
"""


def test_none_is_open(arena, hidden_file, secret):
    with hidden_file.open() as file:
        os.set_inheritable(file.fileno(), True)
        program = CODE + "\nprint(attack())"
        naive = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, close_fds=False, stdin=0
        )
        assert secret in naive.stdout
        file.seek(0)
        with arena.student(CODE) as student:
            student.begin_case(seed=1)
            found = student.call("layers.attack")
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert [text for _, text in found[:3]] == ["", "", ""]
    arena.report("close_fds, closerange", "returned the four files a worker has")
