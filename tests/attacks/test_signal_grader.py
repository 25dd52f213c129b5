"""Send signals to the grader and its process group."""

CODE = """
import os
import signal

def attack(pid):
    os.kill(pid, signal.SIGCONT)  # harmless; SIGKILL would need no other right
    os.killpg(pid, signal.SIGCONT)
    return True
"""


def test_gets_none(arena, victim):
    stops = ("seccomp", "bwrap", "uid")
    arena.attack(CODE, victim.pid, stops=stops, off=("landlock",), won=lambda sent: sent is True)
    assert victim.alive()
