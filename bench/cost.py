"""What a command costs: wall clock, and the processor time of every process that it started.

A process that leaves without waiting for its children, as one that grades does, takes their time with it: the
kernel counts it for whoever waits for them. So this process becomes the one that orphans fall to, and waits
until there are none.
"""

import compileall
import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
ROOT = Path(__file__).parents[1]
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Cost:
    wall: float  # seconds until the command itself ended
    processor: float  # seconds, of all processes
    code: int
    out: str
    err: str


def cost(command: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command while nothing else is started here, with bytecode as an installed kit has it."""
    with_bytecode = {name: value for name, value in (env or os.environ).items() if name != NO_BYTECODE}
    _compiled()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, started = _reaped(), time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=with_bytecode, capture_output=True, text=True)
    wall = time.monotonic() - started
    with suppress(ChildProcessError):  # there is none any more
        while True:
            os.waitpid(-1, 0)
    return Cost(wall, _reaped() - before, done.returncode, done.stdout, done.stderr)


@cache
def _compiled() -> None:
    """pip compiles what it installs, nbgrader too; in a working copy the first run would."""
    for package in ("autograder", "cs_lib"):
        compileall.compile_dir(ROOT / package, quiet=2)


def _reaped() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
