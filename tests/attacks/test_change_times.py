"""Change a file's permissions and times, which Landlock does not guard."""

import os

CODE = """
import os

def attack(path):
    os.chmod(path, 0o777)
    os.utime(path, (0, 0))
"""


def test_stay_as_they_are(arena, hidden_file):
    def reset():
        hidden_file.chmod(0o600)
        os.utime(hidden_file)

    arena.attack(
        CODE,
        str(hidden_file),
        stops=("bwrap", "seccomp", "uid"),
        won=lambda _: hidden_file.stat().st_mode & 0o777 == 0o777 or hidden_file.stat().st_mtime == 0,
        reset=reset,
    )
