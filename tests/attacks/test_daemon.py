"""Leave a daemon behind that outlives the grading."""

import time

CODE = """
import os
import time

def attack(path):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for _ in range(20):  # one second
            with open(path, "a") as file:
                file.write("alive")
            time.sleep(0.05)
        os._exit(0)
"""


def test_nothing_outlives(arena, tmp_path):
    tmp_path.chmod(0o777)
    beats = tmp_path / "beats"

    def beats_on(_):
        before = beats.stat().st_size if beats.exists() else 0
        time.sleep(0.2)
        return beats.exists() and beats.stat().st_size > before

    def reset():
        time.sleep(1.1)  # its second
        beats.unlink(missing_ok=True)

    off = ("bwrap", "landlock", "rlimits", "uid")
    arena.attack(CODE, str(beats), stops=("seccomp",), off=off, won=beats_on, reset=reset)
