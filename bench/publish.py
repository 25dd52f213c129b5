"""What the one process that writes can take: made-up records through store, comparison, gradebook, feedback
and exports.

    python -m bench.publish [--students 2000] [--assignment assignment2]

Grades the kinds of the sample class once, then gives their records to so many students. Shows what of
`docs/scale.md` holds for this machine: milliseconds a student for each step, rows written to the gradebook a
second, and whether memory grows with the class.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from autograder import intake
from autograder.course import assignment as course
from autograder.files import write_atomically
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.judge.grading import grade_all
from autograder.records import changes as regrade
from autograder.records.record import Record
from autograder.records.store import Store
from autograder.reports import exports, feedback
from bench.hand_ins import QUIET
from samples import make_class

PARTS = 4  # of the class, timed one after the other: a step that slows down shows


def kinds(name: str) -> list[Record]:
    assignment, about = course.load(name), make_class.read_class()
    hand_ins = [
        intake.arrange(kind, make_class.hand_in(assignment, about[kind]), assignment) for kind in QUIET
    ]
    records: list[Record] = []
    grade_all(assignment, hand_ins, records.append)
    return records


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=2000)
    parser.add_argument("--assignment", default="assignment2")
    options = parser.parse_args()
    models, assignment = kinds(options.assignment), course.load(options.assignment)
    count = options.students // PARTS
    print(f"{options.assignment}, {options.students} records, load {os.getloadavg()[0]:.1f}")
    print(f"| ms a student (processor time) | {' | '.join(f'part {n + 1}' for n in range(PARTS))} |")
    print("|---" * (PARTS + 1) + "|")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        out = Path(place)
        store, book = Store(out), Gradebook(sqlite_url(out / "gradebook.db"), assignment)

        def part(number: int) -> Iterator[Record]:
            for n in range(number * count, (number + 1) * count):
                yield replace(models[n % len(models)], student=f"b{n:06}")

        def stored(number: int) -> Iterator[Record]:
            return (found for made in part(number) if (found := store.newest(made.student)))

        def pages(number: int) -> None:
            for graded in stored(number):
                page = feedback.render(graded, assignment)
                write_atomically(out / "feedback" / f"{graded.student}.html", page)

        steps: dict[str, Callable[[int], object]] = {
            "record read from a grading process": lambda n: [
                Record.from_json(r.to_json(None)) for r in part(n)
            ],
            "record saved": lambda n: [store.save(r) for r in part(n)],
            "compared with the one before": lambda n: [list(regrade.compare(r, r)) for r in stored(n)],
            "entered in the gradebook": lambda n: book.catch_up(stored(n)),
            "found unchanged in the gradebook": lambda n: book.catch_up(stored(n)),
            "feedback page": pages,
            "line of grades.csv": lambda n: exports.nbgrader_csv(stored(n), assignment),
        }
        memory = []
        for what, step in steps.items():
            times = [timed(step, number) / count for number in range(PARTS)]
            print(f"| {what} | {' | '.join(f'{ms:.2f}' for ms in times)} |", flush=True)
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        rows = len(assignment.grade_cells) * 2
        size = (out / "gradebook.db").stat().st_size / options.students / 1024
    print(f"\nabout {rows} gradebook rows and {size:.1f} KB a student; memory after each step, MB: ", end="")
    print(", ".join(f"{mb:.0f}" for mb in memory))
    return 0


def timed(step: Callable[[int], object], number: int) -> float:
    started = time.process_time()
    step(number)
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    sys.exit(main())
