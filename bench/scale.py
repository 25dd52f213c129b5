"""A generated class through `autograder grade`: rate, memory, and where the time goes.

    python -m bench.scale [--students 1000] [--assignment assignment1] [--jobs 2]

Prints the rate, a linear fit of time against number, the memory of all processes together at 100 submissions
and at the end, and how long a case waits for an answer from the students' code. Where the processor time goes
is what `bench.shares` shows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder.records import record
from bench import hand_ins

ROOT = Path(__file__).parents[1]
EVERY = 0.5  # seconds between two looks at the run
EARLY = 100  # submissions after which memory is compared with that of the end


@dataclass
class Run:
    seconds: float = 0.0
    result: dict = field(default_factory=dict)
    done: list[tuple[float, int]] = field(default_factory=list)  # (seconds, submissions graded)
    memory: list[tuple[int, float]] = field(default_factory=list)  # (submissions graded, MB)


def grade(submitted: Path, out: Path, assignment: str, *more: str) -> Run:
    """Run the command line, watching how far it is and how much memory it and all below it hold."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        assignment,
        str(submitted),
        "--out",
        str(out),
        "--json",
    ]
    run, started = Run(), time.monotonic()
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen([*command, *more], stdout=printed, stderr=complaints, cwd=ROOT)
        while process.poll() is None:
            done = len(list((out / "pending").glob("b*.json")))
            if done:
                run.done.append((time.monotonic() - started, done))
                run.memory.append((done, memory_of(process.pid)))
            time.sleep(EVERY)
        run.seconds = time.monotonic() - started
        printed.seek(0)
        complaints.seek(0)
        if process.returncode >= 2 or not (text := printed.read()):
            raise SystemExit(complaints.read())
        run.result = json.loads(text)
    return run


def memory_of(pid: int) -> float:
    """Proportional set size of a process and all below it, in MB."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        waiting += children.get(current, [])
        try:
            lines = Path(f"/proc/{current}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def fit(points: list[tuple[float, int]]) -> tuple[float, float]:
    """Submissions a second, and how much of the variance a straight line explains."""
    seconds, done = np.array(points, float).T
    slope, start = np.polyfit(seconds, done, 1)
    rest = done - (slope * seconds + start)
    return float(slope), float(1 - rest.var() / done.var())


def shares(records: Path) -> dict[str, float]:
    """Of the seconds of grading: waiting for calls of the students' code, and judging their nets."""
    total = students = nets = 0.0
    for path in records.glob("*.json"):
        graded = record.load(path)
        total += graded.seconds
        students += graded.student_seconds
        trained = (g for name, g in graded.grades.items() if name.startswith("train_"))
        nets += sum(case.seconds for grade in trained for case in grade.cases)
    return {"code": students / total, "nets": nets / total}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--assignment", default="assignment1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        hand_ins.write(folder / "submitted", options.students, options.assignment)
        run = grade(folder / "submitted", folder / "out", options.assignment, "--jobs", str(options.jobs))
        again = grade(folder / "submitted", folder / "out", options.assignment, "--jobs", str(options.jobs))
        share = shares(folder / "out/records")
    rate, straight = fit(run.done)
    grading = run.result["seconds"]
    early = max((mb for done, mb in run.memory if done <= EARLY), default=0.0)
    late = max((mb for done, mb in run.memory if done > options.students * 0.8), default=0.0)
    print(
        f"{options.assignment}, {options.students} hand-ins, {options.jobs} processes, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print("| what | measured |\n|---|---|")
    for what, measured in (
        (
            "graded",
            f"{options.students / grading:.2f} a second, {1000 * grading / options.students:.0f} ms each",
        ),
        (
            "the whole command",
            f"{run.seconds:.1f} s; gradebook, feedback and exports {run.seconds - grading:.1f} s of it",
        ),
        ("the same command again, nothing changed", f"{again.seconds:.1f} s"),
        ("straight line of number against time", f"{rate:.2f} a second, R² {straight:.4f}"),
        (
            f"memory of all processes, up to {EARLY} / at the end",
            f"{early:.0f} MB / {late:.0f} MB ({late / early - 1:+.0%})",
        ),
        ("waiting for calls of the students' code, there and back", f"{share['code']:.0%}"),
        ("judging the students' nets", f"{share['nets']:.0%}"),
    ):
        print(f"| {what} | {measured} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
