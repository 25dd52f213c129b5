"""Crash Python: abort, a wild pointer, recursion without end in C."""

import subprocess
import sys

import pytest

ABORT = """
import os

def attack():
    os.abort()
"""
POINTER = """
import ctypes

def attack():
    ctypes.string_at(0)
"""
RECURSION = """
import sys

def attack():
    sys.setrecursionlimit(10**9)
    value = None
    for _ in range(2 * 10**5):
        value = [value]
    return repr(value)
"""


@pytest.mark.parametrize("code", [ABORT, POINTER, RECURSION], ids=["abort", "pointer", "recursion"])
def test_costs_one_case(arena, code):
    naive = subprocess.run([sys.executable, "-c", code + "\nattack()"], capture_output=True, check=False)
    if b"RecursionError" in naive.stderr:
        pytest.skip("from 3.12 on, Python ends this recursion itself")
    assert naive.returncode < 0  # the whole grader is gone
    seen = arena.run(code)
    assert seen.error.kind == "crash"
    assert "crashed Python" in seen.error.message
    arena.report("a process of its own", seen)
    arena.next_student_is_graded()
