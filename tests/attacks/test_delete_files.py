"""Delete and rename the grader's files."""

CODE = """
import os

def attack(path):
    os.rename(path, path + ".gone")
    os.unlink(path + ".gone")
"""


def test_none_is_gone(arena, hidden_file):
    arena.attack(
        CODE,
        str(hidden_file),
        stops=("bwrap", "landlock", "seccomp", "uid"),
        won=lambda _: not hidden_file.exists(),
        reset=lambda: hidden_file.write_text("again"),
    )
    assert hidden_file.exists()
