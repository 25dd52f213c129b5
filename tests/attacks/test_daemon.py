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
        for _ in range(400):  # until somebody asks, twenty seconds at the most
            if os.path.exists(path + "-asked"):
                open(path, "w").close()
                os._exit(0)
            time.sleep(0.05)
        os._exit(0)
"""


def test_nothing_outlives(arena, tmp_path):
    tmp_path.chmod(0o777)
    answer, asked = tmp_path / "answer", tmp_path / "answer-asked"
    patience = iter([20.0])  # where the daemon is to be there; where it is not, nothing comes however long

    def lives(_):
        """Asked after the grading, the daemon answers."""
        asked.touch()
        until = time.monotonic() + next(patience, 0.3)
        while not answer.exists() and time.monotonic() < until:
            time.sleep(0.02)
        return answer.exists()

    def reset():
        answer.unlink(missing_ok=True)
        asked.unlink(missing_ok=True)

    off = ("bwrap", "landlock", "rlimits", "uid")
    arena.attack(CODE, str(answer), stops=("seccomp",), off=off, won=lives, reset=reset)
