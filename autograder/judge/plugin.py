"""One submission -> outcomes -> a record. What outcomes earn stands in `scoring.py`.

The hidden graders are pytest files. They are collected once a process and then run for as many
submissions as come: a pytest plugin (`Judge`) takes submissions from an iterable, hands the tests a
`student` whose functions run in the sandbox, and turns what each test came to into a record.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from autograder import intake
from autograder.answers.question import Asked
from autograder.course.assignment import Assignment
from autograder.errors import GradingError
from autograder.intake import Submission
from autograder.judge import excuses
from autograder.judge.digests import hashes, solved_files, with_given_files
from autograder.judge.outcomes import PLAIN, case_id, criterion_param, is_error, is_plain, outcome_of
from autograder.judge.scoring import doubted, hold_to_excuses, judge_code, judge_inline
from autograder.judge.task import unreadable
from autograder.notebook import GradeCell
from autograder.records.record import CaseResult, Grade, Record
from autograder.sandbox.client import Sandbox
from autograder.sandbox.errors import SandboxError
from autograder.sandbox.level import Level, probe
from autograder.sandbox.student import Student

ATTEMPTS = 2  # a case that met a fault of ours is tried this often


# --- the pytest plugin --------------------------------------------------------------------------


@dataclass
class _Now:
    """The submission being graded."""

    submission: Submission
    answers: Mapping[str, str]
    unreadable: Mapping[str, str]  # notebook -> why
    doubts: Mapping[str, str]  # grade id -> why a person looks
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
        return self._ready_student(request.node)

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
        metafunc.parametrize("criterion", [criterion_param(a) for a in asked])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.get_closest_marker("grade")]  # none: no rubric to test by

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.collection_errors:
            raise GradingError("hidden graders do not load:\n" + "\n".join(self.collection_errors))
        self._plain = {i for i in session.items if isinstance(i, pytest.Function) and is_plain(i)}
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
        """Whatever goes wrong over one hand-in stands in its own record, and stops no other."""
        try:
            return self._grade(items, submission)
        except (SandboxError, GradingError):
            raise
        except Exception as error:
            fault = f"grading stopped ({type(error).__name__}: {error})"
            reason = f"{fault}; look at it by hand"
            return unreadable(self.assignment, submission.student, reason, self.level.name, fault)

    def _grade(self, items: list[pytest.Item], submission: Submission) -> Record:
        started = time.perf_counter()
        if submission.unreadable:
            reason, fault = submission.unreadable, submission.fault
            return unreadable(self.assignment, submission.student, reason, self.level.name, fault)
        written = submission.answers or intake.read_answers(self.assignment, submission.notebooks)
        answers, broken = written.texts, written.broken
        now = self._now = _Now(submission, answers, broken, {**written.doubts, **submission.doubts})
        for _ in range(ATTEMPTS):
            self._attempt(
                [i for i in items if case_id(i) not in now.cases or is_error(now.cases[case_id(i)])]
            )
            if len(now.cases) == len(items) and not any(map(is_error, now.cases.values())):
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
            fault=next((case.message for case in now.cases.values() if is_error(case)), ""),
        )

    def _attempt(self, items: list[pytest.Item]) -> None:
        """Run `items`; a case gets its result, or is left out if the sandbox does not even start."""
        now = self.now
        files = with_given_files(self.assignment, now.submission)
        try:
            aliases = now.submission.aliases
            package, solved = self.assignment.package, solved_files(self.assignment.library)
            with self.sandbox.submission(files, package, aliases, solved=solved) as student:
                now.student = student
                self._run(items)
                now.student_seconds += student.total_seconds
        except SandboxError as error:
            missing = CaseResult("", "core", 1.0, "error", f"the sandbox did not start: {error}")
            now.cases.update({case_id(i): replace(missing, id=case_id(i)[1]) for i in items})

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
                given[name] = self._ready_student(item)
            elif name in PLAIN:
                given[name] = self.now.submission.results if name == "results" else self.now.answers
        return item.obj(**given)

    def _ready_student(self, item: pytest.Item) -> Student:
        student = self.now.student
        if student is None:
            raise GradingError("a grader asked for the student before the sandbox was open")
        mark = item.get_closest_marker("grade")
        role = (
            {} if mark is None else {k: mark.kwargs[k] for k in ("builds_on", "without") if k in mark.kwargs}
        )
        student.begin_case(zlib.crc32(item.name.encode()), **role)
        return student

    def _restart_sandbox(self) -> None:
        self.sandbox.close()
        self.sandbox = Sandbox(self.assignment.limits, level=self.level)

    def _judge(self, cell: GradeCell, now: _Now) -> Grade:
        if cell.manual:
            readable = cell.notebook not in now.unreadable
            question = self.assignment.question(cell.grade_id)
            answer = now.answers.get(cell.grade_id)
            grade = judge_inline(cell, answer, readable, question, now.of(cell.grade_id))
        else:
            grade = judge_code(cell, now.of(cell.grade_id))
        why = now.doubts.get(cell.grade_id, "")
        return doubted(grade, why) if why else grade

    def _keep(self, item: pytest.Item, mark: pytest.Mark, call: pytest.CallInfo[None]) -> None:
        """What the case came to, and what it passed on."""
        key, student = case_id(item), self.now.student
        self.now.cases[key] = self._case(item, mark, call)
        asked = student is not None and "student" in getattr(item, "fixturenames", ())
        self.now.excused[key] = set(student.excuses) if student and asked else set()

    def _case(self, item: pytest.Item, mark: pytest.Mark, call: pytest.CallInfo[None]) -> CaseResult:
        outcome, message, prop = outcome_of(call.excinfo.value if call.excinfo else None)
        if outcome == "passed" and isinstance(call.result, str):
            message = call.result
        return CaseResult(
            id=case_id(item)[1],
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
