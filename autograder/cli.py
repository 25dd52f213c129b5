"""The command line: thin verbs over the rooms of this package.

Results go to stdout, progress and complaints to stderr. Exit code 0: done; 1: done, but something
needs a human; 2: used wrongly, or the course's own files are wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder import course, intake, pool, record
from autograder.course import Assignment, CourseError
from autograder.gradebook import Gradebook, GradebookError, sqlite_url
from autograder.grading import GradingError
from autograder.intake import IntakeError
from autograder.progress import Progress
from autograder.record import Record, RecordError
from autograder.release import build, verify
from autograder.release.strip import ReleaseError
from autograder.reports import exports, feedback
from autograder.sandbox import level
from autograder.sandbox.client import SandboxError
from autograder.sandbox.level import Level

DONE, ATTENTION, USAGE = 0, 1, 2
EXPECTED_ERRORS = (
    CourseError,
    GradingError,
    IntakeError,
    RecordError,
    ReleaseError,
    SandboxError,
    GradebookError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code: int = options.verb(options)
    except EXPECTED_ERRORS as error:
        if options.debug:
            traceback.print_exc()
        print(f"autograder: {error}", file=sys.stderr)
        return USAGE if isinstance(error, CourseError | IntakeError) else ATTENTION
    except KeyboardInterrupt:
        print("autograder: stopped; run the same command again to go on where it was", file=sys.stderr)
        return ATTENTION
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description="Release and grade assignments.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="print the traceback of an error")

    def verb(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help, description=help, parents=[common])
        added.set_defaults(verb=run)
        return added

    grade = verb("grade", _grade, "Grade a folder of submissions.")
    grade.add_argument("assignment")
    grade.add_argument("folder", type=Path, metavar="DIR", help="holds <student>/… or <student>.zip")
    grade.add_argument("--out", type=Path, required=True, help="where records, feedback and gradebook go")
    grade.add_argument("--gradebook", metavar="URL", help="SQLAlchemy URL; default OUT/gradebook.db")
    grade.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one a core")
    grade.add_argument("--json", action="store_true", help="print the result as JSON")
    grade.add_argument(
        "--isolation", metavar="LEVEL", help="use this isolation level instead of the best one"
    )
    grade.add_argument(
        "--unsafe-no-sandbox", action="store_true", help="run student code with no isolation at all"
    )
    release = verb("release", _release, "Build what students get.")
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    check = verb("verify", _verify, "Show that the solution earns full marks and the release none.")
    check.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    check.add_argument(
        "--models", type=Path, metavar="DIR", help="take trained models from here; do not run the notebooks"
    )
    verb("doctor", _doctor, "Say what this machine can do for isolation, and what would help.")
    return parser


# --- verbs --------------------------------------------------------------------------------------


def _grade(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    isolation = _level(options)
    sources = intake.find(options.folder, assignment.name)
    started = time.perf_counter()
    records = _grade_sources(assignment, sources, isolation, options)
    seconds = time.perf_counter() - started
    with Gradebook(options.gradebook or sqlite_url(options.out / "gradebook.db"), assignment) as book:
        book.write_all(records)
    for graded in records:
        page = feedback.render(graded, assignment)
        record.write_atomically(options.out / "feedback" / f"{graded.student}.html", page)
    record.write_atomically(options.out / "grades.csv", exports.nbgrader_csv(records, assignment))
    if options.json:
        print(json.dumps(_summary(records, options.out, seconds), indent=1))
    else:
        _print_table(records, assignment, options, seconds)
    return ATTENTION if any(g.state == "error" for r in records for g in r.grades.values()) else DONE


def _level(options: argparse.Namespace) -> Level:
    if options.unsafe_no_sandbox:
        print("autograder: no isolation: student code can read and change anything here", file=sys.stderr)
        return level.unsafe()
    return level.probe()


def _grade_sources(
    assignment: Assignment, sources: list[intake.Source], isolation: Level, options: argparse.Namespace
) -> list[Record]:
    """Grade what has changed, saving each record as it comes; all records of these students, by student."""
    folder = options.out / "records"
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [pool.Task(source, _known(folder / f"{source.student}.json")) for source in sources]
    plan = pool.Plan(assignment.name, assignment.root, isolation)
    with Progress(f"{assignment.name}, isolation {isolation.name}", len(tasks)) as progress:

        def done(task: pool.Task, graded: Record | None) -> None:
            if graded is not None:
                record.save(graded, folder)
            progress.step(failing=graded is not None and bool(graded.waiting))

        pool.run(plan, tasks, max(1, options.jobs), done)
    return [record.load(folder / f"{source.student}.json") for source in sources]


def _known(path: Path) -> record.Hashes | None:
    """Hashes of the record that is there; an unreadable one is as good as none."""
    try:
        return record.load(path).hashes
    except (FileNotFoundError, RecordError):
        return None


def _release(options: argparse.Namespace) -> int:
    for name in options.assignments or course.names():
        result = build.build(name)
        print(f"{name}: {result}")
    return DONE


def _verify(options: argparse.Namespace) -> int:
    for name in options.assignments or course.names():
        result = verify.verify(name, models=options.models)
        print(f"{name}: {result}")
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from autograder.sandbox.doctor import doctor_report

    print(doctor_report())
    return DONE


# --- what is printed ----------------------------------------------------------------------------


def _summary(records: list[Record], out: Path, seconds: float) -> dict[str, object]:
    return {
        "out": str(out),
        "seconds": round(seconds, 2),
        "students": [
            {
                "student": r.student,
                "points": r.points,
                "max_points": r.max_points,
                "waiting": r.waiting,
                "problems": list(r.problems),
                "isolation": r.isolation,
            }
            for r in records
        ],
    }


def _print_table(
    records: list[Record], assignment: Assignment, options: argparse.Namespace, seconds: float
) -> None:
    console = Console()
    table = Table(title=f"{assignment.title} ({assignment.name})", title_justify="left", header_style="bold")
    table.add_column("student")
    table.add_column("points", justify="right")
    table.add_column("of", justify="right")
    table.add_column("for a human", justify="right")
    table.add_column("what was unusual", overflow="fold")
    for r in records:
        waiting = str(len(r.waiting)) if r.waiting else ""
        table.add_row(r.student, f"{r.points:g}", f"{r.max_points:g}", waiting, "; ".join(r.problems))
    console.print(table)
    rate = f"{len(records)} submissions in {seconds:.1f} s"
    console.print(f"{rate}, isolation {records[0].isolation}", highlight=False)
    for label, path in (
        ("records", options.out / "records"),
        ("feedback", options.out / "feedback"),
        ("grades", options.out / "grades.csv"),
        ("gradebook", options.gradebook or options.out / "gradebook.db"),
    ):
        console.print(f"  {label:<10}{path}", highlight=False, soft_wrap=True)
