"""One hand-in -> outcomes -> a record. What outcomes earn stands in `scoring`.

A check that builds on other functions comes after theirs. If these have all passed, it runs with the
student's own: they are right, and a call costs nothing. If not, the solved package answers in their place.
Whichever it is, the result is compared with the same right one; a check that fails is tried the other way
too, with the student's own only if those it called have passed all their core checks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder import intake
from autograder.checks import student as graders
from autograder.course.assignment import Assignment
from autograder.errors import GradingError
from autograder.intake import Submission
from autograder.judge.check import Check, cells_of
from autograder.judge.digests import hashes, solved_files, with_given_files
from autograder.judge.doubts import settled
from autograder.judge.notebook_code import notebook_modules
from autograder.judge.outcomes import Came, run, students_fault
from autograder.judge.scoring import doubted, judge_code, judge_inline
from autograder.judge.task import unread
from autograder.notebook import GradeCell
from autograder.records.record import CaseResult, Grade, Record
from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.level import Level, probe
from autograder.sandbox.sandboxed_student import SandboxedStudent

CALLED = re.compile(r"^  \S+ line \d+, in (\w+)", re.MULTILINE)  # a student's line in `student_message`
NO_FORWARD = re.compile(r"checked, because (\w+) is not written yet, and ")  # as `preparing` says it
IN_TABLE = re.compile(r"^\w+\[(.+)\]$")  # a case's id in its table, of "batchnorm_forward_train[wide]"
ATTEMPTS = 2  # a case that met a fault of ours is tried this often

Key = tuple[str, str]  # grade id, case id


@dataclass
class Now:
    """The submission being graded."""

    submission: Submission
    answers: Mapping[str, str]
    unreadable: Mapping[str, str]  # notebook -> why
    doubts: Mapping[str, str]  # grade id, or a trained model -> why a person looks
    cases: dict[Key, CaseResult] = field(default_factory=dict)
    student_seconds: float = 0.0

    def of(self, grade_id: str) -> tuple[CaseResult, ...]:
        return tuple(case for (cell, _), case in self.cases.items() if cell == grade_id)

    def wrong(self) -> set[str]:
        """The cells in which a case was lost, or is not known. A function without a cell is never in them."""
        return {cell for (cell, _), case in self.cases.items() if case.outcome not in ("passed", "skipped")}

    def broken(self) -> set[str]:
        """Those of them in which it is more than an edge case."""
        known = ("passed", "skipped")
        return {
            cell
            for (cell, _), case in self.cases.items()
            if case.outcome not in known and not (case.kind == "edge" and case.outcome == "failed")
        }

    def unwritten(self) -> set[str]:
        """The cells whose cases failed for want of code alone: to call their functions costs nothing."""
        return self.wrong() - {
            cell
            for (cell, _), case in self.cases.items()
            if case.outcome in ("failed", "error") and not _raised_by_stub(case)
        }

    def lost(self, cells: Collection[str]) -> frozenset[Key]:
        """The cases of these cells that have failed, by the ids that graders gave them."""
        if not cells:
            return frozenset()
        return frozenset(
            (cell, IN_TABLE.sub(r"\1", id))
            for (cell, id), case in self.cases.items()
            if cell in cells and case.outcome == "failed"
        )


def sandbox_for(assignment: Assignment, level: Level) -> Sandbox:
    return Sandbox(assignment.limits, level=level, packages=assignment.course.packages)


class Judge:
    """Runs the checks of an assignment for one submission after the other, in one sandbox."""

    def __init__(
        self,
        assignment: Assignment,
        checks: Sequence[Check],
        level: Level | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.assignment, self.checks = assignment, checks
        self.level = level or probe()
        self.sandbox = sandbox or sandbox_for(assignment, self.level)
        self._solved = solved_files(assignment.library)
        self._sound: dict[Key, bool] = {}
        self._of_models = {check.grade_id for check in checks if "results" in check.wants}
        self._floors = floors(checks)
        self._wide = wide(checks, self._floors, {t.partition(".")[2] for t in assignment.todo})

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.close()

    def record(self, submission: Submission) -> Record:
        """Whatever goes wrong over one hand-in stands in its own record, and stops no other."""
        try:
            return self._grade(submission)
        except (SandboxError, GradingError):
            raise
        except Exception as error:
            fault = f"grading stopped ({type(error).__name__}: {error})"
            reason = f"{fault}; look at it by hand"
            return unread(self.assignment, submission, reason, self.level.name, fault)

    def _grade(self, submission: Submission) -> Record:
        started = time.perf_counter()
        if submission.unreadable:
            reason, fault = submission.unreadable, submission.fault
            return unread(self.assignment, submission, reason, self.level.name, fault)
        written = submission.answers or intake.read_answers(self.assignment, submission.notebooks)
        answers, broken = written.texts, written.broken
        now = Now(submission, answers, broken, {**written.doubts, **submission.doubts})
        self.look(now, self.checks)
        now.cases = {check.key: now.cases[check.key] for check in self.checks}
        cells = self.assignment.grade_cells
        return Record(
            student=submission.student,
            assignment=self.assignment.name,
            isolation=self.level.name,
            hashes=hashes(self.assignment, submission),
            grades={cell.grade_id: self._judge(cell, now) for cell in cells},
            problems=tuple(dict.fromkeys((*submission.problems, *written.problems, *broken.values()))),
            answers={c.grade_id: answers[c.grade_id] for c in cells if c.manual and c.grade_id in answers},
            seconds=round(time.perf_counter() - started, 4),
            student_seconds=round(now.student_seconds, 4),
            handed_in=submission.handed_in,
            extension_days=submission.extension_days,
            fault=next((case.message for case in now.cases.values() if case.outcome == "error"), ""),
        )

    def look(self, now: Now, checks: Sequence[Check]) -> None:
        """Run some of the checks, those that meet a fault of ours again in a new sandbox."""
        for attempt in range(ATTEMPTS):
            left = [c for c in checks if c.key not in now.cases or now.cases[c.key].outcome == "error"]
            if attempt and left:
                self.sandbox.close()
                self.sandbox = sandbox_for(self.assignment, self.level)
            if left:
                self._attempt(now, left)

    def _attempt(self, now: Now, checks: Sequence[Check]) -> None:
        """Run checks; each gets its result, even if the sandbox does not start."""
        files = with_given_files(self.assignment, now.submission)
        files = {**notebook_modules(self.assignment, now.submission), **files}
        package, aliases = self.assignment.package, now.submission.aliases
        try:
            with self.sandbox.submission(files, package, aliases, solved=self._solved) as student:
                self.run_all(now, checks, student)
                now.student_seconds += student.total_seconds
        except SandboxError as error:
            message = f"the sandbox does not run: {error}"
            for c in checks:
                now.cases.setdefault(c.key, CaseResult(c.id, c.kind, c.weight, "error", message))

    def run_all(self, now: Now, checks: Sequence[Check], student: SandboxedStudent) -> None:
        """Run checks, each after those of the functions that it builds on."""
        for floor in range(max(self._floors.values(), default=0) + 1):
            self._run_floor(now, [c for c in checks if self._floors[c.grade_id] == floor], student)

    def _run_floor(self, now: Now, checks: Sequence[Check], student: SandboxedStudent) -> None:
        """Run checks whose cells build on none of each other."""
        wrong, stubs = now.wrong(), now.unwritten()
        first = [
            self._wide[check.key] if check.cells & wrong and not check.cells & stubs else check.alone
            for check in checks
        ]
        again: list[Check] = []
        asking: set[str] = set()  # cells of which a check has called a stub: the others are answered at once
        for check, way in _by_role(checks, first):
            if check.grade_id in asking and check.cells & stubs and not way.builds_on:
                again.append(self._wide[check.key])
                continue
            case = now.cases[check.key] = self._run(now, way, student)
            if check.builds_on and case.outcome == "failed" and not _is_unwritten(case, check):
                if not way.builds_on:
                    again.append(self._wide[check.key])
                    asking |= {check.grade_id} if _raised_by_stub(case) else set()
                elif not student.lost and not cells_of(student.asked()) & now.broken():
                    again.append(check.alone)
        for check, way in _by_role(again, again):
            before, case = now.cases.get(check.key), self._run(now, way, student)
            own = before is not None and before.property == "code" and not way.builds_on  # says more
            if case.outcome == "passed" or own or (way.builds_on and check.cells & wrong):
                now.cases[check.key] = case

    def _run(self, now: Now, check: Check, student: SandboxedStudent) -> CaseResult:
        offered: graders.Student = student  # all of it that a grader may count on
        given: dict[str, Any] = {"student": offered, "results": now.submission.results}
        given |= {"answers": now.answers, "lost": now.lost(check.after)}
        if "student" not in check.wants:
            return run(check, given, None).case

        def once(alone: bool) -> Came:
            try:
                student.begin_case(check.seed, check.builds_on, check.without, alone)
            except SandboxError as error:
                return Came(CaseResult(check.id, check.kind, check.weight, "error", str(error)))
            return run(check, given, student)

        return students_fault(settled(student, once), check, self._is_sound)

    def _is_sound(self, check: Check) -> bool:
        """Whether the solved package passes a check: then what breaks it is the student's doing."""
        if not self._sound.get(check.key):  # a check may have failed on a machine in trouble
            files, package = self._solved, self.assignment.package
            with self.sandbox.submission(files, package, solved=files) as solved:
                solved.begin_case(check.seed, check.builds_on, check.without)
                given = {"student": solved, "results": {}, "answers": {}, "lost": frozenset()}
                self._sound[check.key] = run(check, given, solved).case.outcome == "passed"
        return self._sound[check.key]

    def _judge(self, cell: GradeCell, now: Now) -> Grade:
        if cell.manual:
            readable = cell.notebook not in now.unreadable
            question = self.assignment.question(cell.grade_id)
            answer = now.answers.get(cell.grade_id)
            grade = judge_inline(cell, answer, readable, question, now.of(cell.grade_id))
        else:
            grade = judge_code(cell, now.of(cell.grade_id))
        models = self.assignment.results if cell.grade_id in self._of_models else ()
        places = (cell.grade_id, *models)
        why = next((now.doubts[place] for place in places if place in now.doubts), "")
        return doubted(grade, why) if why else grade


def _raised_by_stub(case: CaseResult) -> bool:
    return case.outcome == "failed" and case.message.startswith("NotImplementedError")


def _is_unwritten(case: CaseResult, check: Check) -> bool:
    """Whether what the check is of is not written itself, or the forward function that makes its cache: that
    stays so, whoever answers for the rest."""
    if missing := NO_FORWARD.search(case.message):
        return missing[1] not in check.cells
    called = CALLED.findall(case.message)
    return _raised_by_stub(case) and bool(called) and not check.cells & set(called)


def _by_role(checks: Sequence[Check], ways: Sequence[Check]) -> list[tuple[Check, Check]]:
    """Checks with the way to run each, those that can share a worker one after the other."""
    return sorted(zip(checks, ways, strict=True), key=lambda pair: pair[1].role)


def floors(checks: Sequence[Check]) -> dict[str, int]:
    """Each cell's floor: above those of the functions that it builds on, whose cells have their names, and of
    the cells that it comes after."""
    below: dict[str, set[str]] = {check.grade_id: set() for check in checks}
    for check in checks:
        below[check.grade_id] |= (check.cells | set(check.after)) & below.keys()

    def floor(grade_id: str, path: tuple[str, ...]) -> int:
        if grade_id in path:
            raise GradingError(f"{' builds on '.join((*path, grade_id))}: a circle")
        return max((1 + floor(other, (*path, grade_id)) for other in below[grade_id]), default=0)

    return {grade_id: floor(grade_id, ()) for grade_id in below}


def wide(checks: Sequence[Check], floors: Mapping[str, int], todo: Collection[str]) -> dict[Key, Check]:
    """Checks as they are run with the solved package's answers: those of one floor share a worker, which
    answers what any of them builds on.

    None of that is tested on their floor, since it has cells of its own, on lower ones. Names that are to do
    and have no cell may be tested anywhere: then each check keeps to its own list.
    """
    names: dict[int, dict[str, int | None]] = {}
    for check in checks:
        names.setdefault(floors[check.grade_id], {}).update(check.builds_on)
    safe = {
        floor: all(n.rpartition(".")[2] in floors or n not in todo for n in ns) for floor, ns in names.items()
    }
    return {
        check.key: replace(check, builds_on=names[floor])
        if check.builds_on and safe[floor := floors[check.grade_id]]
        else check
        for check in checks
    }
