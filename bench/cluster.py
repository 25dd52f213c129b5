"""The same class on Dask clusters of 1, 2 and 4 worker processes of this machine.

    python -m bench.cluster [--students 60] [--assignment assignment1]

Efficiency is the rate of k workers against k times that of one. Workers share this machine's processors,
among themselves and with the judge's own process: with more of them than processors it must fall.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import hand_ins
from bench.scale import grade

WORKERS = (1, 2, 4)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler with so many single-threaded workers."""
    folder.mkdir()
    where = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    dask = [sys.executable, "-m", "dask"]
    plain = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [
        subprocess.Popen([*dask, "scheduler", *plain, "--port", "0", "--scheduler-file", where], **quiet)
    ]
    try:
        while not where.exists() or not where.read_text().strip().endswith("}"):
            time.sleep(0.1)
        one = [*dask, "worker", "--scheduler-file", where, "--nthreads", "1", "--no-nanny", *plain]
        started += [subprocess.Popen(one, **quiet) for _ in range(workers)]
        time.sleep(5)  # until all have joined
        yield json.loads(where.read_text())["address"]
    finally:
        for process in started:
            process.kill()
            process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--assignment", default="assignment1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        hand_ins.write(folder / "submitted", options.students, options.assignment)
        print(f"{options.assignment}, {options.students} hand-ins, {os.cpu_count()} processors, ", end="")
        print(f"load {os.getloadavg()[0]:.1f} before")
        print("| workers | submissions a second | efficiency |\n|---|---|---|")
        first = 0.0
        for count in WORKERS:
            with cluster(folder / f"dask-{count}", count) as address:
                out = folder / f"out-{count}"
                run = grade(folder / "submitted", out, options.assignment, "--scheduler", address)
            rate = options.students / run.result["seconds"]
            first = first or rate
            print(f"| {count} | {rate:.2f} | {rate / first / count:.0%} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
