"""Hand in a numpy.py, a conftest.py, a json.py and a cs_lib/gradient_check.py that always agree."""

import subprocess
import sys

CODE = """
import json
import numpy as np

def attack():
    return np.__name__, hasattr(np, "fake"), hasattr(json, "fake")
"""
FAKE = b"fake = True\ndef allclose(*args):\n    return True\n"


def test_ours_come_first(arena, tmp_path):
    files = dict.fromkeys(("numpy.py", "json.py", "conftest.py", "msgpack/__init__.py"), FAKE)
    files |= {"autograder/sandbox/wire.py": FAKE, "sitecustomize.py": FAKE, "cs_lib/gradient_check.py": FAKE}
    for name in ("numpy.py", "json.py"):
        (tmp_path / name).write_bytes(FAKE)
    command = [sys.executable, "-c", "import json; print(hasattr(json, 'fake'))"]
    naive = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert naive.stdout == "True\n"
    with arena.sandbox().submission({"cs_lib/layers.py": CODE.encode(), **files}) as student:
        student.begin_case(seed=1)
        assert student.call("layers.attack") == ("numpy", False, False)
    arena.report("the submission is searched last", "returned with the real NumPy")
    arena.next_student_is_graded()
