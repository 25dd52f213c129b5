"""Processor time of judging one hand-in, the judge's own and that of all workers, and calls made outside.

    python -m bench.judging assignment2 [--rounds 9]

"right" is the solved library; in "one edge lost" its affine_forward writes to x, so that what builds on it is
answered by the solved package. The first hand-in, which warms up, is not counted.
"""

import argparse
import resource
from itertools import pairwise
from statistics import median

from autograder.course import assignment as course
from autograder.intake import Submission
from autograder.judge.digests import solved_files
from autograder.judge.grade import grade_all
from autograder.records.record import Record
from autograder.sandbox.channel import Frame
from autograder.sandbox.client import Sandbox
from autograder.sandbox.host import Ended
from autograder.sandbox.library import Library

FIND, LOST = b"    cache = (x, w)\n", b"    cache = (x.copy(), w)\n    x *= 1.0000001\n"
workers, calls = [0.0], [0]
reap, answer = Sandbox.reap, Library.answer


def counted_reap(sandbox: Sandbox, pid: int, grace: float) -> Ended:
    ended = reap(sandbox, pid, grace)
    workers[0] += ended.cpu
    return ended


def counted_answer(library: Library, question: Frame, until: float) -> Frame:
    calls[0] += 1
    return answer(library, question, until)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignment")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    Sandbox.reap, Library.answer = counted_reap, counted_answer  # type: ignore[method-assign]
    assignment = course.load(options.assignment)
    right = solved_files(assignment.library)
    path = f"{assignment.package}/layers.py"
    for name, files in {
        "right": right,
        "one edge lost": {**right, path: right[path].replace(FIND, LOST)},
    }.items():
        marks: list[float] = []

        def note(record: Record, marks: list[float] = marks) -> None:
            own = resource.getrusage(resource.RUSAGE_SELF)
            marks.append(own.ru_utime + own.ru_stime + workers[0])

        calls[0] = 0
        grade_all(assignment, [Submission(f"s{i:03}", dict(files)) for i in range(options.rounds + 1)], note)
        spent = [after - before for before, after in pairwise(marks)]
        outside = calls[0] // (options.rounds + 1)
        print(f"{name}: {min(spent):.2f} s fastest, {median(spent):.2f} s median, {outside} calls outside")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
