"""Run another program."""

CODE = """
import subprocess

def attack():
    return subprocess.run(["/bin/sh", "-c", "echo $((6 * 7))"], capture_output=True, text=True).stdout
"""


def test_none_runs(arena):
    off = ("rlimits",)  # its limits leave a shell no room
    arena.attack(CODE, stops=("seccomp", "bwrap", "landlock"), off=off, won=lambda text: text == "42\n")
