"""Attach to the grader as a debugger."""

CODE = """
import ctypes
import os

def attack(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    PTRACE_SEIZE = 0x4206
    if libc.ptrace(PTRACE_SEIZE, pid, None, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True
"""


def test_cannot_attach(arena, victim, may_trace):
    arena.attack(
        CODE, victim.pid, stops=("seccomp", "bwrap", "landlock", "uid"), won=lambda done: done is True
    )
