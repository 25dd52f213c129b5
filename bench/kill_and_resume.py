"""A class graded, killed half way, and graded on: what the second run does, and whether anything is lost.

python -m bench.kill_and_resume
"""

import os
import signal
import tempfile
import time
from pathlib import Path

from tests.small_kit import Kit, records_of

STUDENTS, KILLED_AT = 24, 8  # hand-ins, and records that are there when the run is killed


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        kit, half, whole = Kit(Path(folder)), Path(folder) / "half", Path(folder) / "whole"
        kit.hand_in_many(STUDENTS)
        run = kit.start(half, "--jobs", "2")
        while run.poll() is None and len(list((half / "pending").glob("*.json"))) < KILLED_AT:
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        there = len(list((half / "pending").glob("*.json")))
        print(f"killed: {there} of {STUDENTS} graded, {len(records_of(half))} published")
        done = kit.grade(half, "--jobs", "2")
        print(next(line for line in done.stdout.splitlines() if "submissions graded" in line))
        kit.grade(whole, "--jobs", "2")
        print(f"the same as without: {records_of(half) == records_of(whole)}")


if __name__ == "__main__":
    main()
