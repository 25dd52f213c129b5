"""Hand-ins dropped on `autograder watch` at once: how long each waits, what it costs, whether memory grows.

    python -m bench.load                                   300 at once, three kills in between
    python -m bench.load --hand-ins 1000 --assignment assignment2 --kills 0
    python -m bench.load --one-by-one 20                   the wait of one, with nobody else there

Without --assignment it is the small course of the tests, whose grading costs next to nothing: what is
measured then is the watch itself. Hand-ins are zips, moved into the folder by renaming.
"""

import argparse
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import assignment as course
from samples import make_class
from tests.small_kit import NAME, POINTS, RIGHT, Kit, notebook

ROOT = Path(__file__).parents[1]
SAMPLE_SECONDS = 0.5
RIGHT_KIND = "s001"  # of samples/class.toml
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    home: Path  # where the course lies
    folder: Path
    assignment: str
    students: list[str] = field(default_factory=list)
    dropped: dict[str, float] = field(default_factory=dict)
    megabytes: list[float] = field(default_factory=list)  # of the watch's own process
    own_cpu: dict[int, float] = field(default_factory=dict)  # of each run's own process
    all_cpu: dict[int, float] = field(default_factory=dict)  # with the processes that it started
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def drop(self) -> Path:
        return self.folder / "drop"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "autograder", "watch", self.assignment, str(self.drop)]
        run = subprocess.Popen(
            [*command, "--out", str(self.out), "--jobs", "2"],
            cwd=self.home,
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        while not self._ready(run.pid):
            time.sleep(0.1)
        return run

    def _ready(self, pid: int) -> bool:
        """Whether this run has written that it lives."""
        try:
            found: int = json.loads((self.out / "watch.json").read_text())["pid"]
        except (OSError, ValueError):
            return False
        return found == pid

    def done(self) -> int:
        return sum((self.out / f"results/{student}/results.json").exists() for student in self.students)

    def sample(self, pid: int) -> None:
        """The memory and the processor time of the watch's own process."""
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        self.megabytes.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
        parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        self.own_cpu[pid] = (int(parts[11]) + int(parts[12])) / TICKS
        self.all_cpu[pid] = max(self.all_cpu.get(pid, 0.0), sum(_cpu_of(pid)))

    def waits(self) -> list[float]:
        """Seconds from being dropped to being shown, in order."""
        shown = {s: (self.out / f"results/{s}/results.json").stat().st_mtime for s in self.students}
        return sorted(shown[student] - self.dropped[student] for student in self.students)


def _cpu_of(pid: int) -> Iterator[float]:
    """Seconds of a process, those it has waited for, and all that it started and that still run."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        yield sum(map(int, parts[11:15])) / TICKS
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from _cpu_of(int(child))


def hand_ins(load: Load, count: int) -> Iterator[Path]:
    """Zips beside the folder, no two the same."""
    if load.assignment == NAME:
        files = {"cs_lib/layers.py": RIGHT.encode(), "nb.ipynb": notebook(POINTS, "Because.").encode()}
    else:
        files = make_class.hand_in(course.load(load.assignment), make_class.read_class()[RIGHT_KIND])
    for number in range(count):
        student = f"b{number:06}"
        load.students.append(student)
        path = load.folder / f"{student}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                more = f"\n# {student}\n".encode() if name.endswith(".py") else b""
                archive.writestr(name, data + more)
        yield path


def drop(load: Load, paths: list[Path]) -> None:
    for path in paths:
        load.dropped[path.stem] = time.time()
        os.rename(path, load.drop / path.name)


def watch_until_done(load: Load, kills: int) -> "subprocess.Popen[bytes]":
    """Drop nothing more, kill so many times at random, and wait."""
    run = load.start()
    wanted = len(load.students)
    at = sorted(random.Random(1).sample(range(wanted // 10, wanted * 9 // 10), kills))
    for mark in (*at, wanted):
        while load.done() < mark:
            load.sample(run.pid)
            time.sleep(SAMPLE_SECONDS)
        if mark < wanted:
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            print(f"killed with {load.done()} of {wanted} shown", flush=True)
            load.megabytes.clear()
            run = load.start()
    return run


def report(load: Load, seconds: float) -> None:
    waits, count, cpu = load.waits(), len(load.students), sum(load.all_cpu.values())
    rows = [
        ("hand-ins", f"{count}"),
        ("seconds until all are shown", f"{seconds:.1f}"),
        ("hand-ins a second", f"{count / seconds:.1f}"),
        ("wait of one: median, 95 %, longest", " / ".join(f"{w:.2f} s" for w in _marks(waits))),
        ("processor seconds a hand-in, all processes", f"{cpu / count:.3f}"),
        ("of these the watch's own process", f"{sum(load.own_cpu.values()) / count:.3f}"),
        ("processors in use, of 2", f"{cpu / seconds:.2f}"),
        ("memory of the watch's process, first / largest / last", _memory(load.megabytes)),
    ]
    print("| | |\n|---|--:|")
    for name, value in rows:
        print(f"| {name} | {value} |")


def _marks(waits: list[float]) -> tuple[float, float, float]:
    return statistics.median(waits), waits[int(0.95 * (len(waits) - 1))], waits[-1]


def _memory(megabytes: list[float]) -> str:
    return f"{megabytes[0]:.1f} / {max(megabytes):.1f} / {megabytes[-1]:.1f} MB" if megabytes else "-"


def graded_twice(load: Load) -> int:
    """Hand-ins that are kept twice, or students without a record."""
    kept = load.out / f"hand-ins/.collected/{load.assignment}/hand-ins"
    several = sum(len(list((kept / s).glob("[!.]*"))) != 1 for s in load.students)
    return several + sum(not (load.out / f"records/{s}.json").exists() for s in load.students)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hand-ins", type=int, default=300)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--one-by-one", type=int, default=0, metavar="COUNT")
    parser.add_argument("--assignment", default=NAME)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = Load(ROOT, folder, options.assignment)
        if options.assignment == NAME:
            kit = Kit(folder / "kit")
            load.home, load.environment = kit.home, kit.environment
        load.drop.mkdir()
        count = options.one_by_one or options.hand_ins
        paths = list(hand_ins(load, count))
        if options.one_by_one:
            run, started = load.start(), time.time()
            time.sleep(5)
            for path, number in zip(paths, itertools.count(1), strict=False):
                drop(load, [path])
                while load.done() < number:
                    time.sleep(0.02)
                load.sample(run.pid)
        else:
            started = time.time()
            drop(load, paths)
            run = watch_until_done(load, options.kills)
        seconds = time.time() - started
        time.sleep(1)
        load.sample(run.pid)
        run.terminate()
        code = run.wait()
        report(load, seconds)
        print(f"\nlost or kept twice: {graded_twice(load)}; exit code {code}")


if __name__ == "__main__":
    main()
