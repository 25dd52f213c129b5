"""Start a process that goes on beside the grading."""

CODE = """
import os

def attack():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
"""


def test_no_process(arena):
    seen = arena.attack(CODE, stops=("seccomp",), won=lambda child: bool(child))
    assert "PermissionError" in seen.error.message
