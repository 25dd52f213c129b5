"""Use what the first Landlock does not guard, on a kernel that has no newer one: truncate, TCP, signals."""

import socket

import pytest

from autograder.sandbox import launch
from autograder.sandbox.client import Sandbox

CODE = """
import os
import socket

def attack(path, port):
    done = []
    for name, step in {
        "truncate": lambda: os.truncate(path, 0),
        "tcp": lambda: socket.socket().connect(("127.0.0.1", port)),
        "signal": lambda: os.kill(os.getppid(), 0),
    }.items():
        try:
            step()
            done.append(name)
        except OSError:
            pass
    return done
"""
OLD = 'sent = json.loads(control.recv(1 << 20))\nfor pair in sent["sources"]:\n'
OLD += '    pair[1] = pair[1].replace("return max(version, 0)", "return 1")\n'


def test_seccomp_covers_it(arena, tmp_path, hidden_file, monkeypatch):
    if "bwrap" in arena.level.layers:
        pytest.skip("bubblewrap covers it as well")
    monkeypatch.setattr(
        launch, "BOOT", launch.BOOT.replace("sent = json.loads(control.recv(1 << 20))\n", OLD)
    )

    def run(level):
        with (
            Sandbox(level=level) as sandbox,
            sandbox.submission({"cs_lib/layers.py": CODE.encode()}) as student,
        ):
            assert sandbox.hello["landlock_abi"] == 1
            student.begin_case(seed=1)
            return student.call("layers.attack", str(hidden_file), server.getsockname()[1])

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(arena.level.without("seccomp", "uid")) == ["truncate", "tcp", "signal"]
        hidden_file.write_text("again")
        assert run(arena.level) == []
    assert hidden_file.read_text() == "again"
    arena.report("seccomp", "returned []")
