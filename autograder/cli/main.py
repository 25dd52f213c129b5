"""The command line: thin verbs over the rooms of this package.

Results go to stdout, progress and complaints to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from autograder import intake
from autograder.cli import grade as printed
from autograder.cli.collect import show
from autograder.cli.progress import Progress
from autograder.cli.review import as_data, ask, show_all
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import (
    CourseError,
    ExportError,
    FolderError,
    GradebookError,
    GradingError,
    IntakeError,
    RecordError,
    ReleaseError,
    ReviewError,
    RosterError,
)
from autograder.files import write_atomically
from autograder.gradebook.graded import Graded
from autograder.gradebook.url import sqlite_url
from autograder.records.store import Store
from autograder.release import build, verify
from autograder.runs import collect as collecting
from autograder.runs import grade as run
from autograder.runs import publish as reporting
from autograder.runs import review
from autograder.sandbox import level
from autograder.sandbox.errors import SandboxError
from autograder.sandbox.level import Level

DONE, ATTENTION, USAGE, FAILED = 0, 1, 2, 3
CODES = (
    "exit code 0: done; 1: done, and people are needed; 2: used wrongly, or the course's own files are "
    "wrong; 3: could not run, or not to the end"
)
USED_WRONGLY = (CourseError, ExportError, FolderError, IntakeError, ReleaseError, ReviewError, RosterError)
COULD_NOT_RUN = (GradebookError, GradingError, RecordError, SandboxError)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code: int = options.verb(options)
    except (*USED_WRONGLY, *COULD_NOT_RUN) as error:
        if options.debug:
            traceback.print_exc()
        print(f"autograder: {error}", file=sys.stderr)
        return USAGE if isinstance(error, USED_WRONGLY) else FAILED
    except OSError as error:  # a full disk, a folder that may not be written
        if options.debug:
            traceback.print_exc()
        print(
            f"autograder: {error}; what is done is kept, so fix this and run the same command again",
            file=sys.stderr,
        )
        return FAILED
    except KeyboardInterrupt:
        print("autograder: stopped; run the same command again to go on where it was", file=sys.stderr)
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder", description="Release and grade assignments.", epilog=CODES
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="print the traceback of an error")

    def verb(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help, description=help, epilog=CODES, parents=[common])
        added.set_defaults(verb=run)
        return added

    collect = verb("collect", _collect, "Bring hand-ins from an LMS's download to where they are graded.")
    collect.add_argument("assignment")
    collect.add_argument("sources", type=Path, nargs="+", metavar="FROM", help="downloads: folders or zips")
    collect.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="gets <student>/<assignment>/…"
    )
    collect.add_argument(
        "--roster", type=Path, metavar="FILE", help="CSV: id, name, email, extension_days, …"
    )
    collect.add_argument(
        "--alias", action="append", default=[], metavar="NAME", help="the package's other name"
    )
    collect.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help='processes, for the rule "best"'
    )
    collect.add_argument("--times", type=Path, metavar="FILE", help="CSV: id, time, if the download has none")
    collect.add_argument("--json", action="store_true", help="print the report as JSON")
    _isolation_options(collect)
    grade = verb("grade", _grade, "Grade a folder of submissions.")
    grade.add_argument("assignment")
    grade.add_argument("folder", type=Path, metavar="DIR", help="holds <student>/… or <student>.zip")
    grade.add_argument(
        "--out", type=Path, required=True, help="where this assignment's records, feedback and gradebook go"
    )
    for option, help in (
        ("--student", "grade only this one; the rest of the class keeps its results (may be repeated)"),
        ("--withdrawn", "leave this one out from now on, until --student names them (may be repeated)"),
    ):
        grade.add_argument(option, action="append", default=[], metavar="ID", help=help)
    grade.add_argument("--gradebook", metavar="URL", help="SQLAlchemy URL; default OUT/gradebook.db")
    grade.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one a core")
    grade.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="grade on this Dask cluster instead of here"
    )
    grade.add_argument("--dry-run", action="store_true", help="show what would change; write nothing")
    grade.add_argument("--json", action="store_true", help="print the result as JSON, and progress as well")
    grade.add_argument(
        "--formgrader", action="store_true", help="also write the notebooks that formgrader opens"
    )
    grade.add_argument(
        "--alias",
        action="append",
        default=[],
        metavar="NAME",
        help="the package may be called so, in an older form; see docs/intake.md",
    )
    _isolation_options(grade)
    release = verb("release", _release, "Build what students get.")
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    check = verb("verify", _verify, "Show that the solution earns full marks and the release none.")
    check.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    check.add_argument(
        "--models", type=Path, metavar="DIR", help="take trained models from here; do not run the notebooks"
    )
    report = verb("report", _report, "Write the class report, and feedback with what people entered since.")
    export = verb("export", _export, "Write the grades in a format another program reads.")
    for added in (report, export):
        added.add_argument("assignment")
        added.add_argument("out", type=Path, metavar="OUT", help="what autograder grade wrote")
        added.add_argument("--roster", type=Path, metavar="FILE", help="CSV: id, name, …; or Canvas's export")
        added.add_argument("--gradebook", default="", metavar="URL", help="default OUT/gradebook.db")
    export.add_argument("--format", required=True, choices=reporting.FORMATS)
    export.add_argument("--to", type=Path, required=True, metavar="PATH", help="a file; gradescope: a folder")
    export.add_argument(
        "--final",
        action="store_true",
        help="count what is proposed, and 0 for what is not known, in place of leaving cells blank",
    )
    look = verb("review", _review, "List the answers that need review, and decide about them.")
    look.add_argument("assignment")
    look.add_argument("--out", type=Path, required=True, help="where `grade` wrote the results")
    look.add_argument("--gradebook", metavar="URL", help="SQLAlchemy URL; default OUT/gradebook.db")
    look.add_argument(
        "--decide", action="append", default=[], metavar="GROUP=POINTS", help="may be given more than once"
    )
    look.add_argument("--comment", default="", metavar="TEXT", help="for the students of the groups decided")
    look.add_argument("--ask", action="store_true", help="go through the groups one by one")
    look.add_argument("--overwrite", action="store_true", help="also what a person has decided before")
    look.add_argument("--json", action="store_true", help="print the groups as JSON")
    alike = verb("similarity", _similarity, "Show which passages hand-ins have in common; no points change.")
    alike.add_argument("assignment")
    alike.add_argument("folder", type=Path, metavar="DIR", help="holds <student>/… or <student>.zip")
    alike.add_argument("--out", type=Path, required=True, help="where similarity.html goes")
    alike.add_argument("--json", action="store_true", help="print the pairs as JSON")
    start = verb("init", _init, "Make a small complete course in a new folder.")
    start.add_argument("folder", type=Path, metavar="DIR", help="the new folder")
    start.add_argument("--title", default="A course", metavar="TEXT", help="as students read it")
    start.add_argument("--package", default="course_lib", metavar="NAME", help="what students complete")
    start.add_argument("--assignment", default="first", metavar="NAME", help="the first one's name")
    another = verb("new", _new, "Add an assignment to this course.")
    another.add_argument("assignment", metavar="NAME", help="letters, digits and _")
    attempt = verb("try", _try, "Run graders on one hand-in and show where each case ended.")
    attempt.add_argument("grader", metavar="GRADER", help="an assignment, a grader's file or a grade id")
    attempt.add_argument(
        "hand_in",
        nargs="?",
        default="solution",
        metavar="HAND-IN",
        help="solution, skeleton, or a path",
    )
    attempt.add_argument("--models", type=Path, metavar="DIR", help="the solution's trained models")
    _isolation_options(attempt)
    verb("doctor", _doctor, "Say what this machine can do for isolation, and what would help.")
    return parser


def _isolation_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--isolation", metavar="LEVEL", help="use this isolation level instead of the best one"
    )
    parser.add_argument(
        "--unsafe-no-sandbox", action="store_true", help="run student code with no isolation at all"
    )


# --- verbs --------------------------------------------------------------------------------------


def _collect(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    report = collecting.collect(
        assignment,
        options.sources,
        options.to,
        options.roster,
        options.times,
        _aliases(options, assignment),
        _level(options),
        max(1, options.jobs),
    )
    if options.json:
        print(report.to_json(), end="")
    else:
        show(report, options.to)
    return ATTENTION if report.unusual or report.unmatched else DONE


def _aliases(options: argparse.Namespace, assignment: Assignment) -> tuple[str, ...]:
    """Names given by --alias in place of those of assignment.toml."""
    for name in options.alias:
        if not name.isidentifier() or name == assignment.package:
            raise CourseError(
                f"--alias: expected the name of a package other than {assignment.package}, got {name!r}"
            )
    return tuple(dict.fromkeys(options.alias)) or assignment.intake.package_aliases


def _grade(options: argparse.Namespace) -> int:
    assignment = course.load(options.assignment)
    run.refuse_overlap(options.folder, options.out)
    request = run.Request(
        assignment=assignment,
        sources=intake.find(options.folder, assignment, _aliases(options, assignment)),
        level=_level(options),
        out=options.out,
        gradebook=options.gradebook or sqlite_url(options.out / "gradebook.db"),
        jobs=options.jobs,
        scheduler=options.scheduler,
        dry_run=options.dry_run,
        progress=partial(Progress, as_json=options.json),
        formgrader=options.formgrader,
        students=tuple(options.student),
        withdrawn=tuple(options.withdrawn),
    )
    loose = intake.beside(options.folder)
    result = run.grade(request, printed.quiet if options.json else printed.changes)
    if options.json:
        print(json.dumps(printed.as_data(result, options.out, loose), indent=1))
    else:
        printed.table(result, request, loose)
    return ATTENTION if loose or any(line.needed for line in result.lines) else DONE


def _level(options: argparse.Namespace) -> Level:
    if options.unsafe_no_sandbox:
        print("autograder: no isolation: student code can read and change anything here", file=sys.stderr)
        return level.unsafe()
    if options.isolation:
        try:
            return level.by_name(options.isolation)
        except ValueError as error:
            raise SandboxError(str(error)) from None
    return level.probe()


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


def _report(options: argparse.Namespace) -> int:
    graded = Graded(course.load(options.assignment), options.out, options.gradebook)
    matched = reporting.matched_with(graded, options.roster)
    needed = reporting.write_pages(graded, matched)
    print(f"{len(graded.students)} students: {options.out / 'report.html'}, {options.out / 'feedback'}")
    if needed:
        print(f"autograder: {len(needed)} need review; report.html says what for", file=sys.stderr)
    return ATTENTION if reporting.tell(matched) or needed else DONE


def _export(options: argparse.Namespace) -> int:
    graded = Graded(course.load(options.assignment), options.out, options.gradebook)
    exported = reporting.export(graded, options.format, options.roster, options.to, options.final)
    print(f"{exported.students} students, {options.format}: {options.to}")
    needed = reporting.tell_needed(exported, options.final)
    return ATTENTION if reporting.tell(exported.matched) or needed else DONE


def _similarity(options: argparse.Namespace) -> int:
    # Here, because copydetect imports matplotlib, which the other verbs need not wait for.
    from autograder.similarity import compare as similarity
    from autograder.similarity import page

    assignment = course.load(options.assignment)
    Store(options.out).refuse_other(assignment.name)
    sources = intake.find(options.folder, assignment)
    with Progress(f"{assignment.name}, reading", len(sources)) as progress:
        found = similarity.compare(assignment, sources, progress.step)
    path = options.out / "similarity.html"
    write_atomically(path, page.render(found))
    if options.json:
        print(json.dumps(page.summary(found), indent=1))
    else:
        pairs = f"{found.above} of {sum(found.histogram)} pairs"
        print(f"{pairs} have at least {similarity.THRESHOLD:.0%} in common; read both sides in {path}")
    return DONE


def _review(options: argparse.Namespace) -> int:
    url = options.gradebook or sqlite_url(options.out / "gradebook.db")
    graded = Graded(course.load(options.assignment), options.out, url)
    wanted = review.Wanted(tuple(options.decide), options.comment, options.overwrite)
    question = graded.assignment.question
    asked = partial(ask, question=question, read=input) if options.ask else None
    remaining = review.review(graded, wanted, asked)
    if options.json:
        print(json.dumps(as_data(remaining), indent=1, ensure_ascii=False))
    else:
        show_all(remaining, graded.assignment.question)
    return ATTENTION if remaining else DONE


def _init(options: argparse.Namespace) -> int:
    from autograder.cli import author

    author.init(options.folder, options.title, options.package, options.assignment)
    return DONE


def _new(options: argparse.Namespace) -> int:
    from autograder.cli import author

    author.new(options.assignment)
    return DONE


def _try(options: argparse.Namespace) -> int:
    from autograder.cli import author

    passed = author.try_(options.grader, options.hand_in, options.models, _level(options))
    return DONE if passed else ATTENTION


def _doctor(options: argparse.Namespace) -> int:
    from autograder.sandbox.doctor import doctor_report

    print(doctor_report())
    return DONE
