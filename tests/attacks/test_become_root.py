"""Become root again, or get new rights from a user namespace."""

CODE = """
import ctypes
import os

def attack():
    CLONE_NEWUSER = 0x10000000
    return ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0
"""
ROOT = """
import os

def attack():
    os.setuid(0)
    return os.listdir("/root") and os.getuid() == 0
"""


def test_no_namespace(arena):
    if "bwrap" in arena.level.layers and "uid" not in arena.level.layers:
        off = ("bwrap", "uid")
    else:
        off = ("uid",)
    arena.attack(CODE, stops=("seccomp",), off=off, won=lambda done: done is True)


def test_no_root(arena):
    if "uid" not in arena.level.layers:
        seen = arena.run(ROOT)
        assert seen.error.kind == "raised"
        return
    arena.attack(ROOT, stops=("uid",), off=("bwrap", "landlock", "seccomp"), won=lambda done: done is True)
