"""Which layers are used, what is said where some are missing, and that nothing goes on without any."""

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import doctor, harden, launch, level
from autograder.sandbox import seccomp as policy
from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.level import Level
from autograder.sandbox.limits import Limits

EVERY = ("bwrap", "landlock", "seccomp")


@pytest.fixture
def anew():
    """Forget what was found out, before and after."""
    for known in (level.probe, policy.program):
        known.cache_clear()
    yield
    for known in (level.probe, policy.program):
        known.cache_clear()


def test_names_and_safety():
    safe = {"bwrap+landlock+seccomp", "landlock+seccomp", "bwrap+seccomp"}
    for number in range(8):
        made = Level(tuple(layer for at, layer in enumerate(EVERY) if number >> at & 1))
        assert made.safe == (made.name in safe)
    assert Level(("rlimits",)).name == "none"
    assert Level(EVERY).without("bwrap").name == "landlock+seccomp"


def test_what_is_not_safe_is_refused_unless_asked_for():
    with pytest.raises(
        SandboxError, match="cannot be isolated on this machine: level bwrap does not isolate"
    ):
        Sandbox(level=Level(("bwrap",)))
    with pytest.raises(SandboxError, match="cannot be isolated on this machine: install this"):
        Sandbox(level=Level(advice=("install this",)))
    with (
        Sandbox(level=level.unsafe()) as sandbox,
        sandbox.submission({"cs_lib/a.py": b"def f(): return 1"}) as student,
    ):
        student.begin_case(1)
        assert student.call("a.f") == 1


def test_levels_by_name(anew, monkeypatch):
    monkeypatch.setattr(level, "bwrap_trouble", lambda: "no bubblewrap")
    monkeypatch.setattr(level, "landlock_trouble", str)
    monkeypatch.setattr(level, "seccomp_trouble", str)
    assert level.by_name("landlock+seccomp") == level.probe()
    for name in ("bwrap+landlock+seccomp", "seccomp", "none", "nonsense"):
        offers = re.escape(f"'{name}' is not to be had here; this machine offers landlock+seccomp")
        with pytest.raises(ValueError, match=offers):
            level.by_name(name)


@pytest.mark.parametrize("missing", [*EVERY, "all"])
def test_probing_falls_back_and_says_what_would_help(anew, monkeypatch, missing):
    for layer in EVERY:
        trouble = f"install {layer}" if missing in (layer, "all") else ""
        monkeypatch.setattr(level, f"{layer}_trouble", lambda trouble=trouble: trouble)
    found = level.probe()
    expected = {
        "bwrap": "landlock+seccomp",
        "landlock": "bwrap+seccomp",
        "seccomp": "none",
        "all": "none",
    }
    assert found.name == expected[missing]
    assert f"install {missing}" in found.advice or missing == "all"
    assert ("uid" in found.layers) == (os.geteuid() == 0 and found.safe)
    if not found.safe:
        with pytest.raises(SandboxError, match="install seccomp"):
            Sandbox()
        assert "none: student code cannot be graded here" in doctor.doctor_report()


def test_without_bubblewrap(anew, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert level.bwrap_trouble() == "bubblewrap is not there: install the package bubblewrap"
    report = doctor.doctor_report()
    assert "bubblewrap  no, see below" in report
    assert "- bubblewrap is not there: install the package bubblewrap" in report
    with pytest.raises(SandboxError, match="does not start: bwrap is not installed"):
        Sandbox(level=Level(EVERY)).start()


def fake_bwrap(folder: Path, text: str) -> None:
    (folder / "bwrap").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "bwrap").chmod(0o755)


@pytest.mark.parametrize(
    ("root", "setting", "advice"),
    [
        (True, None, "in a container this is usual"),
        (False, "kernel/apparmor_restrict_unprivileged_userns", "Ubuntu's AppArmor forbids user namespaces"),
        (False, "kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone=1"),
        (False, "user/max_user_namespaces", "user.max_user_namespaces=10000"),
        (False, None, "in a container this is usual"),
    ],
)
def test_bubblewrap_that_may_not(monkeypatch, tmp_path, root, setting, advice):
    fake_bwrap(tmp_path, "echo 'setting up uid map: Permission denied' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(level, "SETTINGS", tmp_path)
    for name, (forbids, _) in level.USERNS_SWITCHES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(forbids if name == setting else "2")
    trouble = level.bwrap_trouble()
    assert trouble.startswith("bubblewrap does not run: setting up uid map: Permission denied; ")
    assert advice in trouble


def test_bubblewrap_that_hangs(monkeypatch, tmp_path):
    fake_bwrap(tmp_path, "exec sleep 5")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(level, "PROBE_SECONDS", 0.2)
    with pytest.raises(SandboxError, match=r"bubblewrap could not be tried, .*timed out .*, 3 times"):
        level.bwrap_trouble()


ENDS = {
    "exec sh -c 'kill -9 $$'": "ended by SIGKILL",
    "exit 137": "ended by SIGKILL",  # as bubblewrap says it of what it runs
    "exec sh -c 'kill -11 $$'": "ended by SIGSEGV",
    "echo 'bwrap: Creating new namespace failed: Resource temporarily unavailable' >&2; exit 1": (
        "Resource temporarily unavailable"
    ),
    "echo 'error while loading shared libraries: Cannot allocate memory' >&2; exit 127": "Cannot allocate",
    "echo MemoryError >&2; exit 1": "MemoryError",
}


@pytest.mark.parametrize("text", ENDS)
def test_a_trial_that_is_ended_is_made_again_and_never_a_weaker_level(anew, monkeypatch, tmp_path, text):
    marks = tmp_path / "marks"
    real = Path("/usr/bin/bwrap")
    fake_bwrap(tmp_path, f'echo x >> {marks}; [ $(wc -l < {marks}) -gt 1 ] && exec {real} "$@"; {text}')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if real.exists():
        level.bwrap_trouble()
        assert len(marks.read_text().split()) == 2
    fake_bwrap(tmp_path, text)
    with pytest.raises(SandboxError, match=rf"nobody knows what isolation .*{ENDS[text]}.*, 3 times\); run"):
        level.probe()


def test_a_filter_of_the_machines_own_says_no(monkeypatch, tmp_path):
    fake_bwrap(tmp_path, "exec sh -c 'kill -SYS $$'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert level.bwrap_trouble().startswith("bubblewrap does not run: ")


def once(error, then):
    """In the place of `subprocess.run`: the first time an error, or how it ended, then what `then` gives."""
    calls = []

    def run(command, **more):
        calls.append(command)
        if len(calls) > 1:
            return then(command, **more)
        if isinstance(error, Exception):
            raise error
        return subprocess.CompletedProcess(command, error, "", "")

    return run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize(
    "error", [BlockingIOError(errno.EAGAIN, "no process"), OSError(errno.ENOMEM, "no memory"), -9, -15]
)
def test_a_change_of_user_that_is_cut_off_is_tried_again(anew, monkeypatch, error):
    before = level._may_change_user()
    monkeypatch.setattr(subprocess, "run", once(error, subprocess.run))
    assert level._may_change_user() == before

    def always(command, **more):
        return once(error, subprocess.run)(command, **more)

    monkeypatch.setattr(subprocess, "run", always)
    with pytest.raises(SandboxError, match="another user could not be tried"):
        level._may_change_user()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_user_that_may_not_be_changed(monkeypatch):
    monkeypatch.setattr(subprocess, "run", once(PermissionError(errno.EPERM, "no"), subprocess.run))
    assert not level._may_change_user()
    monkeypatch.setattr(subprocess, "run", once(FileNotFoundError(errno.ENOENT, "no sh"), subprocess.run))
    with pytest.raises(SandboxError, match=r"another user could not be tried: .*no sh; put that right"):
        level._may_change_user()


@pytest.mark.parametrize(
    ("platform", "error", "text"),
    [
        ("darwin", 0, "Landlock is a part of Linux"),
        ("linux", errno.EOPNOTSUPP, "Landlock is switched off: add `landlock`"),
        ("linux", errno.ENOSYS, "this kernel has no Landlock: Linux 5.13"),
    ],
)
def test_without_landlock(monkeypatch, platform, error, text):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(harden, "landlock_abi", lambda: 0)
    monkeypatch.setattr(ctypes, "get_errno", lambda: error)
    assert text in level.landlock_trouble()
    with pytest.raises(harden.HardenError, match="this kernel has no Landlock"):
        harden.landlock_ruleset([], [])


def test_without_libseccomp(anew, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    assert "install the package libseccomp2" in level.seccomp_trouble()
    assert level.probe().name == "none"


def test_the_doctor_tries_for_real():
    report = doctor.doctor_report()
    if level.probe().safe:
        assert f"isolation   {level.probe().name}" in report
        assert "trial run   right, " in report


def test_the_doctor_reports_a_sandbox_that_fails(monkeypatch):
    if not level.probe().safe:
        pytest.skip("no isolation on this machine")
    monkeypatch.setattr(launch, "BOOT", "raise SystemExit('out of order')")
    assert "trial run   failed: the sandbox's own process failed" in doctor.doctor_report()


@pytest.mark.parametrize("name", ["call_seconds", "memory_mb", "output_kb"])
def test_limits_are_above_zero(name):
    with pytest.raises(ValueError, match=f"limits.{name}: expected a number above 0, got 0; correct it"):
        Limits(**{name: 0})
