"""Where the processor time of a right hand-in goes, its own trained nets among it.

    python -m bench.shares assignment2 [--rounds 6]

The whole hand-in is judged in the sandbox; the first one, which warms up, is left out. The student's own
functions are measured apart, without a sandbox: every case's calls in one process. Medians; one thread.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from autograder import intake
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.graders.shared import trained
from autograder.graders.shared.evaluation import Evaluation
from autograder.judge.grading import grade_all
from autograder.records.record import Record
from autograder.sandbox.client import Sandbox
from autograder.sandbox.host import Ended
from autograder.sandbox.worker import Worker
from bench import in_kernel
from bench.nbgrader_baseline import GRADERS, tests_of
from samples import make_class

spent = {"workers": 0.0, "nets": 0.0, "own": 0.0}
reap = Sandbox.reap


def counted_reap(sandbox: Sandbox, pid: int, grace: float) -> Ended:
    ended = reap(sandbox, pid, grace)
    spent["workers"] += ended.cpu
    return ended


def counted(what: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, its processor time added up."""

    def counting(*args: Any, **kwargs: Any) -> Any:
        before = time.process_time()
        try:
            return run(*args, **kwargs)
        finally:
            spent[what] += time.process_time() - before

    return counting


def files_of(assignment: Assignment, number: int) -> dict[str, bytes]:
    files = make_class.hand_in(assignment, make_class.read_class()["s001"])
    return make_class.with_own_nets(files, number)


def judged(assignment: Assignment, rounds: int) -> dict[str, float]:
    """Milliseconds a hand-in: all, in the workers, and for the nets."""
    hand_ins = [intake.arrange(f"s{n}", files_of(assignment, n), assignment) for n in range(rounds + 1)]
    marks: list[tuple[float, float, float]] = []

    def note(_: Record) -> None:
        own = resource.getrusage(resource.RUSAGE_SELF)
        marks.append((own.ru_utime + own.ru_stime + spent["workers"], spent["workers"], spent["nets"]))

    grade_all(assignment, hand_ins, note)
    each = [[1000 * (new - old) for old, new in zip(*step, strict=True)] for step in pairwise(marks)]
    return dict(zip(("all", "workers", "nets"), map(median, zip(*each, strict=True)), strict=True))


def own_functions(assignment: Assignment, rounds: int) -> float:
    """Milliseconds in the functions of the solved library, called by every case in this process."""
    modules = [
        f"autograder.graders.{assignment.name}.{p.stem}" for p in GRADERS.glob(f"{assignment.name}/test_*.py")
    ]
    tests = [(module, test, grade_id) for module in sorted(modules) for grade_id, test in tests_of(module)]
    totals = []
    for number in range(rounds + 1):
        spent["own"] = 0.0
        with tempfile.TemporaryDirectory() as place:
            for name, data in files_of(assignment, number).items():
                path = Path(place, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            os.chdir(place)
            for test in tests:
                in_kernel.run(*test)
            os.chdir("/")
        totals.append(1000 * spent["own"])
    return median(totals[1:])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignment")
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    Sandbox.reap = counted_reap  # type: ignore[method-assign]
    Evaluation.reaches = counted("nets", Evaluation.reaches)  # type: ignore[method-assign]
    trained.load = counted("nets", trained.load)
    assignment = course.load(options.assignment)
    found = judged(assignment, options.rounds)
    Worker._run = counted("own", Worker._run)  # type: ignore[method-assign]
    found["own"] = own_functions(assignment, options.rounds)
    print(f"{assignment.name}, a right hand-in, load {os.getloadavg()[0]:.1f}")
    print("| processor time | ms | share |\n|---|---|---|")
    for what, words in (
        ("all", "all"),
        ("workers", "the sandboxed workers"),
        ("own", "the student's functions themselves, without a sandbox"),
        ("nets", "evaluating the nets"),
    ):
        print(f"| {words} | {found[what]:.0f} | {found[what] / found['all']:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
