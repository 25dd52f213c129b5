"""Replace the worker by another program that keeps the line to the grader."""

CODE = """
import os

def attack():
    os.set_inheritable(3, True)
    os.execv("/bin/sh", ["sh", "-c", "echo forged forged forged forged >&3"])
"""


def test_stays_itself(arena):
    guards = ("seccomp", "bwrap", "landlock")
    bare = arena.run(CODE, level=arena.level.without(*guards, "rlimits"))
    assert bare.error.kind == "bad_reply"  # the other program's words did come, and are no reply either
    seen = arena.run(CODE)
    assert seen.error.kind == "raised"
    arena.report(", ".join(guard for guard in guards if guard in arena.level.layers), seen)
    arena.next_student_is_graded()
