"""On Gradescope's machine: one hand-in in `submission/`, its result to `results/results.json`.

`run_autograder` starts this. Printed text reaches the instructor alone. Where nothing could be graded for a
reason of ours, no result is written: Gradescope then says that the autograder failed, and nobody has 0.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.policy import DAY, utc
from autograder.errors import CourseError, GradingError, IntakeError
from autograder.files import text_of, write_atomically
from autograder.intake import Source
from autograder.intake.facts import Facts
from autograder.pipelines.gradescope_zip import COURSE, SETTINGS
from autograder.reports.gradescope import results_json
from autograder.safe_text import say
from autograder.sandbox import level
from autograder.sandbox.faults import SandboxError
from autograder.workers import pool

METADATA = "submission_metadata.json"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run_autograder", description="Grade what was handed in.")
    parser.add_argument("root", type=Path, help="Gradescope's /autograder")
    parser.add_argument("--isolation", default="", metavar="LEVEL", help="in place of the best one")
    options = parser.parse_args(arguments)
    results = options.root / "results/results.json"
    results.unlink(missing_ok=True)
    try:
        settings = json.loads(text_of(options.root / "source" / SETTINGS))
        assignment = course.load(settings["assignment"], options.root / "source" / COURSE)
        chosen = level.by_name(options.isolation) if options.isolation else level.probe()
        [record] = pool.graded(assignment, [source(options.root, assignment)], chosen)
    except (CourseError, GradingError, IntakeError, SandboxError, ValueError, OSError) as error:
        say(str(error))
        return 1
    if record.fault:
        say(f"{record.fault}; nothing is reported, run it again")
        return 1
    write_atomically(results, results_json(record, assignment, visibility=settings["visibility"]))
    print(f"graded in {record.seconds:.1f} s, isolation {record.isolation}")
    for problem in record.problems:
        print(f"unusual: {problem}")
    return 0


def source(root: Path, assignment: Assignment) -> Source:
    """The hand-in, with what Gradescope's own file beside it says: who, when, due when."""
    path = root / METADATA
    about = json.loads(text_of(path)) if path.is_file() else {}
    try:
        handed_in = _time(about.get("created_at"))
        due = _time((about.get("assignment") or {}).get("due_date"))
        facts = Facts(
            handed_in=handed_in.isoformat() if handed_in else "",
            extension_days=_extension(due, assignment),
        )
        return Source(f"gradescope-{int(about.get('id') or 0)}", root / "submission", facts=facts)
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise IntakeError(f"{METADATA}: expected what Gradescope writes, got: {error}") from None


def _time(value: Any) -> datetime | None:
    return utc(datetime.fromisoformat(value)) if value else None


def _extension(due: datetime | None, assignment: Assignment) -> float:
    """Days by which the deadline set in Gradescope is later than the one in assignment.toml."""
    ours = assignment.late.due
    if due is None or ours is None:
        return 0.0
    return max(0.0, (due - utc(ours)).total_seconds() / DAY)


if __name__ == "__main__":
    sys.exit(main())
