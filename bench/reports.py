"""Measure the class report, feedback pages and exports on a large made-up class.

    python -m bench.reports [--students 1000] [--assignment assignment2] [--keep DIR]

Records are drawn from a simple model: every student has an ability, every cell a difficulty, and a case
passes with the probability the two give. They have as many cells as the assignment, ten cases a cell, and
messages as long as real ones. All times are wall-clock seconds of one process, start-up left out.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from math import exp
from pathlib import Path

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.notebook import GradeCell
from autograder.records import record
from autograder.records.record import CaseResult, Grade, Hashes, Record
from autograder.reports import class_report, exports, feedback, gradescope, junit

CASES = 10  # a cell; the real graders have 8 to 12
MESSAGE = (
    "out of {name} (shape (4, 7)) is wrong: {count} of 28 entries, the first at index [0, {at}]. "
    "Relative error {error:.1e} normwise, 2.0e+00 elementwise. Work a case of two or three numbers by hand."
)
STOPPED = (
    "ValueError: operands could not be broadcast together with shapes (4,7) (7,4)\n"
    "  cs_lib/layers.py line {line}, in {name}: out = x @ w + b"
)


def class_of(assignment: Assignment, students: int, seed: int = 231) -> list[Record]:
    draw = random.Random(seed)
    hard = {cell.grade_id: draw.gauss(-0.8, 0.8) for cell in assignment.grade_cells}
    made = []
    for number in range(students):
        ability = draw.gauss(0.4, 1.2)
        grades = {c.grade_id: _grade(c, ability - hard[c.grade_id], draw) for c in assignment.grade_cells}
        problems = ("3 cs_lib/ folders; graded the one in 'work'",) if draw.random() < 0.05 else ()
        made.append(
            Record(f"student{number:04}", assignment.name, "none", Hashes("", "", ""), grades, problems)
        )
    return made


def _grade(cell: GradeCell, chance: float, draw: random.Random) -> Grade:
    if cell.manual:
        points = round(cell.points / (1 + exp(-chance - draw.gauss(0, 1))), 1)
        waits = draw.random() < 0.3
        return Grade(cell.grade_id, cell.notebook, points, cell.points, "needs_review" if waits else "graded")
    cases = tuple(_case(cell.grade_id, n, draw.random() < 1 / (1 + exp(-chance)), draw) for n in range(CASES))
    passed = sum(case.outcome == "passed" for case in cases)
    return Grade(
        cell.grade_id, cell.notebook, round(cell.points * passed / CASES, 2), cell.points, "graded", cases
    )


def _case(name: str, number: int, passed: bool, draw: random.Random) -> CaseResult:
    kind = "edge" if number > 6 else "core"
    if passed:
        return CaseResult(f"{name}[case_{number}]", kind, 1.0, "passed", seconds=0.01)
    stopped = draw.random() < 0.3
    words = STOPPED if stopped else MESSAGE
    message = words.format(
        name=name, count=draw.randint(1, 28), at=number, error=draw.random(), line=draw.randint(1, 400)
    )
    hint = "Go back through the layers in the opposite order, each backward with its own forward's cache."
    called = f"{name}(array (4, 7), array (7,), array (7,), {{'mode': 'train'}})"
    return CaseResult(
        f"{name}[case_{number}]",
        kind,
        1.0,
        "failed",
        message,
        hint,
        "code" if stopped else "value",
        0.01,
        called,
    )


def timed(what: str, work: Callable[[], object]) -> object:
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    size = f"{len(result.encode()) / 1e6:8.2f} MB" if isinstance(result, str) else ""
    print(f"{what:<28}{seconds:8.2f} s {size}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--assignment", default="assignment2")
    parser.add_argument("--keep", type=Path, help="leave records and pages here")
    options = parser.parse_args()
    assignment = course.load(options.assignment)
    records = class_of(assignment, options.students)
    print(
        f"{len(records)} records of {assignment.name}, {len(assignment.grade_cells)} cells of {CASES} cases"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)) / "records"
        for one in records:
            record.save(one, folder)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{'records on disk':<28}{'':11}{size / 1e6:8.2f} MB")
        timed("records read", lambda: [record.load(path) for path in sorted(folder.glob("*.json"))])
        class_report.render(records[:2], assignment)  # imports matplotlib, reads the templates
        page = timed("class report", lambda: class_report.render(records, assignment))
        timed("feedback, one page", lambda: feedback.render(records[0], assignment))
        timed("feedback, all pages", lambda: [feedback.render(one, assignment) for one in records] and None)
        timed("nbgrader's CSV", lambda: exports.nbgrader_csv(records, assignment))
        timed("CSV of all cases", lambda: exports.cases_csv(records, assignment))
        timed("JUnit XML", lambda: junit.junit_xml(records, assignment))
        timed("Gradescope", lambda: "".join(gradescope.results_json(one, assignment) for one in records))
        if options.keep:
            (options.keep / "report.html").write_text(str(page), encoding="utf-8")


if __name__ == "__main__":
    main()
