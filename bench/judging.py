"""Processor time of judging one hand-in, the judge's own and that of all workers, workers started and calls
made outside.

    python -m bench.judging assignment2 [--rounds 9] [--against REVISION]

"right" is the solved library, "skeleton" what is released; in "one edge lost" affine_forward writes to x, so
that what builds on it is answered by the solved package; in "layers unwritten" all else is solved. The first
hand-in of each kind, which warms up, is not counted. `--against` measures another revision, in turns.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.files import contents_below
from autograder.intake import Submission
from autograder.judge.digests import solved_files
from autograder.judge.grading import grade_all
from autograder.records.record import Record
from autograder.release.strip import Module, strip_module
from autograder.sandbox.client import Sandbox
from autograder.sandbox.host import Ended
from autograder.sandbox.library import Library

FIND, LOST = b"    cache = (x, w)\n", b"    cache = (x.copy(), w)\n    x *= 1.0000001\n"
TURNS = 3  # of each revision
workers, started, calls = [0.0], [0], [0]
reap, fork, answer = Sandbox.reap, Sandbox.fork, Library.answer


def counted_reap(sandbox: Sandbox, pid: int, grace: float) -> Ended:
    ended = reap(sandbox, pid, grace)
    workers[0] += ended.cpu
    return ended


def counted_fork(sandbox: Sandbox) -> Any:
    started[0] += 1
    return fork(sandbox)


def counted_answer(library: Library, *asked: Any) -> Any:
    calls[0] += 1
    return answer(library, *asked)


def hand_ins(assignment: Assignment) -> dict[str, dict[str, bytes]]:
    right = solved_files(assignment.library)
    package = assignment.package
    path = f"{package}/layers.py"
    layers = Module(f"{package}.layers", path, right[path].decode())
    todo = [name for name in assignment.todo if name.startswith(f"{layers.name}.")]
    return {
        "right": right,
        "skeleton": contents_below(assignment.release_folder / package, assignment.release_folder, "*.py"),
        "one edge lost": {**right, path: right[path].replace(FIND, LOST)},
        "layers unwritten": {**right, path: strip_module(layers, todo, []).text.encode()},
    }


def measured(assignment: Assignment, files: dict[str, bytes], rounds: int) -> dict[str, float]:
    marks: list[float] = []

    def note(_: Record) -> None:
        own = resource.getrusage(resource.RUSAGE_SELF)
        marks.append(own.ru_utime + own.ru_stime + workers[0])

    started[0] = calls[0] = 0
    grade_all(assignment, [Submission(f"s{i:03}", dict(files)) for i in range(rounds + 1)], note)
    spent = [after - before for before, after in pairwise(marks)]
    return {
        "fastest": min(spent),
        "median": median(spent),
        "workers": round(started[0] / (rounds + 1), 1),
        "calls": calls[0] // (rounds + 1),
    }


def here(name: str, rounds: int) -> dict[str, dict[str, float]]:
    Sandbox.reap, Sandbox.fork = counted_reap, counted_fork  # type: ignore[method-assign]
    Library.answer = counted_answer  # type: ignore[method-assign]
    assignment = course.load(name)
    return {kind: measured(assignment, files, rounds) for kind, files in hand_ins(assignment).items()}


def show(title: str, turns: list[dict[str, dict[str, float]]]) -> None:
    for kind, first in turns[0].items():
        fastest = min(turn[kind]["fastest"] for turn in turns)
        middle = median(turn[kind]["median"] for turn in turns)
        counts = f"{first['workers']:g} workers, {first['calls']} calls outside"
        print(f"{title}{kind:17} {fastest:.2f} s fastest, {middle:.2f} s median, {counts}")


def turn(folder: Path, name: str, rounds: int) -> dict[str, dict[str, float]]:
    """The same measurement, of the engine and the course in `folder`."""
    command = [sys.executable, __file__, name, "--rounds", str(rounds), "--json"]
    where = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=where, check=True, capture_output=True)
    return dict(json.loads(done.stdout))


def compare(name: str, rounds: int, revision: str) -> None:
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        subprocess.run(
            ["git", "worktree", "add", "--detach", other, revision],
            cwd=root,
            check=True,
            capture_output=True,
        )
        try:
            turns = [(turn(other, name, rounds), turn(root, name, rounds)) for _ in range(TURNS)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", other], cwd=root, check=True)
    show(f"{revision[:9]:10}", [before for before, _ in turns])
    show(f"{'now':10}", [now for _, now in turns])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignment")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--against", metavar="REVISION")
    parser.add_argument("--json", action="store_true", help="what --against reads")
    options = parser.parse_args()
    if options.against:
        compare(options.assignment, options.rounds, options.against)
    elif options.json:
        print(json.dumps(here(options.assignment, options.rounds)))
    else:
        show("", [here(options.assignment, options.rounds)])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
