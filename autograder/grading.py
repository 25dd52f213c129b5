"""One submission -> outcomes -> a record. What outcomes earn stands in `scoring.py`.

The hidden graders are pytest files. They are collected once a process and then run for as many
submissions as come: a pytest plugin (`Judge`) takes submissions from an iterable, hands the tests a
`student` whose functions run in the sandbox, and turns what each test came to into a record.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import intake
from autograder.course import Assignment, GradeCell
from autograder.graders import excuses
from autograder.graders.checks import CheckFailed
from autograder.graders.shared.inline import Asked
from autograder.intake import IntakeError, Source, Submission
from autograder.record import CaseResult, Grade, Hashes, Outcome, Record
from autograder.sandbox.client import Sandbox, SandboxError, Student, StudentError
from autograder.sandbox.level import Level, probe
from autograder.scoring import hold_to_excuses, judge_code, judge_inline

GRADERS = Path(__file__).parent / "graders"
PLAIN = ("student", "results", "answers")  # the fixtures of the plugin below
UNPLAIN = ("skip", "skipif", "xfail", "usefixtures")  # marks that pytest itself acts on
ATTEMPTS = 2  # a case that met a fault of ours is tried this often


class GradingError(Exception):
    """The hidden graders themselves cannot be used."""


# --- what a result depends on -------------------------------------------------------------------


@cache
def graders_digest(assignment: Assignment) -> str:
    """Hash of all that decides points: graders, expected arrays, rubric, settings, points, and the files
    that stand in for what a student did not hand in."""
    total = hashlib.sha256(repr([(c.grade_id, c.points, c.kind) for c in assignment.grade_cells]).encode())
    for name, data in _deciding(assignment):
        total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def _deciding(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    """Files that decide points. Graders of other assignments do not: theirs lie in folders of their own."""
    others = {path.parent.name for path in assignment.root.glob("source/*/assignment.toml")}
    others -= {assignment.name}
    for path in sorted(GRADERS.rglob("*")):
        name = path.relative_to(GRADERS)
        if path.is_file() and path.suffix != ".pyc" and name.parts[0] not in others:
            yield name.as_posix(), path.read_bytes()
    rubrics = sorted((GRADERS.parent / "rubrics").glob("*.toml"))  # all: one may refer to another
    for path in (assignment.settings, *rubrics):
        if path.exists():
            yield path.name, path.read_bytes()
    yield from _released(assignment.release_folder, assignment.package).items()


def environment() -> tuple[str, ...]:
    """What the student's code runs on, in words."""
    return (
        f"Python {platform.python_version()}",
        f"NumPy {np.__version__}",
        f"{platform.system()} on {platform.machine()}",
    )


@cache
def environment_digest() -> str:
    """Hash of what the student's code runs on: the machine's side, and this kit's judge and sandbox."""
    total = hashlib.sha256(repr(environment()).encode())
    for path in (Path(__file__), *sorted((Path(__file__).parent / "sandbox").glob("*.py"))):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def hashes(assignment: Assignment, submission: Submission) -> Hashes:
    return Hashes(submission.digest(), graders_digest(assignment), environment_digest())


# --- the pytest plugin --------------------------------------------------------------------------


@dataclass
class _Now:
    """The submission being graded."""

    submission: Submission
    answers: Mapping[str, str]
    unreadable: Mapping[str, str]  # notebook -> why
    cases: dict[tuple[str, str], CaseResult] = field(default_factory=dict)  # (grade id, case id) -> result
    excused: dict[tuple[str, str], set[excuses.Blamed]] = field(default_factory=dict)
    student: Student | None = None
    student_seconds: float = 0.0

    def of(self, grade_id: str) -> tuple[CaseResult, ...]:
        return tuple(case for (cell, _), case in self.cases.items() if cell == grade_id)


class Judge:
    """Runs the collected graders once for each submission. A pytest plugin."""

    def __init__(
        self,
        assignment: Assignment,
        submissions: Iterable[Submission],
        emit: Callable[[Record], None],
        level: Level | None = None,
    ) -> None:
        self.assignment = assignment
        self.submissions = submissions
        self.emit = emit
        self.level = level or probe()
        self.sandbox = Sandbox(assignment.limits, level=self.level)
        self.collection_errors: list[str] = []
        self._now: _Now | None = None
        self._plain: set[pytest.Item] = set()

    @property
    def now(self) -> _Now:
        if self._now is None:
            raise GradingError("a grader ran with no submission at hand")
        return self._now

    # fixtures

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        """The submission's code, behind the sandbox; a fresh random state for each case."""
        return self._ready_student(request.node.name)

    @pytest.fixture
    def results(self) -> Mapping[str, bytes]:
        return self.now.submission.results

    @pytest.fixture
    def answers(self) -> Mapping[str, str]:
        return self.now.answers

    # hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "grade(grade_id, kind, weight, hint): the cell a case belongs to")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each criterion of the assignment's rubrics."""
        if "criterion" not in metafunc.fixturenames:
            return
        asked = [Asked(q, c) for q in self.assignment.questions for c in q.criteria]
        metafunc.parametrize("criterion", [_criterion(a) for a in asked])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.get_closest_marker("grade")]  # none: no rubric to test by

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.collection_errors:
            raise GradingError("hidden graders do not load:\n" + "\n".join(self.collection_errors))
        self._plain = {i for i in session.items if isinstance(i, pytest.Function) and _is_plain(i)}
        try:
            for submission in self.submissions:
                self.emit(self._record(session.items, submission))
        finally:
            self.sandbox.close()
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Keep what the case came to, in place of pytest's own report: its tracebacks, which nobody would
        read, take a second for each failing case."""
        mark = item.get_closest_marker("grade")
        if mark is not None and (call.when == "call" or (call.when == "setup" and call.excinfo)):
            self._keep(item, mark, call)
        outcome = "failed" if call.excinfo else "passed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)  # type: ignore[arg-type]

    # one submission

    def _record(self, items: list[pytest.Item], submission: Submission) -> Record:
        """Whatever goes wrong over one hand-in is told in its own record, and stops no other."""
        try:
            return self._grade(items, submission)
        except (SandboxError, GradingError):
            raise
        except Exception as error:
            reason = f"grading stopped ({type(error).__name__}: {error}); look at it by hand"
            return unreadable(self.assignment, submission.student, reason, self.level.name)

    def _grade(self, items: list[pytest.Item], submission: Submission) -> Record:
        started = time.perf_counter()
        if submission.unreadable:
            return unreadable(self.assignment, submission.student, submission.unreadable, self.level.name)
        answers, broken = _answers(submission)
        now = self._now = _Now(submission, answers, broken)
        for _ in range(ATTEMPTS):
            self._attempt([i for i in items if _id(i) not in now.cases or _is_error(now.cases[_id(i)])])
            if len(now.cases) == len(items) and not any(map(_is_error, now.cases.values())):
                break
            self._restart_sandbox()
        hold_to_excuses(now.cases, now.excused)
        cells = self.assignment.grade_cells
        return Record(
            student=submission.student,
            assignment=self.assignment.name,
            isolation=self.level.name,
            hashes=hashes(self.assignment, submission),
            grades={cell.grade_id: self._judge(cell, now) for cell in cells},
            problems=(*submission.problems, *broken.values()),
            answers={c.grade_id: answers[c.grade_id] for c in cells if c.manual and c.grade_id in answers},
            seconds=round(time.perf_counter() - started, 4),
            student_seconds=round(now.student_seconds, 4),
            handed_in=submission.handed_in,
            extension_days=submission.extension_days,
        )

    def _attempt(self, items: list[pytest.Item]) -> None:
        """Run `items`; a case gets its result, or is left out if the sandbox does not even start."""
        now = self.now
        files = with_given_files(self.assignment, now.submission)
        try:
            aliases = now.submission.aliases
            with self.sandbox.submission(files, self.assignment.package, aliases) as student:
                now.student = student
                self._run(items)
                now.student_seconds += student.total_seconds
        except SandboxError as error:
            missing = CaseResult("", "core", 1.0, "error", f"the sandbox did not start: {error}")
            now.cases.update({_id(i): replace(missing, id=_id(i)[1]) for i in items})

    def _run(self, items: list[pytest.Item]) -> None:
        for item, after in zip(items, [*items[1:], None], strict=False):
            mark = item.get_closest_marker("grade")
            if mark is not None and isinstance(item, pytest.Function) and item in self._plain:
                call = pytest.CallInfo.from_call(
                    partial(self._call, item), when="call", reraise=(KeyboardInterrupt, pytest.exit.Exception)
                )
                self._keep(item, mark, call)
            else:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)

    def _call(self, item: pytest.Function) -> Any:
        """Call a plain test with what it asks for. A text it returns is its message."""
        given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        for name in item._fixtureinfo.argnames:
            if name == "student":
                given[name] = self._ready_student(item.name)
            elif name in PLAIN:
                given[name] = self.now.submission.results if name == "results" else self.now.answers
        return item.obj(**given)

    def _ready_student(self, case: str) -> Student:
        student = self.now.student
        if student is None:
            raise GradingError("a grader asked for the student before the sandbox was open")
        student.begin_case(seed=zlib.crc32(case.encode()))
        return student

    def _restart_sandbox(self) -> None:
        self.sandbox.close()
        self.sandbox = Sandbox(self.assignment.limits, level=self.level)

    def _judge(self, cell: GradeCell, now: _Now) -> Grade:
        if cell.manual:
            readable = cell.notebook not in now.unreadable
            question = self.assignment.question(cell.grade_id)
            answer = now.answers.get(cell.grade_id)
            return judge_inline(cell, answer, readable, question, now.of(cell.grade_id))
        return judge_code(cell, now.of(cell.grade_id))

    def _keep(self, item: pytest.Item, mark: pytest.Mark, call: pytest.CallInfo[None]) -> None:
        """What the case came to, and what it passed on."""
        key, student = _id(item), self.now.student
        self.now.cases[key] = self._case(item, mark, call)
        asked = student is not None and "student" in getattr(item, "fixturenames", ())
        self.now.excused[key] = set(student.excuses) if student and asked else set()

    def _case(self, item: pytest.Item, mark: pytest.Mark, call: pytest.CallInfo[None]) -> CaseResult:
        outcome, message, prop = _outcome(call.excinfo.value if call.excinfo else None)
        if outcome == "passed" and isinstance(call.result, str):
            message = call.result
        return CaseResult(
            id=_id(item)[1],
            kind=mark.kwargs["kind"],
            weight=mark.kwargs["weight"],
            outcome=outcome,
            message=message,
            hint=mark.kwargs["hint"] if outcome == "failed" else "",
            property=prop,
            seconds=round(call.duration, 4),
            called=self._called(item, message) if outcome == "failed" else "",
        )

    def _called(self, item: pytest.Item, message: str) -> str:
        """The call that the message is about, if the case made any."""
        student = self.now.student
        return (
            student.calls.about(message) if student and "student" in getattr(item, "fixturenames", ()) else ""
        )


def _id(item: pytest.Item) -> tuple[str, str]:
    """(grade id, case id): the test's own name and its parameters."""
    mark = item.get_closest_marker("grade")
    name = item.name.removeprefix("test_")
    if mark and mark.kwargs["kind"] == "criterion":
        name = name.partition("[")[2].removesuffix("]")  # "inline_x_1[where]", as cells of tests have it
    return (mark.args[0] if mark else "", name)


def _criterion(asked: Asked) -> Any:
    """A criterion as a parameter of its test, with the cell and the points it counts for."""
    grade_id, criterion = asked.question.grade_id, asked.criterion
    mark = pytest.mark.grade(grade_id, kind="criterion", weight=criterion.points, hint="")
    return pytest.param(asked, id=f"{grade_id}[{criterion.id}]", marks=mark)


def _is_plain(item: pytest.Function) -> bool:
    """Whether a test is a function that asks for our fixtures and its own parameters only. pytest's whole
    protocol of hooks, which serves all others, costs as much as a small check itself."""
    params = set(item.callspec.params) if hasattr(item, "callspec") else set()
    known = set(item.fixturenames) <= {*PLAIN, "request"} | params
    return known and item.cls is None and not any(m.name in UNPLAIN for m in item.iter_markers())


def _is_error(case: CaseResult) -> bool:
    return case.outcome == "error"


def _outcome(error: BaseException | None) -> tuple[Outcome, str, str]:
    """What an exception out of a grader means: outcome, message, property."""
    if error is None:
        return "passed", "", ""
    if isinstance(error, CheckFailed):
        return "failed", str(error), error.property
    if isinstance(error, StudentError):
        return "failed", told(error), "code"
    if isinstance(error, pytest.skip.Exception):
        return "skipped", str(error), ""
    return "error", f"{type(error).__name__}: {error}", ""


def told(error: StudentError) -> str:
    """A student's own error as they would see it: the message, then their own lines."""
    frames = [f"  {f.file} line {f.line}, in {f.function}: {f.source}".rstrip(": ") for f in error.frames]
    return "\n".join([error.message, *frames])


def _answers(submission: Submission) -> tuple[dict[str, str], dict[str, str]]:
    """Inline answers by grade id, and for each notebook that cannot be read, why.

    JSON may hold half of a surrogate pair, which no file and no pipe takes.
    """
    found: dict[str, str] = {}
    broken: dict[str, str] = {}
    for name, data in submission.notebooks.items():
        try:
            read = intake.answers(name, data)
            found = {**{key: text.encode("utf-8", "replace").decode() for key, text in read.items()}, **found}
        except IntakeError as error:
            broken[name] = str(error)
    return found, broken


@cache
def _released(folder: Path, package: str) -> dict[str, bytes]:
    files = sorted((folder / package).rglob("*.py"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def with_given_files(assignment: Assignment, submission: Submission) -> dict[str, bytes]:
    """The student's package, with files they did not hand in taken from the release as it was given out."""
    return {**_released(assignment.release_folder, assignment.package), **submission.package}


# --- the way in ---------------------------------------------------------------------------------

_UNUSED = "terminal cacheprovider warnings logging junitxml pastebin doctest unittest debugging stepwise"
_ARGUMENTS = [
    *("-c", os.devnull, "--rootdir", str(GRADERS), "--import-mode=importlib", "--strict-markers"),
    *("--assert=plain", "--capture=no", "--continue-on-collection-errors"),
    *(argument for name in _UNUSED.split() for argument in ("-p", f"no:{name}")),
]


@contextmanager
def _plain_pytest() -> Iterator[None]:
    """pytest as we call it: no plugins or options from whoever's environment this is."""
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def grade_all(
    assignment: Assignment,
    submissions: Iterable[Submission],
    emit: Callable[[Record], None],
    level: Level | None = None,
) -> None:
    """Grade submissions one after the other, calling `emit` with each record as it is made.

    Raises:
        GradingError: the hidden graders do not load. No submission was graded.
        SandboxError: this machine offers no sandbox and none was asked for.
    """
    folder = GRADERS / assignment.name
    if not folder.is_dir():
        raise GradingError(f"autograder/graders/{assignment.name}: no hidden graders for this assignment")
    judge = Judge(assignment, submissions, emit, level)
    with _plain_pytest():
        code = pytest.main([str(folder), *_ARGUMENTS], plugins=[judge])
    if judge.collection_errors:
        raise GradingError("hidden graders do not load:\n" + "\n".join(judge.collection_errors))
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise GradingError(f"pytest stopped with {code!r} in autograder/graders/{assignment.name}")


@dataclass(frozen=True)
class Task:
    """A hand-in to grade, and what the record that is already there depended on."""

    source: Source
    known: Hashes | None = None
    submission: Submission | None = None  # already read, where the grading process cannot reach the source


def read(source: Source, assignment: Assignment) -> Submission:
    """A hand-in in memory. Whatever goes wrong over it is told in its own record, and stops no other."""
    try:
        return intake.read(source, assignment)
    except Exception as error:
        reason = f"the hand-in could not be read ({type(error).__name__}: {error}); look at it by hand"
        return Submission(source.student, unreadable=reason)


def grade_tasks(
    assignment: Assignment, tasks: Iterable[Task], reply: Callable[[Record | None], None], level: Level | None
) -> None:
    """Read and grade each task, in order; `reply(None)` for one in which nothing has changed."""

    def changed() -> Iterator[Submission]:
        for task in tasks:
            submission = task.submission or read(task.source, assignment)
            if task.known == hashes(assignment, submission):
                reply(None)
            else:
                yield submission

    grade_all(assignment, changed(), reply, level)


def grade_one(assignment: Assignment, submission: Submission, level: Level | None = None) -> Record:
    """The record of a single submission."""
    records: list[Record] = []
    grade_all(assignment, [submission], records.append, level)
    return records[0]


def unreadable(assignment: Assignment, source: str, reason: str, level: str) -> Record:
    """The record of a submission that could not be graded: every cell waits for a human."""
    comment = "This hand-in could not be graded. Your instructor has been told."
    grades = {
        c.grade_id: Grade(c.grade_id, c.notebook, None, c.points, "error", comment=comment, internal=reason)
        for c in assignment.grade_cells
    }
    nothing = Hashes("", graders_digest(assignment), environment_digest())
    return Record(source, assignment.name, level, nothing, grades, problems=(reason,))
