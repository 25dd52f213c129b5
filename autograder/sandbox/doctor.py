"""What this machine can do to isolate student code, in words."""

import os
import platform
import shutil
import subprocess
import time

from autograder.sandbox import harden, launch, level
from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.level import Level

TRIAL = {"trial_package/trial.py": b"def answer():\n    return 42\n"}


def doctor_report() -> str:
    """The level, each layer and what is amiss with it, a trial run, and what would give more."""
    best = level.probe()
    rows = [
        ("isolation", best.name if best.safe else "none: student code cannot be graded here"),
        ("bubblewrap", _state(level.bwrap_trouble(), _bwrap_version())),
        ("Landlock", _state(level.landlock_trouble(), f"ABI {harden.landlock_abi()}")),
        ("seccomp", _state(level.seccomp_trouble(), "libseccomp")),
        ("user", _user(best)),
        ("Python", f"{platform.python_version()}, {launch.places().python}"),
        ("trial run", _trial(best)),
    ]
    lines = [f"{name:<11} {text}" for name, text in rows]
    if best.advice:
        lines += ["", "For more:" if best.safe else "What to do, one of the first two and the third:"]
        lines += [f"- {text}" for text in best.advice]
    return "\n".join(lines)


def _state(trouble: str, fine: str) -> str:
    return "no, see below" if trouble else f"yes, {fine}"


def _bwrap_version() -> str:
    program = shutil.which("bwrap")
    if program is None:
        return "not there"
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return "which does not say its version"
    return done.stdout.strip()


def _user(best: Level) -> str:
    if os.geteuid():
        return f"uid {os.geteuid()}"
    if "uid" in best.layers:
        return f"root; student code runs as uid {launch.NOBODY}"
    return "root, without the right to become another user: run this as an ordinary user instead"


def _trial(best: Level) -> str:
    """A real submission, run at the level found."""
    if not best.safe:
        return "not made"
    started = time.perf_counter()
    try:
        with Sandbox(level=best) as sandbox, sandbox.submission(TRIAL) as student:
            student.begin_case(seed=0)
            right = student.call("trial.answer") == 42
    except SandboxError as error:
        return f"failed: {error}"
    seconds = time.perf_counter() - started
    late = "" if sandbox.hello["late_imports"] else "; only modules loaded beforehand can be imported"
    return f"{'right' if right else 'wrong'}, {seconds:.2f} s with the start{late}"
