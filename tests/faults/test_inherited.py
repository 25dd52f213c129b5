"""What whoever started a run has set decides no points: limits, ignored signals, umask, cores."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import bounded, inherited
from autograder.errors import LimitError
from autograder.inherited import Limit
from autograder.sandbox.client import Sandbox
from autograder.sandbox.limits import Limits
from tests.small_kit import Kit, points

MIB = 1 << 20
DEEP = """
def double(x, depth=700):
    return 2 * x if depth == 0 else double(x, depth - 1)


def noise(n):
    import numpy as np
    return np.zeros(60 * 10**6)[:n]
"""
LIMITS = {limit.what: limit for limit in inherited.limits(inherited.JUDGE_MB)}


def run_under(
    preexec: Callable[[], None], command: list[str], **more: object
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, preexec_fn=preexec, text=True, capture_output=True, **more)  # type: ignore[call-overload, no-any-return]


def as_a_careless_shell() -> None:
    """Soft limits far too low, signals ignored and held back, nothing of one's own readable."""
    for name, soft in (("STACK", 256 << 10), ("DATA", 400 * MIB), ("AS", 900 * MIB), ("NOFILE", 40)):
        which = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))
    for number in (
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGALRM,
        signal.SIGCHLD,
        signal.SIGXCPU,
    ):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGTERM])
    os.umask(0o777)


def test_a_careless_shell_costs_nobody_a_point(kit: Kit, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kit.hand_in("s001", DEEP)
    done = run_under(as_a_careless_shell, kit.command(out), cwd=kit.home, env=kit.environment)
    assert done.returncode == 0, done.stderr
    assert (points(out, ["s001"], "double"), points(out, ["s001"], "noise")) == ([4.0], [1.0])


def enough(limit: Limit) -> int:
    return limit.needed + (64 * MIB if limit.unit == 1024 else limit.needed)


def lower(limit: Limit, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(limit.which, (amount, amount))


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_that_is_too_low_is_named(what: str) -> None:
    limit = LIMITS[what]
    text = "from autograder import inherited as i; i.settle(); i.refuse_low_limits()"
    little = limit.needed - limit.unit
    done = run_under(lower(limit, little), [sys.executable, "-c", text])
    assert done.returncode == 1
    assert f"the limit of {what} (ulimit -H{limit.option}) is {limit.shown(little)}, and " in done.stderr
    assert "raise that where it is set and run the same command again" in done.stderr
    assert run_under(lower(limit, enough(limit)), [sys.executable, "-c", text]).returncode == 0


def test_nothing_is_graded_under_a_limit_that_is_too_low(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    stack = lower(LIMITS["the stack"], 256 << 10)
    done = run_under(stack, kit.command(tmp_path / "out"), cwd=kit.home, env=kit.environment)
    assert done.returncode == 3
    assert "autograder: nothing is graded under the limits of this shell" in done.stderr
    assert "the limit of the stack (ulimit -Hs) is 256 KB, and 8,192 KB are needed" in done.stderr
    assert not list((tmp_path / "out").rglob("s001.json"))


@pytest.mark.long
def test_limits_that_are_low_and_enough_change_nothing(kit: Kit, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kit.hand_in("s001", DEEP)

    def all_low() -> None:
        for limit in LIMITS.values():
            lower(limit, enough(limit))()

    done = run_under(all_low, kit.command(out), cwd=kit.home, env=kit.environment)
    assert done.returncode == 0, done.stderr
    assert (points(out, ["s001"], "double"), points(out, ["s001"], "noise")) == ([4.0], [1.0])


def test_sandbox_and_reader_refuse_before_they_start(monkeypatch: pytest.MonkeyPatch) -> None:
    more = 1 + resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    monkeypatch.setattr(inherited, "FIXED", (Limit(resource.RLIMIT_NOFILE, "open files", "n", more),))
    with pytest.raises(LimitError, match=f"limit of open files .* and {more:,} are needed"):
        Sandbox(Limits())
    with pytest.raises(LimitError, match="limit of open files"):
        bounded.call(lambda: 1)


HARDENED = """
import resource, signal
from autograder.sandbox import harden
for number in harden.signal.valid_signals() - {9, 19}:
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
harden.default_signals()
ignored = {n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN}
print(ignored == harden.PYTHONS_OWN, signal.pthread_sigmask(signal.SIG_BLOCK, []))
harden.limit_resources(1 << 30, 5)
names = "AS DATA STACK CPU NOFILE FSIZE CORE MEMLOCK MSGQUEUE NICE RTPRIO".split()
print(*(resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0] for name in names))
"""


def test_a_workers_limits_and_signals_are_fixed() -> None:
    done = subprocess.run([sys.executable, "-c", HARDENED], capture_output=True, text=True)
    assert done.stderr == ""
    signals, limits = done.stdout.splitlines()
    assert signals == "True set()"
    assert limits == f"{1 << 30} {1 << 30} {8 << 20} 5 32 0 0 0 0 0 0"


def test_a_worker_with_too_low_a_limit_is_refused() -> None:
    text = "from autograder.sandbox import harden; harden.limit_resources(1 << 30, 5)"
    low = lower(LIMITS["the stack"], 1 << 20)
    done = run_under(low, [sys.executable, "-c", text])
    assert "the limit RLIMIT_STACK is 1,048,576 here, and 8,388,608 is needed; raise it" in done.stderr


@pytest.mark.parametrize("limit_mb", [400, 1 << 14])
def test_address_space_is_found_under_any_limit(limit_mb: int) -> None:
    text = "from autograder.sandbox import harden; print(harden.address_space())"
    under = run_under(lower(LIMITS["address space"], limit_mb * MIB), [sys.executable, "-c", text])
    assert under.stderr == ""
    assert 0 < int(under.stdout) < 300 * MIB


def test_the_cores_that_a_container_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inherited, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert inherited.cores() == 8
    for said, cores in (("max 100000\n", 8), ("150000 100000\n", 2), ("1000 100000\n", 1), ("?", 8)):
        (tmp_path / "cpu.max").write_text(said)
        assert inherited.cores() == cores


SETTLED = """
import os, signal
from autograder import inherited
{before}
inherited.settle()
inherited.own_signals()
{after}
"""


@pytest.mark.parametrize(
    ("before", "after", "printed"),
    [
        ("os.umask(0o727)", "print(oct(os.umask(0)))", "0o27"),
        (
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
            "import subprocess; print(subprocess.run(['false']).returncode)",
            "1",
        ),
        (
            "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGHUP, signal.SIGTERM)]",
            "print(signal.getsignal(signal.SIGHUP) == signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)",
            "True",
        ),
        (
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])",
            "print(signal.pthread_sigmask(signal.SIG_BLOCK, []))",
            "set()",
        ),
    ],
    ids=["umask", "child", "ignored", "held back"],
)
def test_what_a_program_of_ours_settles(before: str, after: str, printed: str) -> None:
    text = textwrap.dedent(SETTLED.format(before=before, after=after))
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (printed, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may begin to run in real time")
def test_nothing_runs_in_real_time() -> None:
    before = "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"
    text = SETTLED.format(before=before, after="print(os.sched_getscheduler(0) == os.SCHED_OTHER)")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    if "PermissionError" in done.stderr:
        pytest.skip("this container may not run anything in real time")
    assert done.stdout == "True\n", done.stderr


def test_too_little_memory_to_begin_is_said(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    under = lower(LIMITS["address space"], 150 * MIB)
    done = run_under(under, kit.command(tmp_path / "out"), cwd=kit.home, env=kit.environment)
    assert done.returncode == 3
    assert done.stderr.startswith("autograder: nothing is graded under the limits of this shell")
