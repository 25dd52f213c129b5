"""Take memory that is not counted as its own: shared mappings, memfd, System V."""

import pytest

from autograder.sandbox.limits import Limits

MAPPED = """
import mmap

def attack():
    room = mmap.mmap(-1, 200 << 20)
    for at in range(0, len(room), 4096):
        room[at] = 1
    return True
"""
MEMFD = """
import os

def attack():
    number = os.memfd_create("room")
    for _ in range(64):
        os.write(number, bytes(1 << 20))
    return True
"""
SYSTEM_V = """
import ctypes

def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.shmget(0, ctypes.c_size_t(64 << 20), 0o1600)
    libc.shmctl(number, 0, None)  # removed at once, for the test's sake
    return number >= 0
"""
CASES = {"mmap": (MAPPED, "rlimits"), "memfd": (MEMFD, "seccomp"), "shmget": (SYSTEM_V, "seccomp")}


@pytest.mark.parametrize("name", CASES)
def test_is_refused(arena, name):
    code, layer = CASES[name]
    small = Limits(memory_mb=100)
    off = ("rlimits",)  # whose file size limit would also stop writing to a memfd
    arena.attack(code, stops=(layer,), off=off, loose=small, tight=small, won=lambda done: done is True)
