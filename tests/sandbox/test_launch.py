"""What the zygote is shown, and how a sandbox of ours that fails is reported."""

import os
import shutil
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import client, harden, launch
from autograder.sandbox import seccomp as policy
from autograder.sandbox.channel import Channel
from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import SandboxError, StudentError
from autograder.sandbox.level import Level, probe
from autograder.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
CODE = b"import time\ndef f(x=1): return x\ndef slow():\n    time.sleep(60)\n"
FILES = {"cs_lib/a.py": CODE}
BARE = Level(accepted=True)


def test_only_pythons_own_files_are_shown():
    readable = launch.places().readable
    for path in (ROOT / "autograder", ROOT / "cs_lib", ROOT / "pyproject.toml", Path(client.__file__)):
        assert not any(path.is_relative_to(shown) for shown in readable), path
    numpy_folder = os.path.dirname(os.path.realpath(np.__file__))
    assert numpy_folder in readable
    assert os.path.dirname(numpy_folder) not in readable
    assert not any(name in launch.PACKAGE_FOLDERS for name in map(os.path.basename, readable))


def test_a_course_in_a_folder_that_must_be_shown_is_refused(monkeypatch):
    launch.places.cache_clear()
    monkeypatch.setattr(launch, "HERE", Path(np.__file__).parent / "course")
    with pytest.raises(
        RuntimeError, match="must be readable to student code but holds the autograder; move it"
    ):
        launch.places()
    launch.places.cache_clear()


def test_address_space_is_found_by_trying():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    assert abs(harden.address_space() - pages * os.sysconf("SC_PAGE_SIZE")) < 64 << 20


def test_a_zygote_that_does_not_start(monkeypatch):
    monkeypatch.setattr(launch, "BOOT", "raise SystemExit('no NumPy here')")
    with pytest.raises(SandboxError, match="own process failed: it ended\nno NumPy here"):
        Sandbox(level=BARE).start()


def test_a_zygote_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(launch, "BOOT", "import time; time.sleep(60)")
    monkeypatch.setattr(client, "START_SECONDS", 0.3)
    monkeypatch.setattr(client, "END_SECONDS", 0.1)
    with pytest.raises(SandboxError, match="own process failed: no answer"):
        Sandbox(level=BARE).start()


def test_a_zygote_that_cannot_harden(monkeypatch):
    answer = b'{"ready": false, "message": "cannot harden: this kernel is too old"}'
    boot = (
        f"import socket, sys; c = socket.socket(fileno=int(sys.argv[1])); c.recv(1 << 20); c.send({answer!r})"
    )
    monkeypatch.setattr(launch, "BOOT", boot)
    with pytest.raises(SandboxError, match="cannot harden: this kernel is too old"):
        Sandbox(level=BARE).start()


def test_a_zygote_that_cannot_fork(monkeypatch):
    boot = """
import socket, sys
control = socket.socket(fileno=int(sys.argv[1]))
control.recv(1 << 20)
control.send(b'{"ready": true}')
control.recv(1 << 10)
control.send(b'{"failed": "no more processes"}')
control.recv(1 << 10)
"""
    monkeypatch.setattr(launch, "BOOT", boot)
    with Sandbox(level=BARE) as sandbox, pytest.raises(SandboxError, match="no more processes"):
        sandbox.submission(FILES).begin_case(1)


def test_a_closed_sandbox_answers_nothing():
    with pytest.raises(SandboxError, match="the sandbox is not running"):
        Sandbox(level=BARE)._ask({"op": "reap"}, 1)
    assert Sandbox(level=BARE).reap(1, 0).how == "lost"


def test_a_worker_that_cannot_be_hardened(monkeypatch):
    if "seccomp" not in probe().layers:
        pytest.skip("no seccomp on this machine")
    monkeypatch.setattr(policy, "program", lambda: bytes(8))  # no valid filter
    level = Level(("seccomp",), accepted=True)
    with (
        Sandbox(level=level) as sandbox,
        pytest.raises(SandboxError, match=r"could not be hardened: .*seccomp"),
    ):
        sandbox.submission(FILES).begin_case(1)


def test_a_worker_that_does_not_start():
    class Nothing(Sandbox):
        def fork(self):
            ours, theirs = socket.socketpair()
            theirs.close()
            return 1, Channel(ours)

    with (
        Nothing(level=BARE) as sandbox,
        pytest.raises(SandboxError, match=r"a worker did not start \(Gone\)"),
    ):
        sandbox.submission(FILES).begin_case(1)


def test_a_zygote_killed_between_cases_is_replaced():
    with Sandbox() as sandbox, sandbox.submission(FILES) as one:
        one.begin_case(1)
        sandbox._process.kill()
        sandbox._process.wait()
        with sandbox.submission(FILES) as two:
            two.begin_case(1)
            assert two.call("a.f") == 1


def test_a_sandbox_killed_in_the_middle_is_our_fault():
    with Sandbox() as sandbox, sandbox.submission(FILES) as one:
        one.begin_case(1)
        one.call("a.f")
        sandbox._process.kill()
        sandbox._process.wait()
        with pytest.raises(SandboxError, match="a worker was ended from outside"):
            [one.call("a.f", time.sleep(0.02)) for _ in range(3000)]  # it takes the kernel a moment


def test_a_worker_killed_from_outside_is_our_fault():
    level = probe().without("bwrap")  # whose worker has a process number we know
    if not level.safe:
        pytest.skip("no Landlock or no seccomp on this machine")
    with Sandbox(level=level) as sandbox, sandbox.submission(FILES) as one:
        one.begin_case(1)
        one.call("a.f")
        os.kill(one._running.pid, signal.SIGKILL)
        with pytest.raises(SandboxError, match="a worker was ended from outside"):
            one.call("a.f")
        one.begin_case(2)
        assert one.call("a.f") == 1


def test_a_worker_does_not_outlive_its_submission_or_sandbox():
    level = probe().without("bwrap")
    with Sandbox(Limits(call_seconds=0.3), level=level) as sandbox:
        with sandbox.submission(FILES) as one:
            one.begin_case(1)
            pids = [one._running.pid]
            with pytest.raises((StudentError, SandboxError)):  # ours, where the machine held it up
                one.call("a.slow")
            one.begin_case(2)
            pids.append(one._running.pid)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        left = sandbox.submission(FILES).__enter__()
        zygote = sandbox._process.pid
    left.__exit__()
    assert not Path(f"/proc/{zygote}").exists()


def test_a_begun_case_forgives_what_is_left_of_the_one_before():
    text = b"""
from autograder.sandbox.line import Line
plain = Line.send
def f(): return 1
def spoil():
    Line.send = lambda line, frame: (plain(line, frame), plain(line, frame))
"""
    with Sandbox() as sandbox, sandbox.submission({"cs_lib/a.py": text}) as one:
        one.begin_case(1)
        one.call("a.spoil")
        one.call("a.f")  # answered twice
        time.sleep(0.1)  # for the second answer to arrive
        one.begin_case(2)
        assert one.call("a.f") == 1


def test_a_worker_that_cannot_be_set_up(monkeypatch):
    wrong = pytest.raises(SandboxError, match="a worker could not be set up")
    with Sandbox(level=BARE) as sandbox, sandbox.submission(FILES) as one, wrong:
        one.begin_case(1)
        one._running.set_up("answers", no_such_argument=1)


def test_bubblewrap_shows_nothing_else():
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    command = launch.bwrap_command()
    bound = [Path(command[at + 1]) for at, word in enumerate(command) if word == "--ro-bind"]
    shown = {
        Path(launch.places().python),
        Path(launch.places().library),
        *map(Path, launch.places().readable),
    }
    assert set(bound) <= shown
    assert not any(ROOT.is_relative_to(path) for path in bound)
    hidden = [folder for folder in launch.places().hidden if "--tmpfs" in command]
    assert hidden == list(launch.places().hidden)
