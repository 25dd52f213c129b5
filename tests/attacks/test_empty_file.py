"""Empty a file of the grader's with truncate, which early Landlock lets through."""

CODE = """
import os

def attack(path):
    os.truncate(path, 0)
"""


def test_stays_full(arena, hidden_file):
    arena.attack(
        CODE,
        str(hidden_file),
        stops=("bwrap", "seccomp", "uid"),
        off=("landlock",),
        won=lambda _: hidden_file.stat().st_size == 0,
        reset=lambda: hidden_file.write_text("again"),
    )
