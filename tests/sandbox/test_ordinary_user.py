"""The sandbox works for an ordinary user too; as root, some attacks are run again as one."""

import os
import shutil
import subprocess
import sys

import pytest

from . import ordinary

CHOSEN = (
    "read_course_folder",
    "proc_mem",
    "write_outside",
    "udp",
    "fork",
    "big_array",
    "forged_before",
    "exit",
)


def test_attacks_fail_for_an_ordinary_user_as_well():
    trouble = ordinary.trouble()
    if trouble:
        pytest.skip(trouble)
    attacks = [f"tests/attacks/test_{name}.py" for name in CHOSEN]
    base = f"/tmp/attacks-{os.getpid()}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={base}", *attacks]
    environment = {**os.environ, "HOME": "/tmp"}
    done = subprocess.run(
        ordinary.command(command), cwd=ordinary.ROOT, capture_output=True, text=True, env=environment
    )
    shutil.rmtree(base, ignore_errors=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
